"""Headers that contradict themselves, or hold what ITK cannot."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
from imaging_steps import check, checks

from contrage.files import read_json
from contrage.imaging.affines import rotation
from contrage.imaging.space.coordinates import shear_degrees


@pytest.fixture
def record(tmp_path, small):
    """Write an image with two affines, check it, return what was found."""

    def run(sform, qform=None, codes=(1, 1)) -> dict:
        image = nib.Nifti1Image(small.array, sform)
        image.set_sform(sform, codes[0])
        image.set_qform(sform if qform is None else qform, codes[1])
        nib.save(image, tmp_path / "map.nii.gz")
        check(checks(), stiffness=tmp_path / "map.nii.gz", output=tmp_path / "check.json")
        return read_json(tmp_path / "check.json")

    return run


@pytest.mark.parametrize(("shear", "status"), [(0.2, "failed"), (0.02, "failed"), (0.001, "ok")])
def test_a_shear_is_refused_and_rounding_is_not(record, small, shear, status):
    affine = small.affine @ np.array([[1, shear, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    found = record(affine, codes=(1, 0))
    assert found["status"] == status
    assert status == "ok" or "has a sheared affine" in found["reason"]


def test_turned_and_rounded_affines_have_no_shear(rng):
    for _ in range(200):
        affine = np.eye(4)
        affine[:3, :3] = rotation(*rng.uniform(-np.pi, np.pi, 3)) @ np.diag(rng.uniform(0.3, 6, 3))
        assert shear_degrees(affine.astype(np.float32)) < 0.01
        assert shear_degrees(affine.round(3)) < 0.5


def test_sform_and_qform_that_mirror_each_other_are_refused(record, small):
    mirrored = np.diag([-1.0, 1, 1, 1]) @ small.affine
    found = record(small.affine, mirrored)
    assert found["status"] == "failed"
    assert "mirror each other (sform says L, qform says R)" in found["reason"]


def test_sform_and_qform_far_apart_are_a_warning(record, small):
    moved = small.affine.copy()
    moved[:3, :3] = rotation(0, 0, np.deg2rad(30)) @ moved[:3, :3]
    moved[0, 3] += 40
    found = record(small.affine, moved)
    assert found["status"] == "ok" and found["problems"] == []
    assert "an sform and a qform that place it differently, up to" in found["warnings"][0]


@pytest.mark.parametrize("codes", [(1, 0), (0, 1), (2, 1)])
def test_equal_ones_and_one_that_does_not_count_are_no_matter(record, small, codes):
    mirrored = np.diag([-1.0, 1, 1, 1]) @ small.affine
    found = record(small.affine, None if codes == (2, 1) else mirrored, codes)
    assert found["status"] == "ok" and found["warnings"] == []


def test_a_millimetre_is_no_contradiction(record, small):
    moved = small.affine.copy()
    moved[0, 3] += 1.0
    assert record(small.affine, moved)["warnings"] == []

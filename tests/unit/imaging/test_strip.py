"""Skull stripping: template, given mask, none."""

from __future__ import annotations

import numpy as np
import pytest
from imaging_steps import by

from contrage.errors import BadScanError, SettingsError
from contrage.imaging.ants.load import import_ants
from contrage.imaging.images import Image, load, resample
from contrage.imaging.masks import dice
from contrage.imaging.skull_strip._find import find_brain
from contrage.imaging.template.grids import mni_template
from contrage.imaging.template.source import NILEARN
from contrage.plan.imaging import ants_settings


@pytest.fixture
def testing():
    import_ants(1)
    return ants_settings("testing")


def rotated(image: Image, matrix: np.ndarray) -> Image:
    return Image(image.array, matrix @ image.affine)


@pytest.mark.parametrize(("codes", "degrees"), [("LPI", (15, -10, 8)), ("ASR", (-12, 15, -15))])
def test_the_template_finds_the_brain_in_any_orientation(make_head, testing, codes, degrees):
    head = make_head(degrees, (12, -9, 14), codes=codes, bias=0.4)
    found = find_brain(head.image, "head.nii", by("template"), testing, NILEARN)
    assert dice(found.mask, head.mask) > 0.95
    assert found.pose.shape == (4, 4)


@pytest.mark.parametrize(
    ("name", "codes", "degrees"),
    [
        ("mni2009c_2mm_head_T1", "RAS", 0),
        ("mni2009c_2mm_head_T1", "LPI", 0),
        ("mni2009c_2mm_head_T1", "ASR", 15),
        ("spm152", "RAS", 0),
        ("spm152", "ASR", 15),
    ],
)
def test_the_template_holds_on_real_heads(shared, testing, reoriented, name, codes, degrees):
    folder = shared / "data" / "heads"
    image = load(folder / f"{name}.nii.gz")
    if name == "spm152":  # already a brain, in MNI152 space: its mask is the template's
        template = mni_template()
        truth = resample(template.anatomical.with_array(template.mask), image) > 0.5
    else:
        truth = load(folder / "mni2009c_2mm_brain_mask.nii.gz").array > 0.5
    angle = np.deg2rad(degrees)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    turn[:3, 3] = (9, -13, 7) if degrees else (0, 0, 0)
    posed = reoriented(rotated(image, turn), codes)
    mask = reoriented(rotated(image.with_array(truth.astype(np.uint8)), turn), codes).array > 0
    assert dice(find_brain(posed, "head.nii", by("template"), testing, NILEARN).mask, mask) > 0.96


def test_a_long_neck_does_not_draw_the_brain_down(make_head, testing):
    """A field of view down to the shoulders moves the centre of mass far below the brain."""
    head = make_head((5, -6, 7), (4, -3, 5), codes="RAS", voxel=(3.0, 3.2, 3.4))
    more = 36  # slices, 122 mm
    x, y = np.indices(head.image.array.shape[:2])
    middle = np.argwhere(head.mask)[:, :2].mean(0)
    neck = np.hypot((x - middle[0]) * 3.0, (y - middle[1]) * 3.2) < 70
    below = np.repeat((500.0 * neck)[..., None], more, axis=2).astype(np.float32)
    affine = head.image.affine.copy()
    affine[:3, 3] -= more * affine[:3, 2]
    image = Image(np.concatenate([below, head.image.array], axis=2), affine)
    truth = np.concatenate([np.zeros(below.shape, bool), head.mask], axis=2)
    assert dice(find_brain(image, "head.nii", by("template"), testing, NILEARN).mask, truth) > 0.95


def test_none_takes_what_is_not_zero_and_fills_its_holes(small):
    array = small.array.copy()
    array[:2] = 0
    array[5, 5, 5] = 0
    found = find_brain(small.with_array(array), "a.nii", by("none"), None, None)
    assert not found.mask[:2].any() and found.mask[2:].all()


def test_a_given_mask_is_used_as_it_is(small, save, tmp_path, rng):
    mask = (rng.random(small.array.shape) > 0.5).astype(np.uint8)
    path = save(tmp_path / "mask.nii.gz", mask, small.affine)
    np.testing.assert_array_equal(
        find_brain(small, "a.nii", by("mask"), None, None, path).mask, mask == 1
    )


def test_a_given_mask_on_another_grid_is_carried(small, save, tmp_path, reoriented):
    mask = np.zeros(small.array.shape, np.uint8)
    mask[3:9, 2:15, 4:12] = 1
    other = reoriented(small.with_array(mask), "PIR")
    path = save(tmp_path / "mask.nii.gz", other.array, other.affine)
    np.testing.assert_array_equal(
        find_brain(small, "a.nii", by("mask"), None, None, path).mask, mask == 1
    )


def test_an_empty_mask_and_a_mask_elsewhere_are_named(small, save, tmp_path):
    path = save(tmp_path / "mask.nii.gz", np.zeros(small.array.shape, np.uint8), small.affine)
    with pytest.raises(BadScanError, match=r"mask\.nii\.gz.*empty"):
        find_brain(small, "a.nii", by("mask"), None, None, path)
    away = small.affine.copy()
    away[:3, 3] += 900
    path = save(tmp_path / "mask.nii.gz", np.ones(small.array.shape, np.uint8), away)
    with pytest.raises(BadScanError, match="does not overlap"):
        find_brain(small, "a.nii", by("mask"), None, None, path)


def test_the_mask_method_without_a_mask_is_a_mistake_in_the_settings(small):
    with pytest.raises(SettingsError, match="mask"):
        find_brain(small, "a.nii", by("mask"), None, None)

"""The first look at a scan: everything wrong with it, in one file, without raising."""

from __future__ import annotations

import hashlib

import nibabel as nib
import numpy as np
import pytest
from imaging_steps import check, checks

from contrage.files import read_json
from contrage.imaging.images import Image


@pytest.fixture
def verdict(tmp_path, save):
    """Write images, check them, return the JSON."""

    def run(stiffness_unit="auto", **images):
        paths = {}
        for name, image in images.items():
            known = not isinstance(image, Image)
            path = image if known else save(tmp_path / f"{name}.nii.gz", image.array, image.affine)
            paths[name] = path
        check(checks(stiffness_unit), output=tmp_path / "check.json", **paths)
        return read_json(tmp_path / "check.json")

    return run


def test_a_good_map_passes_and_says_what_was_found(verdict, small, tmp_path):
    found = verdict(stiffness=small)
    assert found["status"] == "ok" and found["problems"] == [] and found["reason"] is None
    assert found["unit"] == "kPa" and found["median_kpa"] == pytest.approx(np.median(small.array))
    assert found["shape"] == [12, 17, 14] and found["axcodes"] == "LAS"
    np.testing.assert_allclose(found["voxel_mm"], (2.5, 3.0, 2.0), atol=1e-3)
    digest = hashlib.sha256((tmp_path / "stiffness.nii.gz").read_bytes()).hexdigest()
    assert found["inputs"]["stiffness"]["sha256"] == digest


def test_pascal_is_recognised_by_the_median(verdict, small):
    found = verdict(stiffness=small.with_array(small.array * 1000))
    assert found["unit"] == "Pa" and found["median_kpa"] == pytest.approx(2.5, abs=0.5)


def test_a_declared_unit_is_believed_and_judged(verdict, small):
    found = verdict("Pa", stiffness=small)
    assert found["status"] == "failed" and "wrong units" in found["reason"]
    assert "stiffness_unit" in found["reason"]


@pytest.mark.parametrize("factor", [0.01, 20.0, 20_000.0])
def test_a_median_no_tissue_has_means_wrong_units(verdict, small, factor):
    assert "wrong units" in verdict(stiffness=small.with_array(small.array * factor))["reason"]


def test_units_are_not_asked_of_an_anatomical_image(verdict, small):
    assert verdict(anatomical=small.with_array(small.array * 300))["status"] == "ok"


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_a_number_is_a_problem(verdict, small, bad):
    array = small.array.copy()
    array[3, 4, 5] = bad
    assert (
        "1 voxels that are NaN or infinite" in verdict(stiffness=small.with_array(array))["reason"]
    )


def test_zeros_and_constants_are_problems(verdict, small):
    assert "zero everywhere" in verdict(anatomical=small.with_array(small.array * 0))["reason"]
    flat = small.with_array(np.full_like(small.array, 2.0))
    assert "constant" in verdict(stiffness=flat)["reason"]


def test_a_series_is_a_problem_but_a_single_volume_in_four_axes_is_not(verdict, small):
    series = Image(np.stack([small.array] * 3, axis=-1), small.affine)
    assert "4 axes" in verdict(stiffness=series)["reason"]
    assert verdict(stiffness=Image(small.array[..., None], small.affine))["status"] == "ok"


@pytest.mark.parametrize(("codes", "status"), [((0, 0), "failed"), ((0, 1), "ok"), ((1, 0), "ok")])
def test_one_of_the_two_affines_is_enough(verdict, small, save, tmp_path, codes, status):
    path = save(tmp_path / "x.nii.gz", small.array, small.affine, codes)
    found = verdict(stiffness=path)
    assert found["status"] == status
    assert status == "ok" or "no affine" in found["reason"]


def test_a_singular_affine_is_a_problem(verdict, small, tmp_path):
    image = nib.Nifti1Image(small.array, None)
    image.header["sform_code"] = 1
    path = tmp_path / "x.nii"
    nib.save(image, path)
    raw = bytearray(path.read_bytes())
    raw[254:256] = (1).to_bytes(2, "little")  # sform_code
    raw[280:328] = bytes(48)  # srow_x, srow_y, srow_z
    path.write_bytes(bytes(raw))
    assert "singular" in verdict(stiffness=path)["reason"]


@pytest.mark.parametrize("size", [0.001, 1000.0])
def test_absurd_voxels_are_a_problem(verdict, small, size):
    affine = small.affine @ np.diag([size, size, size, 1])
    assert "voxels of" in verdict(stiffness=Image(small.array, affine))["reason"]


def test_images_that_do_not_overlap_are_a_problem_that_names_both(verdict, small):
    away = small.affine.copy()
    away[:3, 3] += 500
    reason = verdict(anatomical=small, stiffness=Image(small.array, away))["reason"]
    assert "stiffness.nii.gz: does not overlap" in reason and "anatomical.nii.gz" in reason


def test_half_inside_is_the_limit(verdict, small):
    shape = small.array.shape
    for voxels, status in ((3, "ok"), (9, "failed")):
        moved = small.affine.copy()
        moved[:3, 3] += moved[:3, 0] * voxels
        assert verdict(anatomical=small, stiffness=Image(small.array, moved))["status"] == status
    assert shape[0] == 12


def test_all_problems_of_all_images_are_listed(verdict, small, tmp_path):
    broken = tmp_path / "broken.nii.gz"
    broken.write_bytes(b"\x1f\x8b broken")
    array = small.array * 100_000
    array[0, 0, 0] = np.nan
    found = verdict(anatomical=broken, stiffness=small.with_array(array))
    text = "\n".join(found["problems"])
    assert len(found["problems"]) == 3
    assert "broken.nii.gz" in text and "NaN" in text and "wrong units" in text
    assert all(problem in found["reason"] for problem in found["problems"])


def test_a_missing_and_an_empty_file_are_problems_not_exceptions(verdict, tmp_path):
    (tmp_path / "empty.nii.gz").touch()
    found = verdict(anatomical=tmp_path / "gone.nii", stiffness=tmp_path / "empty.nii.gz")
    assert len(found["problems"]) == 2


def test_nothing_given_is_a_problem(verdict):
    assert verdict()["status"] == "failed"


def test_real_maps_pass_and_are_in_pascal(verdict, shared):
    folder = shared / "data" / "mre134" / "individual_stiffness_files"
    for path in sorted(folder.iterdir())[:3]:
        found = verdict(stiffness=path)
        assert (found["status"], found["unit"]) == ("ok", "Pa")
        assert found["inputs"]["stiffness"]["sform_code"] == 0


def test_a_map_of_the_damping_ratio_passes_beside_the_stiffness(verdict, small):
    damping = small.with_array(small.array / 10)
    found = verdict(stiffness=small, dampingratio=damping)
    assert found["status"] == "ok" and found["unit"] == "kPa"
    assert found["inputs"]["dampingratio"]["median"] == pytest.approx(0.25, abs=0.05)


@pytest.mark.parametrize("factor", [1.0, 8.0, 1000.0, 0.001])
def test_what_has_another_unit_is_no_damping_ratio(verdict, small, factor):
    found = verdict(dampingratio=small.with_array(small.array * factor))
    assert found["status"] == "failed"
    assert "no map of the damping ratio" in found["reason"]
    assert "dampingratio.nii.gz" in found["reason"]


def test_a_damping_ratio_elsewhere_than_the_stiffness_is_named(verdict, small):
    away = small.affine.copy()
    away[:3, 3] += 500
    found = verdict(stiffness=small, dampingratio=Image(small.array / 10, away))
    assert "does not overlap" in found["reason"]

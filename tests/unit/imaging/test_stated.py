"""Images that are stated to be stripped, or in MNI152, already."""

from __future__ import annotations

import numpy as np
import pytest
from imaging_steps import check, checks, fit

from contrage.errors import BadScanError
from contrage.files import read_json
from contrage.imaging.affines import rotation
from contrage.imaging.images import Image, load, shrink
from contrage.imaging.space.mni import estimate
from contrage.imaging.stated import not_in_place, not_stripped, stated_problems
from contrage.imaging.template.grids import brain_template, mni_grid, mni_template
from contrage.imaging.template.source import NILEARN
from contrage.settings.steps.imaging import StatedSettings

BOTH = StatedSettings(stripped=True, in_mni=True)


@pytest.fixture(scope="module")
def brain() -> Image:
    """The template's brain, 3 mm, RAS."""
    template = brain_template(3)
    return template.anatomical.with_array(template.anatomical.array * template.brain * 800)


def moved(image: Image, shift=(0, 0, 0), degrees=(0, 0, 0), scale=1.0) -> Image:
    matrix = np.diag([scale, scale, scale, 1.0])
    matrix[:3, :3] = matrix[:3, :3] @ rotation(*np.deg2rad(degrees))
    matrix[:3, 3] = shift
    return Image(image.array, matrix @ image.affine)


def said(image: Image, *, stripped: bool = False, in_mni: bool = False) -> str:
    stated = StatedSettings(stripped, in_mni)
    return "; ".join(stated_problems(image, stated, NILEARN))


@pytest.mark.parametrize("codes", ["RAS", "LPI", "ASR", "PIL"])
def test_a_brain_in_place_is_as_stated_in_any_orientation(brain, reoriented, codes):
    assert stated_problems(reoriented(brain, codes), BOTH, NILEARN) == []


@pytest.mark.parametrize("part", [np.s_[:, :, :30], np.s_[:, :25], np.s_[:20]])
def test_partial_coverage_is_no_fault(brain, part):
    array = brain.array.copy()
    array[part] = 0
    assert stated_problems(brain.with_array(array), BOTH, NILEARN) == []


def test_a_brain_cut_to_its_bounding_box_is_stripped(brain):
    keep = tuple(slice(i.min(), i.max() + 1) for i in np.nonzero(brain.array))
    assert not_stripped(Image(brain.array[keep], brain.affine)) == []


def test_a_head_is_not_stripped(head, brain):
    assert "0% of its voxels are 0" in said(head.image, stripped=True)
    assert "choose another preprocessing.skull_strip.method" in said(head.image, stripped=True)
    assert said(brain, stripped=True) == ""


def test_a_head_in_a_background_of_zeros_is_too_large_for_a_brain(brain):
    index = np.indices((80, 90, 80)) * 3.0 - np.array([120, 135, 120])[:, None, None, None]
    head = ((index**2).sum(axis=0) < 95**2).astype(np.float32) * 300
    assert "3.5" in said(Image(head, np.diag([3.0, 3, 3, 1])), stripped=True)
    assert "litres" in said(moved(brain, scale=0.4), stripped=True)


@pytest.mark.parametrize("value", [0.01, -1.0])
def test_a_constant_background_is_told_to_be_set_to_zero(brain, value):
    array = np.where(brain.array == 0, np.float32(value), brain.array)
    assert f"its background is {value:g}, not 0; set it to 0" in said(
        brain.with_array(array), stripped=True
    )


def test_turned_axes_are_not_those_of_mni(brain):
    assert "turned by 12.0 degrees" in said(moved(brain, degrees=(12, 0, 0)), in_mni=True)
    assert said(moved(brain, degrees=(0.02, 0, -0.03)), in_mni=True) == ""
    skewed = moved(brain)
    skewed.affine[:3, 1] = skewed.affine[:3, 0] + (0, 0.1, 0)
    assert "right angles" in said(skewed, in_mni=True)


@pytest.mark.parametrize("shift", [(20, 0, 0), (0, 20, 0), (0, 0, -20), (0, 0, 25)])
def test_a_brain_elsewhere_is_not_in_mni(brain, shift):
    problem = said(moved(brain, shift), **vars(BOTH))
    assert "inside the template's brain" in problem and "registration.transform" in problem
    assert said(moved(brain, shift), stripped=True) == ""


def test_a_brain_upside_down_is_not_in_mni(brain):
    assert "inside the template's brain" in said(
        brain.with_array(brain.array[:, :, ::-1]), **vars(BOTH)
    )


def test_a_sliver_of_a_brain_is_not_enough_to_tell(brain):
    array = brain.array.copy()
    array[:, :, 22:] = 0
    assert "Dice overlap" in "; ".join(not_in_place(brain.with_array(array), NILEARN))


def test_of_a_head_in_mni_the_axes_are_checked_at_first(brain):
    head = brain.with_array(brain.array + 50)
    assert said(head, in_mni=True) == ""


def test_what_remains_after_stripping_is_compared_with_the_template(brain, tmp_path):
    found = estimate(brain, "a.nii", fit("none"), None, tmp_path, NILEARN)
    np.testing.assert_array_equal(found.affine, np.eye(4))
    with pytest.raises(BadScanError, match=r"a\.nii: is stated to be in MNI152 space"):
        estimate(moved(brain, (0, 25, 0)), "a.nii", fit("none"), None, tmp_path, NILEARN)


def test_the_first_look_at_a_scan_tells_and_names_the_file(brain, save, tmp_path):
    away = moved(brain, (0, 0, -25))
    path = save(tmp_path / "map.nii.gz", away.array / 100, away.affine)
    check(checks(stated=BOTH), stiffness=path, output=tmp_path / "check.json")
    record = read_json(tmp_path / "check.json")
    assert record["status"] == "failed" and "map.nii.gz: is stated to be in" in record["reason"]
    check(checks(), stiffness=path, output=tmp_path / "check.json")
    assert read_json(tmp_path / "check.json")["status"] == "ok"


def test_nan_around_a_brain_is_told_to_be_set_to_zero(brain, save, tmp_path):
    array = np.where(brain.array == 0, np.float32(np.nan), brain.array)
    path = save(tmp_path / "t1.nii.gz", array, brain.affine)
    check(checks(stated=BOTH), anatomical=path, output=tmp_path / "check.json")
    assert "set the background to 0" in read_json(tmp_path / "check.json")["reason"]


def test_the_image_that_is_stripped_is_the_one_that_is_looked_at(brain, head, save, tmp_path):
    """With a T1 it is the T1: its map may well be no brain on zeros."""
    t1 = save(tmp_path / "t1.nii.gz", brain.array, brain.affine)
    uneven = np.random.default_rng(0).normal(0, 0.5, brain.array.shape)
    whole = (np.where(brain.array > 0, 3.0, 2.0) + uneven).astype(np.float32)
    raw = save(tmp_path / "map.nii.gz", whole, brain.affine)
    settings = checks(stated=StatedSettings(stripped=True, in_mni=False))
    check(settings, anatomical=t1, stiffness=raw, output=tmp_path / "check.json")
    assert read_json(tmp_path / "check.json")["status"] == "ok"
    check(settings, stiffness=raw, output=tmp_path / "check.json")
    assert "map.nii.gz: is stated to be stripped" in read_json(tmp_path / "check.json")["reason"]


def test_all_public_maps_are_as_their_configuration_states(shared):
    maps = sorted((shared / "data" / "mre134").rglob("*.nii.gz"))
    assert len(maps) == 102
    faults = {path.name: stated_problems(load(path), BOTH, NILEARN) for path in maps}
    assert not any(faults.values())


def test_real_heads_are_told_from_brains(shared):
    folder = shared / "data" / "heads"
    head, mask = (load(folder / f"mni2009c_2mm_{n}.nii.gz") for n in ("head_T1", "brain_mask"))
    assert said(head, stripped=True) and said(head, in_mni=True) == ""
    brain = head.with_array(head.array * (mask.array > 0))
    assert said(brain, **vars(BOTH)) == ""
    assert said(shrink(brain, 4), **vars(BOTH)) == ""
    assert said(moved(brain, (0, 0, -20)), **vars(BOTH))


def test_the_grid_itself_is_accepted_without_resampling():
    template, grid = mni_template(), mni_grid()
    assert (
        stated_problems(Image(template.brain.astype(np.float32), grid.affine), BOTH, NILEARN) == []
    )

"""Values that are none of a map or of a T1 are named; those of real and generated scans pass."""

from __future__ import annotations

import numpy as np
import pytest
from imaging_steps import MAPS, check, checks
from scipy import ndimage

from contrage.files import read_json
from contrage.imaging.images import Image
from contrage.imaging.plausible import Judgement, judge
from contrage.plan.imaging import titles_of

TITLES = titles_of(MAPS)
SHAPE = (24, 28, 22)


def judged(name: str, array: np.ndarray, *limits: tuple[float, float]) -> Judgement:
    return judge(name, array, *limits, title=TITLES.get(name))


@pytest.fixture
def inside() -> np.ndarray:
    grid = np.indices(SHAPE).reshape(3, -1).T - np.array(SHAPE) / 2
    return ((grid / (np.array(SHAPE) * 0.4)) ** 2).sum(1).reshape(SHAPE) < 1


@pytest.fixture
def tissue(rng, inside) -> np.ndarray:
    """A map in kPa: smooth, a third about its median, 0 outside."""
    smooth = ndimage.gaussian_filter(rng.normal(size=SHAPE), 1.5)
    return np.where(inside, 2.7 * np.exp(0.35 * smooth / smooth.std()), 0).astype(np.float32)


def problem(name: str, array: np.ndarray) -> str:
    found = judged(name, array.astype(np.float32)).problems
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize("factor", [1, 1000])
def test_a_map_passes_in_either_unit(tissue, factor):
    found = judged("stiffness", tissue * factor)
    assert found.problems == [] and found.warnings == []


@pytest.mark.parametrize("name", ["stiffness", "dampingratio", "anatomical", "magnitude"])
def test_a_mask_or_labels_in_place_of_an_image_are_named(name, inside, tissue):
    assert "every voxel that is not 0 is 1" in problem(name, inside)
    assert "every voxel that is not 0 is 8" in problem(name, inside * 8.0)
    labels = ndimage.zoom(np.arange(1, 37).reshape(4, 3, 3), (6, 28 / 3, 22 / 3), order=0)
    assert "different values, in whole regions" in problem(name, labels * 30 * inside)


def test_a_map_of_few_steps_or_coarse_voxels_is_no_label_image(rng, tissue):
    assert judged("stiffness", tissue.round(1)).problems == []
    coarse = np.repeat(np.repeat(tissue, 2, 0), 2, 1)
    assert judged("stiffness", coarse).problems == []
    assert judged("anatomical", rng.integers(0, 200, SHAPE)).problems == []


@pytest.mark.parametrize("value", [-1, 5, 1e-6, -999])
def test_a_constant_background_is_told_with_its_value(tissue, inside, value):
    said = problem("stiffness", np.where(inside, tissue, value))
    assert f"background of {value:g}, not 0" in said


def test_a_background_of_interpolation_noise_is_told(rng, tissue, inside):
    noise = rng.normal(0, 1e-4, SHAPE)
    assert "background that is nearly 0" in problem("stiffness", np.where(inside, tissue, noise))


def test_a_probability_is_no_stiffness(tissue):
    assert "largest value is 1," in problem("stiffness", np.clip(tissue / 3.5, 0, 1))
    assert judged("dampingratio", np.clip(tissue / 10, 0, 1)).problems == []


@pytest.mark.parametrize(("function", "base"), [(np.log10, 1e3), (np.log, 1e3)])
def test_a_logarithm_is_no_stiffness(rng, inside, function, base):
    pascal = base * rng.normal(2.7, 0.2, SHAPE)
    assert "as logarithms do" in problem("stiffness", np.where(inside, function(pascal), 0))


def test_values_too_much_alike_are_no_tissue(rng, inside):
    assert "too much alike" in problem(
        "stiffness", np.where(inside, rng.normal(2.5, 0.02, SHAPE), 0)
    )


def test_clipping_is_told_and_refused_where_it_is_most_of_the_map(tissue):
    found = judged("stiffness", np.minimum(tissue, 4.0))
    assert found.problems == [] and "was clipped at 4" in found.warnings[0]
    assert "was clipped" in problem("stiffness", np.minimum(tissue, 2.0))


def test_clipping_from_below_and_values_filled_in_are_told_alike(rng, tissue, inside):
    found = judged("stiffness", np.where(inside, np.maximum(tissue, 2.0), 0))
    assert found.problems == [] and "was clipped from below at 2 (" in found.warnings[0]
    assert "was clipped or filled" in problem("stiffness", np.where(inside, tissue.clip(2.8), 0))
    filled = np.where(rng.random(SHAPE) < 0.6, 1.5, tissue)
    assert "is 1.5; give the image" in problem("stiffness", np.where(inside, filled, 0))


def test_a_probability_under_the_name_of_the_damping_ratio_is_told(rng, tissue, inside):
    smooth = ndimage.gaussian_filter(rng.normal(size=SHAPE), 1.5)
    grey = np.where(inside, 1 / (1 + np.exp(-5 * smooth / smooth.std())), 0)
    assert "like a probability" in problem("dampingratio", grey)
    found = judged("dampingratio", np.clip(tissue / 3.5, 0, 1).astype(np.float32))
    assert found.problems or "is it a map of the damping ratio?" in str(found.warnings)
    assert "largest value of exactly 1" in str(
        judged("dampingratio", tissue / tissue.max()).warnings
    )
    found = judged("dampingratio", tissue / 13)
    assert found.problems == [] and found.warnings == []


def test_a_fine_parcellation_is_doubted_whatever_its_number_of_regions(rng, tissue):
    regions = rng.permutation(8 * 7 * 11).reshape(8, 7, 11) + 1
    labels = np.kron(regions, np.ones((6, 8, 4), int)).astype(np.float32)
    found = judged("anatomical", labels)
    assert found.problems == [] and "different whole numbers, in whole regions" in found.warnings[0]
    assert judged("stiffness", (tissue * 1000).round()).warnings == []


def test_a_few_spikes_hide_nothing(rng, inside, tissue):
    for array in (np.minimum(tissue, 4.0), np.minimum(tissue / 4, 1.0)):
        spiked = np.where(rng.random(SHAPE) < 0.01, 900 * inside, array).astype(np.float32)
        plain, other = (judged("stiffness", each, (0, 50)) for each in (array, spiked))
        assert bool(plain.problems) == bool(other.problems)
        assert len(plain.warnings) == len(other.warnings)


def test_an_image_under_the_name_of_a_map_or_of_a_mask_is_doubted(rng, inside):
    head = np.where(inside, rng.normal(1500, 200, SHAPE), np.abs(rng.normal(0, 30, SHAPE)))
    assert "is it a map of the stiffness?" in judged("stiffness", head + 1).warnings[0]
    assert "given as a mask and has values up to" in judged("mask", head).warnings[0]
    assert judged("mask", inside.astype(np.uint8) * 255).warnings == []


def test_the_check_names_the_file_and_does_not_speak_of_units_then(tmp_path, save, small, tissue):
    path = save(tmp_path / "map.nii.gz", np.where(tissue > 0, tissue, -1), small.affine)
    check(checks(), stiffness=path, output=tmp_path / "check.json")
    reason = read_json(tmp_path / "check.json")["reason"]
    assert "map.nii.gz: has a background of -1" in reason and "wrong units" not in reason


def test_warnings_stand_in_the_record_and_in_the_log(tmp_path, save, small, tissue, caplog):
    path = save(tmp_path / "map.nii.gz", np.minimum(tissue, 4), small.affine)
    check(checks(), stiffness=path, output=tmp_path / "check.json")
    record = read_json(tmp_path / "check.json")
    assert record["status"] == "ok"
    assert record["warnings"][0].startswith(f"{path}: was clipped at 4")
    assert record["warnings"][0] in caplog.text


def test_equal_voxels_have_one_digest_whatever_the_file_is(tmp_path, save, small):
    digests = set()
    for name in ("a.nii", "b.nii.gz"):
        path = save(tmp_path / name, small.array, small.affine)
        check(checks(), stiffness=path, output=tmp_path / "check.json")
        digests.add(read_json(tmp_path / "check.json")["inputs"]["stiffness"]["voxels_sha256"])
    assert len(digests) == 1


def test_every_real_map_passes_without_a_warning(shared, tmp_path):
    for path in sorted((shared / "data/mre134/individual_stiffness_files").iterdir())[::10]:
        check(checks(), stiffness=path, output=tmp_path / "check.json")
        record = read_json(tmp_path / "check.json")
        assert (record["status"], record["warnings"]) == ("ok", [])


def test_real_heads_pass(shared, tmp_path):
    for name in ("mni2009c_2mm_head_T1.nii.gz", "spm152.nii.gz"):
        check(checks(), anatomical=shared / "data/heads" / name, output=tmp_path / "check.json")
        assert read_json(tmp_path / "check.json")["status"] == "ok"


def test_a_generated_head_and_its_map_pass(tmp_path, save, head, make_map, rng):
    stiffness: Image = make_map(head)
    uneven = stiffness.array * rng.uniform(0.7, 1.3, stiffness.array.shape)
    check(
        checks(),
        anatomical=save(tmp_path / "t1.nii.gz", head.image.array, head.image.affine),
        stiffness=save(tmp_path / "map.nii.gz", uneven.astype(np.float32), stiffness.affine),
        output=tmp_path / "check.json",
    )
    record = read_json(tmp_path / "check.json")
    assert (record["status"], record["warnings"]) == ("ok", [])

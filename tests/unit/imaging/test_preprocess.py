"""One scan from raw to MNI152, and what is told about it."""

from __future__ import annotations

import logging
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from imaging_chain import preprocess
from imaging_steps import check, checks

from contrage.errors import SettingsError
from contrage.files import read_json, save_nifti, sha256
from contrage.imaging.affines import read_affine
from contrage.imaging.images import load, transform_points
from contrage.imaging.masks import dice
from contrage.imaging.template.grids import mni_grid, mni_template, template_checksum

NAMES = {
    "brain_mask": "mask.nii.gz",
    "corrected": "corrected.nii.gz",
    "transform": "xfm.mat",
    "preproc_anatomical": "t1.nii.gz",
    "preproc_mask": "mni_mask.nii.gz",
    "preproc_stiffness": "stiffness.nii.gz",
    "preproc_dampingratio": "damping.nii.gz",
}
AS_IT_IS = {
    "skull_strip": {"method": "none"},
    "bias_correction": {"target": "none"},
    "registration": {"transform": "none"},
}


def run(folder: Path, settings: dict, wanted=tuple(NAMES), **inputs) -> dict:
    """Check and preprocess; return the sidecar."""
    out = {name: folder / "out" / NAMES[name] for name in wanted}
    check(checks(), output=folder / "check.json", **inputs)
    sidecar = folder / "out" / "sidecar.json"
    preprocess(
        settings,
        check=folder / "check.json",
        sidecar=sidecar,
        **inputs,
        **out,
    )
    return read_json(sidecar)


@pytest.fixture(scope="module")
def done(head, make_map, save, tmp_path_factory):
    """A head and its map (in Pa), preprocessed in testing quality."""
    folder = tmp_path_factory.mktemp("scan")
    stiffness = make_map(head)
    t1 = save(folder / "t1.nii.gz", head.image.array, head.image.affine)
    raw = save(folder / "map.nii.gz", stiffness.array * 1000, stiffness.affine)
    settings = {"registration": {"quality": "testing", "seed": 1}}
    ratio = make_map(head, voxel=(3.0, 3.3, 3.1), codes="PSR", slab=0.0)
    ratio = save(folder / "ratio.nii.gz", ratio.array / 10, ratio.affine)
    run(folder, settings, anatomical=t1, stiffness=raw, dampingratio=ratio)
    return folder


def test_the_brain_is_found_and_placed(done, head):
    mask = load(done / "out" / "mask.nii.gz")
    assert dice(mask.array > 0, head.mask) > 0.95
    np.testing.assert_allclose(mask.affine, head.image.affine, atol=1e-4)
    points = np.argwhere(head.mask)[::50] @ head.image.affine[:3, :3].T + head.image.affine[:3, 3]
    found = transform_points(read_affine(done / "out" / "xfm.mat"), points)
    there = transform_points(head.to_mni, points)
    assert np.linalg.norm(found - there, axis=1).mean() < 1.5


def test_the_bias_field_is_mostly_gone(done, head):
    keep = head.mask & (load(done / "out" / "mask.nii.gz").array > 0)
    corrected = load(done / "out" / "corrected.nii.gz").array
    keep &= corrected > 0
    estimate = head.image.array[keep] / corrected[keep]
    ratio = estimate / head.bias[keep]
    before = head.bias[keep].std() / head.bias[keep].mean()
    assert ratio.std() / ratio.mean() < 0.6 * before


def test_what_is_outside_the_mask_is_zero(done):
    inside = load(done / "out" / "mask.nii.gz").array > 0
    assert not load(done / "out" / "corrected.nii.gz").array[~inside].any()


def test_images_land_on_the_mni_grid_with_both_affines_coded(done):
    for name in ("t1", "mni_mask", "stiffness"):
        image = nib.load(done / "out" / f"{name}.nii.gz")
        assert image.shape == (91, 109, 91)
        np.testing.assert_array_equal(image.affine, mni_grid().affine)
        assert image.header["sform_code"] and image.header["qform_code"]


def test_the_map_arrives_in_kilopascal_with_left_on_the_left(done):
    image = load(done / "out" / "stiffness.nii.gz")
    x = transform_points(image.affine, np.argwhere(image.array != 0).astype(float))[:, 0]
    values = image.array[image.array != 0]
    np.testing.assert_allclose(values[x < -5], 2.0, rtol=1e-5)
    np.testing.assert_allclose(values[x > 5], 4.0, rtol=1e-5)


def test_the_slab_that_was_not_measured_stays_empty(done):
    filled = load(done / "out" / "stiffness.nii.gz").array != 0
    share = (filled & mni_template().brain).sum() / mni_template().brain.sum()
    assert 0.6 < share < 0.99


def test_the_sidecar_tells_inputs_settings_versions_template_and_times(done):
    record = read_json(done / "out" / "sidecar.json")
    assert record["status"] == "ok"
    assert (record["unit_of_input"], record["unit"]) == ("Pa", "kPa")
    assert record["inputs"]["anatomical"]["sha256"] == sha256(done / "t1.nii.gz")
    assert record["inputs"]["stiffness"]["sha256"] == sha256(done / "map.nii.gz")
    assert record["template"]["sha256"] == template_checksum()
    assert {"contrage", "antspyx", "nibabel"} <= record["versions"].keys()
    assert record["threads"] == 1 and record["seed"] == 1
    names = [step["name"] for step in record["steps"]]
    steps = ("skull strip", "bias correction", "registration")
    assert names == [name for step in steps for name in ("load ANTs", step)] + ["to MNI152"]
    assert record["seconds"] == pytest.approx(sum(s["seconds"] for s in record["steps"]))


def test_a_map_in_mni_space_is_copied_bit_by_bit_without_ants(tmp_path, rng):
    grid, template = mni_grid(), mni_template()
    values = (rng.uniform(1, 5, grid.array.shape) * template.brain).astype(np.float32)
    path = tmp_path / "map.nii.gz"
    save_nifti(path, values, grid.affine)
    record = run(tmp_path, AS_IT_IS, ("preproc_mask", "preproc_stiffness"), stiffness=path)
    result = load(tmp_path / "out" / "stiffness.nii.gz").array
    np.testing.assert_array_equal(result, values)
    np.testing.assert_array_equal(load(tmp_path / "out" / "mni_mask.nii.gz").array > 0, values > 0)
    assert [s["name"] for s in record["steps"]] == ["skull strip", "registration", "to MNI152"]


def test_an_image_in_mni_space_on_another_grid_is_only_resampled(tmp_path, reoriented):
    template = mni_template()
    other = reoriented(template.anatomical.with_array(template.anatomical.array * 500), "PSR")
    path = tmp_path / "t1.nii.gz"
    save_nifti(path, other.array, other.affine)
    run(tmp_path, AS_IT_IS, ("preproc_anatomical", "transform"), anatomical=path)
    result = load(tmp_path / "out" / "t1.nii.gz").array
    np.testing.assert_allclose(result, template.anatomical.array * 500, atol=1e-2)
    np.testing.assert_allclose(read_affine(tmp_path / "out" / "xfm.mat"), np.eye(4), atol=1e-9)


def test_a_map_alone_cannot_be_stripped_by_the_template(tmp_path, small, save):
    path = save(tmp_path / "map.nii.gz", small.array, small.affine)
    with pytest.raises(SettingsError, match=r"map\.nii\.gz: no anatomical image"):
        run(tmp_path, {}, (), stiffness=path)


def test_a_map_alone_takes_a_given_mask(tmp_path, save):
    grid, brain = mni_grid(), mni_template().brain
    half = brain.copy()
    half[:45] = False
    values = np.random.default_rng(6).uniform(1, 4, brain.shape).astype(np.float32)
    path = save(tmp_path / "map.nii.gz", values, grid.affine)
    mask = save(tmp_path / "mask.nii.gz", half.astype(np.uint8), grid.affine)
    settings = {**AS_IT_IS, "skull_strip": {"method": "mask"}}
    run(tmp_path, settings, ("preproc_stiffness",), stiffness=path, mask=mask)
    np.testing.assert_array_equal(load(tmp_path / "out" / "stiffness.nii.gz").array != 0, half)


def test_a_failed_check_is_passed_on_as_empty_files(tmp_path, small, save):
    path = save(tmp_path / "map.nii.gz", small.array * 0, small.affine)
    record = run(tmp_path, {}, stiffness=path)
    assert record["status"] == "failed" and record["stage"] == "check"
    assert "zero everywhere" in record["reason"]
    assert all((tmp_path / "out" / name).stat().st_size == 0 for name in NAMES.values())


@pytest.fixture
def empty_mask(tmp_path, save):
    """A scan whose given mask marks nothing in the map."""
    grid = mni_grid()
    values = np.zeros(grid.array.shape, np.float32)
    values[40:50, 40:60, 40:50] = 2.5 + np.arange(10)[:, None, None] / 10
    mask = np.zeros(grid.array.shape, np.uint8)
    mask[:5, :5, :5] = 1
    return {
        "stiffness": save(tmp_path / "map.nii.gz", values, grid.affine),
        "mask": save(tmp_path / "mask.nii.gz", mask, grid.affine),
    }


def test_a_step_that_fails_leaves_empty_files_of_its_own_and_the_reason(tmp_path, empty_mask):
    settings = {**AS_IT_IS, "skull_strip": {"method": "mask"}}
    wanted = ("brain_mask", "preproc_mask", "preproc_stiffness")
    record = run(tmp_path, settings, wanted, **empty_mask)
    assert record["status"] == "failed" and record["stage"] == "register"
    assert "map.nii.gz: has no values inside" in record["reason"]
    assert not record["unexpected"]
    full = {name for name in wanted if (tmp_path / "out" / NAMES[name]).stat().st_size}
    assert full == {"brain_mask"}, "the brain was found: another try need not look for it again"


def test_an_error_of_ants_is_the_scans(tmp_path, head, save, monkeypatch):
    import contrage.imaging.strip as module

    def explode(*arguments):
        raise RuntimeError("Registration failed with error code 1")

    monkeypatch.setattr(module, "find_brain", explode)
    path = save(tmp_path / "t1.nii.gz", head.image.array, head.image.affine)
    record = run(tmp_path, AS_IT_IS, (), anatomical=path)
    assert "t1.nii.gz: skull strip failed" in record["reason"]


def test_an_error_that_nobody_expected_is_recorded_as_such(
    tmp_path, head, save, monkeypatch, caplog
):
    import contrage.imaging.register as module

    monkeypatch.setattr(module, "estimate", lambda *arguments: 1 / 0)
    path = save(tmp_path / "t1.nii.gz", head.image.array, head.image.affine)
    record = run(tmp_path, AS_IT_IS, ("brain_mask",), anatomical=path)
    assert record["status"] == "failed" and record["unexpected"]
    assert record["reason"] == "ZeroDivisionError: division by zero"
    assert "Traceback" in caplog.text


@pytest.mark.parametrize("error", [MemoryError(), SettingsError("registration: unknown")])
def test_too_little_memory_and_wrong_settings_are_not_the_scans(
    tmp_path, head, save, monkeypatch, error
):
    import contrage.imaging.register as module

    def fail(*arguments):
        raise error

    monkeypatch.setattr(module, "estimate", fail)
    path = save(tmp_path / "t1.nii.gz", head.image.array, head.image.affine)
    with pytest.raises(type(error)):
        run(tmp_path, AS_IT_IS, ("brain_mask",), anatomical=path)


def test_an_image_that_holds_no_head_is_excluded_with_a_reason(tmp_path, head, save, rng):
    array = np.zeros(head.image.array.shape, np.float32)
    array[:7, :7, :7] = rng.random((7, 7, 7)) * 100
    path = save(tmp_path / "t1.nii.gz", array, head.image.affine)
    settings = {"registration": {"quality": "testing"}}
    record = run(tmp_path, settings, ("brain_mask",), anatomical=path)
    assert record["status"] == "failed" and "t1.nii.gz" in record["reason"]


def without_shear(affine: np.ndarray) -> np.ndarray:
    """The nearest affine whose axes are at right angles."""
    edges = np.linalg.norm(affine[:3, :3], axis=0)
    left, _, right = np.linalg.svd(affine[:3, :3] / edges)
    straight = affine.copy()
    straight[:3, :3] = left @ right * edges
    return straight


def test_correcting_the_map_warns_and_flattens_it(tmp_path, make_map, head, save, caplog, rng):
    stiffness = make_map(head)
    slope = 1 + 0.3 * np.linspace(-1, 1, stiffness.array.shape[1])[None, :, None]
    noise = 1 + 0.1 * rng.normal(size=stiffness.array.shape)
    values = (2.5 * slope * noise * (stiffness.array > 0)).astype(np.float32)
    path = save(tmp_path / "map.nii.gz", values, without_shear(head.to_mni @ stiffness.affine))
    settings = {**AS_IT_IS, "bias_correction": {"target": "map"}}
    with caplog.at_level(logging.WARNING):
        run(tmp_path, settings, ("preproc_stiffness",), stiffness=path)
    assert "N4 changes quantitative stiffness" in caplog.text
    after = load(tmp_path / "out" / "stiffness.nii.gz").array
    spread = [v[v > 0].std() / v[v > 0].mean() for v in (values, after)]
    assert spread[1] < 0.7 * spread[0]


def test_syn_writes_its_deformation_beside_the_affine(tmp_path, head, save):
    t1 = save(tmp_path / "t1.nii.gz", head.image.array, head.image.affine)
    check(checks(), anatomical=t1, output=tmp_path / "check.json")
    preprocess(
        {"registration": {"transform": "syn", "quality": "testing", "seed": 1}},
        check=tmp_path / "check.json",
        anatomical=t1,
        transform=tmp_path / "x.mat",
        warp=tmp_path / "warp.nii.gz",
        sidecar=tmp_path / "sidecar.json",
    )
    warp = nib.load(tmp_path / "warp.nii.gz")
    assert warp.shape[-1] == 3
    assert np.abs(np.asarray(warp.dataobj)).max() > 0
    assert read_affine(tmp_path / "x.mat").shape == (4, 4)


def test_the_damping_ratio_goes_the_stiffness_maps_way_from_its_own_grid(done):
    image = load(done / "out" / "damping.nii.gz")
    x = transform_points(image.affine, np.argwhere(image.array != 0).astype(float))[:, 0]
    values = image.array[image.array != 0]
    assert values.size > 10_000
    np.testing.assert_allclose(values[x < -6], 0.2, rtol=1e-5)
    np.testing.assert_allclose(values[x > 6], 0.4, rtol=1e-5)


def test_a_map_that_is_wanted_but_not_there_is_an_empty_file(tmp_path):
    grid, brain = mni_grid(), mni_template().brain
    path = tmp_path / "map.nii.gz"
    values = (2.5 + np.arange(91)[:, None, None] / 100) * brain
    save_nifti(path, values.astype(np.float32), grid.affine)
    wanted = ("preproc_stiffness", "preproc_dampingratio")
    record = run(tmp_path, AS_IT_IS, wanted, stiffness=path)
    assert record["status"] == "ok"
    assert (tmp_path / "out" / "damping.nii.gz").stat().st_size == 0
    assert (tmp_path / "out" / "stiffness.nii.gz").stat().st_size > 0


def test_the_damping_ratio_alone_has_no_unit(tmp_path):
    grid, brain = mni_grid(), mni_template().brain
    path = tmp_path / "ratio.nii.gz"
    values = (0.2 + np.arange(91)[:, None, None] / 1000) * brain
    save_nifti(path, values.astype(np.float32), grid.affine)
    record = run(tmp_path, AS_IT_IS, ("preproc_dampingratio",), dampingratio=path)
    assert record["status"] == "ok"
    assert record["unit"] is None and record["unit_of_input"] is None


def test_of_two_maps_without_an_anatomical_image_the_one_named_gives_the_mask(tmp_path):
    grid, brain = mni_grid(), mni_template().brain
    half = brain.copy()
    half[:45] = False
    slope = np.arange(91)[:, None, None] / 100
    stiffness, damping = tmp_path / "map.nii.gz", tmp_path / "ratio.nii.gz"
    save_nifti(stiffness, ((2.5 + slope) * brain).astype(np.float32), grid.affine)
    save_nifti(damping, ((0.2 + slope / 10) * half).astype(np.float32), grid.affine)
    settings = {**AS_IT_IS, "reference": "dampingratio"}
    wanted = ("preproc_mask", "preproc_stiffness", "preproc_dampingratio")
    run(tmp_path, settings, wanted, stiffness=stiffness, dampingratio=damping)
    for name in ("mni_mask", "stiffness", "damping"):
        filled = load(tmp_path / "out" / f"{name}.nii.gz").array != 0
        np.testing.assert_array_equal(filled, half)


def test_images_land_on_the_grid_of_one_millimetre_when_asked(tmp_path):
    template = mni_template()
    path = tmp_path / "t1.nii.gz"
    save_nifti(path, template.anatomical.array * 500, template.anatomical.affine)
    settings = {**AS_IT_IS, "registration": {"transform": "none", "voxel_mm": 1}}
    record = run(tmp_path, settings, ("preproc_anatomical",), anatomical=path)
    image = nib.load(tmp_path / "out" / "t1.nii.gz")
    assert image.shape == (182, 218, 182)
    np.testing.assert_array_equal(image.affine, mni_grid(1).affine)
    values = np.asarray(image.dataobj)[: 2 * 91 : 2, : 2 * 109 : 2, : 2 * 91 : 2]
    np.testing.assert_allclose(values, template.anatomical.array * 500, atol=1e-3)
    assert record["steps"][-1]["settings"] == {
        "interpolation": "linear",
        "masks": "nearest",
        "times": 1,
        "voxel_mm": 1,
    }

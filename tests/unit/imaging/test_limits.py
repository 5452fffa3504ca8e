"""Voxels of a map that no measurement gives are told, and take no part in what is made of it."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import yaml
from given import block
from imaging_chain import preprocess
from imaging_steps import check, checks, described, judging, map_limits, quality
from scipy import ndimage

from contrage import modalities
from contrage.errors import SettingsError
from contrage.files import read_json, save_nifti, sha256, write_json
from contrage.imaging.images import Image, load
from contrage.imaging.limits import beyond, mended
from contrage.imaging.provenance.methods import outside
from contrage.imaging.template.grids import mni_grid, mni_template
from contrage.plan.imaging import check_limits
from contrage.settings.steps.imaging import MapLimits

DESCRIBED = described(["stiffness"])
AS_IT_IS = {
    "skull_strip": {"method": "none"},
    "bias_correction": {"target": "none"},
    "registration": {"transform": "none"},
}
SHAPE = (46, 55, 46)
AFFINE = np.array([[-4.0, 0, 0, 89], [0, 4, 0, -125], [0, 0, 4, -71], [0, 0, 0, 1]])


def limits(beyond: str = "refuse", **changed: list[float] | None) -> dict:
    return block("preprocessing.limits", beyond=beyond, **changed)


def config_of(**limits_of_maps: list[float] | None) -> dict:
    return {"preprocessing": {"limits": limits(**limits_of_maps)}}


@pytest.fixture(scope="module")
def tissue() -> np.ndarray:
    """A map in kPa where MNI152 has the brain, on 4 mm: smooth, a third about its median."""
    brain = mni_template().brain[::2, ::2, ::2]
    smooth = ndimage.gaussian_filter(np.random.default_rng(3).normal(size=brain.shape), 1.5)
    return np.where(brain, 2.7 * np.exp(0.35 * smooth / smooth.std()), 0).astype(np.float32)


def spoiled(tissue: np.ndarray, count: int, value: float) -> np.ndarray:
    """Give some voxels, drawn at random inside the brain, another value."""
    array = tissue.copy()
    places = np.flatnonzero(tissue)
    array.flat[np.random.default_rng(0).choice(places, count, replace=False)] = value
    return array


@pytest.fixture
def judged(tmp_path, save):
    """Write a map, check it, return the record."""

    def run(array: np.ndarray, name: str = "stiffness", asked: MapLimits | None = None) -> dict:
        path = save(tmp_path / f"{name}.nii.gz", array.astype(np.float32), AFFINE)
        check(checks(limits=asked), output=tmp_path / "check.json", **{name: path})
        return read_json(tmp_path / "check.json")

    return run


def test_the_defaults_are_those_of_the_kinds_of_maps_and_of_the_demo(root):
    schema = yaml.safe_load((root / "workflow/schemas/config.schema.yaml").read_text())
    block = schema["properties"]["preprocessing"]["properties"]["limits"]["properties"]
    stated = {key: part["default"] for key, part in block.items()}
    plausible = {name: modalities.load(name).plausible for name in modalities.maps()}
    measured = {name: list(limits) for name, limits in plausible.items() if limits}
    demo = yaml.safe_load((root / "config/config.yaml").read_text())["preprocessing"]["limits"]
    assert demo == stated == {**measured, "beyond": stated["beyond"]}


def test_spikes_in_a_thousandth_of_a_map_make_a_bad_scan(judged, tissue):
    count = round(0.001 * (tissue != 0).sum())
    record = judged(spoiled(tissue, count, 1000))
    assert record["status"] == "failed"
    assert f"has {count} voxels above 50 kPa (largest 1000), 0.1% of" in record["reason"]
    assert "spikes of the inversion" in record["reason"]
    assert "set preprocessing.limits.beyond to background or clip" in record["reason"]
    found = record["inputs"]["stiffness"]["beyond"]
    assert (found["above"], found["below"], found["highest"]) == (count, 0, 1000)


def test_a_fill_value_inside_the_brain_is_told_as_negative(judged, tissue):
    count = round(0.05 * (tissue != 0).sum())
    record = judged(spoiled(tissue, count, -999))
    assert f"has {count:,} negative voxels (lowest -999), 5% of" in record["reason"]
    assert "a fill value" in record["reason"] and "background of" not in record["reason"]


@pytest.mark.parametrize(("value", "told"), [(1e4, "10000"), (1e6, "1e+06"), (32767, "32767")])
def test_enormous_values_do_not_make_the_map_look_like_noise(judged, tissue, value, told):
    record = judged(spoiled(tissue, round(0.02 * (tissue != 0).sum()), value))
    assert f"above 50 kPa (largest {told})" in record["reason"]
    assert "nearly 0" not in record["reason"]


def test_in_pascal_the_sentence_has_both_the_limit_and_what_stands_in_the_file(judged, tissue):
    reason = judged(spoiled(tissue * 1000, 40, -999))["reason"]
    assert "40 negative voxels (lowest -0.999, in the file -999)" in reason


def test_a_background_of_minus_999_and_noise_around_are_no_spikes(judged, tissue, rng):
    for outside_brain, words in ((-999, "background of -999"), (None, "nearly 0")):
        noise = rng.normal(0, 0.4, SHAPE) if outside_brain is None else outside_brain
        reason = judged(np.where(tissue, tissue * 1000, noise))["reason"]
        assert words in reason and "negative" not in reason


def test_another_unit_is_told_as_such_and_a_map_half_negative_as_negative(judged, tissue, rng):
    reason = judged(tissue * 12)["reason"]
    assert "wrong units" in reason and "above 50" not in reason
    reason = judged(tissue * rng.choice([-1, 1], SHAPE))["reason"]
    assert "negative voxels" in reason and "errors of the inversion" in reason


def test_a_few_voxels_are_a_warning_and_become_background(judged, tissue):
    record = judged(spoiled(tissue, 2, 800))
    assert record["status"] == "ok"
    (said,) = record["warnings"]
    assert "has 2 voxels above 50 kPa (largest 800)" in said
    assert said.endswith(": set to background (0)")


def test_what_the_settings_say_is_done_stands_in_the_record(judged, tissue):
    array = spoiled(tissue, 900, 800)
    for action, words in (("background", "set to background"), ("clip", "clipped to 0 to 50 kPa")):
        record = judged(array, asked=map_limits(action))
        assert record["status"] == "ok" and words in record["warnings"][0]
    for wide in (None, [0, 900]):
        assert "voxels above" not in str(judged(array, asked=map_limits(stiffness=wide)))


def test_the_damping_ratio_has_limits_without_unit(judged, tissue):
    reason = judged(spoiled(tissue / 12, 300, 7), "dampingratio")["reason"]
    assert "300 voxels above 2 (largest 7)" in reason


def test_a_map_within_its_limits_says_nothing_of_them(judged, tissue):
    record = judged(tissue)
    assert (record["status"], record["warnings"]) == ("ok", [])
    assert "beyond" not in record["inputs"]["stiffness"]


def test_every_public_map_lies_within_the_limits(shared):
    folder = shared / "data/mre134/individual_stiffness_files"
    files = sorted(folder.iterdir())
    found = [beyond("stiffness", load(path).array, map_limits(), 1000.0) for path in files]
    assert len(found) == 102 and not any(found)


def test_no_map_is_copied_where_nothing_lies_beyond(tissue):
    assert beyond("stiffness", tissue, map_limits()) is None
    assert beyond("anatomical", tissue * 1e6, map_limits()) is None
    assert beyond("stiffness", tissue * 0, map_limits()) is None


def test_values_at_the_limits_are_kept_and_zero_stays_background(tissue):
    array = spoiled(tissue, 5, 50)
    assert beyond("stiffness", array, map_limits("clip")) is None
    array = spoiled(array, 7, -3)
    found = beyond("stiffness", array, map_limits("clip", stiffness=[0.5, 40]))
    held = mended(Image(array, AFFINE), found).array
    assert set(np.unique(held)) >= {0, 0.5, 40} and (held[tissue == 0] == 0).all()
    taken = mended(Image(array, AFFINE), beyond("stiffness", array, map_limits("background"))).array
    assert (taken != array).sum() == 7 and not taken[array < 0].any()


def test_limits_in_the_wrong_order_are_refused():
    for wrong in ([50, 0], [1, 1], [-5, 0]):
        with pytest.raises(SettingsError, match=r"preprocessing\.limits\.stiffness"):
            check_limits(config_of(stiffness=wrong))
    check_limits(config_of(stiffness=None, dampingratio=[-1, 3]))


def prepare(folder: Path, settings: dict, **inputs: Path) -> tuple[dict, dict[str, Path]]:
    """Check and preprocess maps in MNI152; return the record and the outputs."""
    names = ("preproc_mask", *(f"preproc_{name}" for name in inputs if name != "anatomical"))
    out = {name: folder / "out" / f"{name}.nii.gz" for name in (*names, "brain_mask")}
    asked = map_limits(**settings["limits"])
    check(checks(limits=asked), output=folder / "check.json", **inputs)
    record = folder / "out" / "record.json"
    preprocess(
        {**AS_IT_IS, **settings}, check=folder / "check.json", sidecar=record, **inputs, **out
    )
    return read_json(record), out


@pytest.mark.parametrize("action", ["refuse", "background", "clip"])
def test_spikes_are_gone_before_any_interpolation(tmp_path, save, tissue, action):
    array = spoiled(tissue, 2 if action == "refuse" else 200, 900)
    path = save(tmp_path / "map.nii.gz", array * 1000, AFFINE)
    record, out = prepare(tmp_path, {"limits": limits(action)}, stiffness=path)
    made = load(out["preproc_stiffness"]).array
    assert 0 < made.max() <= (50 if action == "clip" else tissue.max() + 1e-4)
    step = next(step for step in record["steps"] if step["name"] == "limits of the map")
    done = "clip" if action == "clip" else "background"
    told = {"map": "stiffness", "limits": [0, 50], "action": done, "below": 0}
    assert told.items() <= step["settings"].items()
    assert step["settings"]["above"] == (2 if action == "refuse" else 200)
    sidecar = read_json(out["preproc_stiffness"].with_name("preproc_stiffness.json"))
    steps = {step["name"]: step for step in sidecar["contrage"]["steps"]}
    assert steps["limits of the map"]["settings"] == step["settings"]
    assert steps["limits of the map"]["function"] == "contrage.imaging.limits.mended"


def test_a_sound_map_keeps_its_bits_whatever_the_limits_do(tmp_path, rng):
    grid, brain = mni_grid(), mni_template().brain
    values = (rng.uniform(1, 5, grid.array.shape) * brain).astype(np.float32)
    save_nifti(tmp_path / "map.nii.gz", values, grid.affine)
    digests = set()
    for action in ("refuse", "background", "clip"):
        settings = {"limits": limits(action)}
        record, out = prepare(tmp_path, settings, stiffness=tmp_path / "map.nii.gz")
        assert "limits of the map" not in [step["name"] for step in record["steps"]]
        np.testing.assert_array_equal(load(out["preproc_stiffness"]).array, values)
        digests.add(sha256(out["preproc_stiffness"]))
    assert len(digests) == 1


def test_one_map_is_mended_and_the_other_one_and_the_sidecars_know_which(tmp_path, save, tissue):
    stiffness = save(tmp_path / "a.nii.gz", tissue, AFFINE)
    damping = save(tmp_path / "b.nii.gz", spoiled(tissue / 12, 100, 7), AFFINE)
    settings = {"limits": limits("background")}
    _, out = prepare(tmp_path, settings, stiffness=stiffness, dampingratio=damping)
    told = {}
    for name, path in out.items():
        sidecar = read_json(path.with_name(path.name.replace(".nii.gz", ".json")))
        told[name] = [step["name"] for step in sidecar["contrage"]["steps"]]
    has = {name for name, steps in told.items() if "limits of the map" in steps}
    assert has == {"preproc_dampingratio"}


def test_a_map_that_alone_is_registered_tells_it_with_every_derivative(tmp_path, save, tissue):
    path = save(tmp_path / "a.nii.gz", spoiled(tissue, 100, 900), AFFINE)
    _, out = prepare(tmp_path, {"limits": limits("background")}, stiffness=path)
    for path in out.values():
        sidecar = read_json(path.with_name(path.name.replace(".nii.gz", ".json")))
        assert "limits of the map" in [step["name"] for step in sidecar["contrage"]["steps"]]


def test_preprocessing_refuses_what_a_check_under_other_limits_let_pass(tmp_path, save, tissue):
    path = save(tmp_path / "map.nii.gz", spoiled(tissue, 500, 900), AFFINE)
    check(checks(limits=map_limits("background")), stiffness=path, output=tmp_path / "check.json")
    settings = {**AS_IT_IS, "limits": limits()}
    out = {"preproc_stiffness": tmp_path / "m.nii.gz", "sidecar": tmp_path / "record.json"}
    preprocess(settings, check=tmp_path / "check.json", stiffness=path, **out)
    record = read_json(tmp_path / "record.json")
    assert record["status"] == "failed" and "500 voxels above 50 kPa" in record["reason"]


def test_neither_coverage_nor_smoothness_counts_what_was_set_to_background(tmp_path, save, tissue):
    measured = {}
    for name, array in (("sound", tissue), ("spoiled", spoiled(tissue, 4000, -999))):
        path = save(tmp_path / f"{name}.nii.gz", array, AFFINE)
        folder = tmp_path / name
        record, out = prepare(folder, {"limits": limits("background")}, stiffness=path)
        quality(
            judging("stiffness"),
            sidecar=folder / "out" / "record.json",
            stiffness=path,
            preproc_mask=out["preproc_mask"],
            preproc_stiffness=out["preproc_stiffness"],
            output=folder / "quality.json",
            picture=folder / "sub-1_desc-quality.png",
        )
        measured[name] = read_json(folder / "quality.json")
        assert record["status"] == "ok"
    lost = 4000 / (tissue != 0).sum()
    ratio = measured["spoiled"]["coverage"] / measured["sound"]["coverage"]
    assert ratio == pytest.approx(1 - lost, abs=0.02)
    assert measured["spoiled"]["map_smoothness"] > measured["sound"]["map_smoothness"] - 0.02


def test_the_methods_say_how_many_voxels_were_changed_and_nothing_where_none_was(tmp_path):
    step = {"name": "limits of the map", "settings": {}}
    one, other = (
        {**step, "settings": {**told, "map": "stiffness", "limits": [0, 50], "action": action}}
        for told, action in (
            ({"below": 0, "above": 1200}, "background"),
            ({"below": 3, "above": 1}, "background"),
        )
    )
    said = outside(DESCRIBED, [[one], [{"name": "registration", "settings": {}}], [other]])
    assert said == (
        "In 2 maps of the stiffness, 3 voxels below 0 kPa and 1,201 above 50 kPa were set to "
        "background before any interpolation."
    )
    assert outside(DESCRIBED, [[], [{"name": "registration", "settings": {}}]]) == ""


def test_a_record_without_steps_leaves_the_raw_map_as_it_is(tmp_path, tissue):
    write_json(tmp_path / "record.json", {"status": "ok"})
    image = nib.Nifti1Image(tissue, AFFINE)
    nib.save(image, tmp_path / "map.nii.gz")
    quality(
        judging(),
        sidecar=tmp_path / "record.json",
        stiffness=tmp_path / "map.nii.gz",
        output=tmp_path / "q.json",
        picture=tmp_path / "sub-1_desc-quality.png",
        preproc_stiffness=_on_grid(tmp_path, tissue),
    )
    assert read_json(tmp_path / "q.json")["status"] == "ok"


def _on_grid(folder: Path, tissue: np.ndarray) -> Path:
    grid = mni_grid()
    big = np.repeat(np.repeat(np.repeat(tissue, 2, 0), 2, 1), 2, 2)[:91, :109, :91]
    save_nifti(folder / "preproc.nii.gz", big, grid.affine)
    return folder / "preproc.nii.gz"

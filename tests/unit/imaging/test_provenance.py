"""The sidecar beside every derivative: what it is, and exactly how it came about."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from imaging_chain import preprocess
from imaging_steps import check, checks

from contrage.bids import sidecar_of
from contrage.files import read_json, sha256
from contrage.imaging.provenance.sidecars import STEPS, sources, spatial_reference, write_sidecars
from contrage.imaging.template.grids import mni_grid, mni_template, template_checksum
from contrage.imaging.template.source import NILEARN, Source
from contrage.plan.imaging import ants_settings

SCAN = "sub-1"
NAMES = {
    "brain_mask": "anat/sub-1_desc-brain_mask.nii.gz",
    "corrected": "anat/sub-1_desc-biascorrected_T1w.nii.gz",
    "transform": "xfm/sub-1_from-T1w_to-MNI152_xfm.mat",
    "preproc_anatomical": "anat/sub-1_space-MNI152_res-2_desc-preproc_T1w.nii.gz",
    "preproc_mask": "anat/sub-1_space-MNI152_res-2_desc-brain_mask.nii.gz",
    "preproc_stiffness": "mre/sub-1_space-MNI152_res-2_desc-preproc_stiffness.nii.gz",
}
STEPS_OF = {
    "brain_mask": ["skull strip"],
    "corrected": ["skull strip", "bias correction"],
    "transform": ["skull strip", "bias correction", "registration"],
}
ALL = ["skull strip", "bias correction", "registration", "to MNI152"]
AS_IT_IS = {
    "skull_strip": {"method": "none"},
    "bias_correction": {"target": "none"},
    "registration": {"transform": "none"},
}


def run(folder: Path, settings: dict, wanted=tuple(NAMES), **inputs) -> Path:
    """Check and preprocess; return the folder of the derivatives."""
    out = folder / "out"
    check(checks(), output=folder / "check.json", **inputs)
    preprocess(
        settings,
        check=folder / "check.json",
        sidecar=out / SCAN / f"{SCAN}_desc-preproc.json",
        raw=folder / "raw",
        derivatives=out,
        **inputs,
        **{name: out / SCAN / NAMES[name] for name in wanted},
    )
    return out


def beside(out: Path, name: str) -> dict:
    """Read what stands beside an output."""
    return read_json(sidecar_of(out / SCAN / NAMES[name]))


@pytest.fixture(scope="module")
def out(head, make_map, save, tmp_path_factory) -> Path:
    """The derivatives of a head and its map."""
    folder = tmp_path_factory.mktemp("scan")
    stiffness = make_map(head)
    home = folder / "raw" / SCAN
    (home / "anat").mkdir(parents=True)
    (home / "mre").mkdir()
    t1 = save(home / "anat" / "sub-1_T1w.nii.gz", head.image.array, head.image.affine)
    raw = save(home / "mre" / "sub-1_stiffness.nii.gz", stiffness.array * 1000, stiffness.affine)
    settings = {"registration": {"quality": "testing", "seed": 1}}
    return run(folder, settings, anatomical=t1, stiffness=raw)


@pytest.mark.parametrize("name", NAMES)
def test_each_derivative_has_the_checksum_of_itself_and_of_its_inputs(out, name):
    told = beside(out, name)["contrage"]
    assert told["status"] == "ok"
    assert told["output"] == {
        "path": f"bids::{SCAN}/{NAMES[name]}",
        "sha256": sha256(out / SCAN / NAMES[name]),
    }
    raw = out.parent / "raw"
    made_from = {"anatomical": "anat/sub-1_T1w", "stiffness": "mre/sub-1_stiffness"}
    if name in ("brain_mask", "corrected"):
        del made_from["stiffness"]
    assert told["inputs"].keys() == made_from.keys()
    for image, path in made_from.items():
        assert told["inputs"][image]["path"] == f"bids:raw:{SCAN}/{path}.nii.gz"
        assert told["inputs"][image]["sha256"] == sha256(raw / SCAN / f"{path}.nii.gz")


@pytest.mark.parametrize("name", NAMES)
def test_each_derivative_tells_the_steps_that_led_to_it_and_no_others(out, name):
    told = beside(out, name)["contrage"]
    names = [step["name"] for step in told["steps"]]
    assert [name for name in names if name != "load ANTs"] == STEPS_OF.get(name, ALL)
    seconds = sum(step["seconds"] for step in told["steps"])
    assert told["seconds"] == pytest.approx(seconds, abs=0.01)


def test_a_step_tells_every_parameter_that_ants_got_defaults_included(out):
    steps = {step["name"]: step for step in beside(out, "preproc_stiffness")["contrage"]["steps"]}
    (fit,) = steps["registration"]["calls"]
    assert fit["function"] == "ants.registration.registration.registration"
    asked = ants_settings("testing").linear.ants
    assert {key: fit["parameters"][key] for key in asked} == asked
    assert fit["parameters"]["type_of_transform"] == "Affine"
    assert fit["parameters"]["singleprecision"] is True, "a default of the library's"
    (field,) = steps["bias correction"]["calls"]
    assert field["parameters"]["shrink_factor"] == 4, "a default of ours"
    assert field["parameters"]["convergence"] == {"iters": [20, 20, 20], "tol": 1e-7}
    assert field["parameters"]["rescale_intensities"] is False


def test_functions_are_named_so_that_they_can_be_found():
    for _, function in STEPS.values():
        home, _, name = function.rpartition(".")
        assert callable(getattr(import_module(home), name))


@pytest.mark.parametrize("name", NAMES)
def test_seed_threads_template_versions_and_platform_are_told(out, name):
    told = beside(out, name)["contrage"]
    assert told["seed"] == 1 and told["threads"] == 1
    assert told["template"]["sha256"] == template_checksum()
    assert {"contrage", "python", "antspyx", "nibabel", "numpy", "scipy"} <= told["versions"].keys()
    assert told["platform"]


def test_sources_name_what_a_derivative_was_made_of_directly(out):
    made_of = {name: beside(out, name)["Sources"] for name in NAMES}
    own = {name: f"bids::{SCAN}/{path}" for name, path in NAMES.items()}
    t1 = f"bids:raw:{SCAN}/anat/sub-1_T1w.nii.gz"
    stiffness = f"bids:raw:{SCAN}/mre/sub-1_stiffness.nii.gz"
    assert made_of["brain_mask"] == [t1]
    assert made_of["corrected"] == [t1, own["brain_mask"]]
    assert own["corrected"] in made_of["transform"]
    assert made_of["preproc_mask"] == [own["brain_mask"], own["transform"]]
    assert made_of["preproc_anatomical"] == [own["corrected"], own["brain_mask"], own["transform"]]
    assert made_of["preproc_stiffness"] == [stiffness, own["brain_mask"], own["transform"]]


def test_an_output_that_nobody_described_gets_a_whole_sidecar():
    names = ["damping", "anatomical", "preproc_damping", "brain_mask", "warp"]
    files = dict.fromkeys(names, Path())
    assert sources("preproc_damping", files) == ["damping", "brain_mask", "warp"]


def test_bids_keys_say_mask_unit_space_and_grid(out):
    mask, stiffness = beside(out, "preproc_mask"), beside(out, "preproc_stiffness")
    assert mask["Type"] == beside(out, "brain_mask")["Type"] == "Brain"
    assert stiffness["Units"] == "kPa" and stiffness["SkullStripped"] is True
    assert beside(out, "corrected")["SpatialReference"] == "orig"
    for told in (mask, stiffness, beside(out, "preproc_anatomical")):
        assert told["SpatialReference"].startswith("http")
        assert told["Resolution"] == "91 x 109 x 91 voxels of 2 x 2 x 2 mm"
    assert "SpatialReference" not in beside(out, "transform")


def test_a_template_is_addressed_as_bids_asks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    base = Path("results/derivatives/study")
    own = Source("files", Path("templates/brain.nii.gz"), None, None, None)
    assert spatial_reference(own, base) == "../../../templates/brain.nii.gz"
    elsewhere = Source("files", tmp_path.parent / "brain.nii.gz", None, None, None)
    assert spatial_reference(elsewhere, base) == f"file://{tmp_path.parent}/brain.nii.gz"
    name = "MNI152NLin2009cAsym"
    cached = Source(name, Path(f"/cache/tpl-{name}/tpl-{name}_res-01_T1w.nii.gz"), None, None, None)
    address = f"https://templateflow.s3.amazonaws.com/tpl-{name}/tpl-{name}_res-01_T1w.nii.gz"
    assert spatial_reference(cached, base) == address
    assert spatial_reference(NILEARN, base).endswith("ICBM152NLin2009")


def test_no_sidecar_holds_a_path_of_this_machine(out):
    for file in out.rglob("*.json"):
        if not file.name.endswith("_desc-preproc.json"):
            assert not re.search(rf"{re.escape(str(out.parent))}|/tmp/|/home/", file.read_text())


@pytest.fixture
def brain_map(tmp_path, save) -> Path:
    """A brain-only map in MNI152 space."""
    noise = np.random.default_rng(2).uniform(0.9, 1.1, mni_template().brain.shape)
    values = (mni_template().brain * 2.5 * noise).astype("float32")
    values[45:] *= 1.2
    path = tmp_path / "raw" / SCAN / "mre" / "sub-1_stiffness.nii.gz"
    path.parent.mkdir(parents=True)
    return save(path, values, mni_grid().affine)


MAP_ALONE = ("preproc_mask", "preproc_stiffness")


def test_where_the_map_is_registered_itself_its_correction_led_to_all_that_follows(
    tmp_path, brain_map
):
    settings = {**AS_IT_IS, "bias_correction": {"target": "map", "iterations": [2]}}
    out = run(tmp_path, settings, MAP_ALONE, stiffness=brain_map)
    for name in MAP_ALONE:
        names = [step["name"] for step in beside(out, name)["contrage"]["steps"]]
        assert "bias correction of the map" in names


def test_beside_the_empty_images_of_a_failed_scan_stands_the_reason(tmp_path, brain_map, save):
    mask = mni_grid().array.astype("uint8")
    mask[:5, :5, :5] = 1
    given = save(tmp_path / "mask.nii.gz", mask, mni_grid().affine)
    settings = {**AS_IT_IS, "skull_strip": {"method": "mask"}}
    out = run(tmp_path, settings, stiffness=brain_map, mask=given)
    for name in ("transform", "preproc_anatomical", "preproc_mask", "preproc_stiffness"):
        assert (out / SCAN / NAMES[name]).stat().st_size == 0
        told = beside(out, name)
        assert told["contrage"]["status"] == "failed"
        assert "has no values inside" in told["Description"]
        assert "output" not in told["contrage"]


def test_beside_an_image_that_was_not_given_stands_that_there_is_none(tmp_path, out):
    record = read_json(out / SCAN / f"{SCAN}_desc-preproc.json")
    image = tmp_path / "sub-1_desc-preproc_dampingratio.nii.gz"
    image.touch()
    write_sidecars({"preproc_dampingratio": image}, record, {})
    assert read_json(sidecar_of(image))["contrage"]["status"] == "absent"


def test_a_run_that_is_cut_short_leaves_no_sidecar_of_an_earlier_one(
    tmp_path, brain_map, monkeypatch
):
    out = run(tmp_path, AS_IT_IS, MAP_ALONE, stiffness=brain_map)

    def killed(*arguments, **named):
        raise KeyboardInterrupt

    monkeypatch.setattr("contrage.imaging.register.write_sidecars", killed)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, AS_IT_IS, MAP_ALONE, stiffness=brain_map)
    for name in MAP_ALONE:
        assert (out / SCAN / NAMES[name]).stat().st_size > 0
        assert not sidecar_of(out / SCAN / NAMES[name]).exists()
    assert not list(out.rglob(".partial*"))


def test_of_a_scan_that_fails_later_no_older_sidecar_is_left(tmp_path, brain_map, monkeypatch):
    def explode(*arguments):
        raise RuntimeError("error code 1")

    run(tmp_path, AS_IT_IS, MAP_ALONE, stiffness=brain_map)
    monkeypatch.setattr("contrage.imaging.register.estimate", explode)
    out = run(tmp_path, AS_IT_IS, MAP_ALONE, stiffness=brain_map)
    for name in MAP_ALONE:
        assert beside(out, name)["contrage"]["status"] == "failed"

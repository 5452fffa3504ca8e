"""Three steps through files give what one process gives from memory, to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from imaging_chain import configuration, preprocess
from imaging_steps import TEMPLATE, bias, by, check, checks, fit, step

from contrage.errors import SettingsError
from contrage.files import read_json, save_nifti, write_json
from contrage.imaging.affines import read_affine, write_affine
from contrage.imaging.ants.load import import_ants
from contrage.imaging.bias import bias_field
from contrage.imaging.correct import correct
from contrage.imaging.images import Image, load
from contrage.imaging.register import register
from contrage.imaging.scan import to_kilopascal
from contrage.imaging.skull_strip._find import find_brain
from contrage.imaging.space.carry import carry_mask, warp_mask, warp_within
from contrage.imaging.space.map_pose import magnitude_to_anatomical
from contrage.imaging.space.mni import estimate
from contrage.imaging.strip import strip
from contrage.imaging.template.grids import mni_grid
from contrage.imaging.template.source import NILEARN
from contrage.plan import imaging as plan
from contrage.run import code
from contrage.settings.steps.imaging import CorrectStep, RegisterStep, StripStep

IMAGES = ("preproc_anatomical", "preproc_mask", "preproc_stiffness")
VARIANTS = {
    "affine": {},
    "syn": {"registration": {"transform": "syn"}},
    "affine9 and bspline": {"registration": {"transform": "affine9", "interpolation": "bspline"}},
    "without N4": {"bias_correction": {"target": "none"}},
    "maps too": {"bias_correction": {"target": "both"}},
    "magnitude": {"registration": {"transform": "rigid", "map_pose": "magnitude"}},
    "given mask": {"skull_strip": {"method": "mask"}, "bias_correction": {"target": "none"}},
}


@pytest.fixture(scope="module")
def raw(head, make_map, save, tmp_path_factory) -> dict[str, Path]:
    """The raw images of a scan, and their check."""
    folder, stiffness = tmp_path_factory.mktemp("raw"), make_map(head)
    arrays = {
        "anatomical": head.image,
        "stiffness": stiffness.with_array(stiffness.array * 1000),
        "mask": head.image.with_array(head.mask.astype(np.uint8)),
        "magnitude": stiffness.with_array((stiffness.array > 0) * 300 + stiffness.array * 20),
    }
    files = {
        name: save(folder / f"{name}.nii.gz", image.array, image.affine)
        for name, image in arrays.items()
    }
    check(
        checks(),
        anatomical=files["anatomical"],
        stiffness=files["stiffness"],
        output=folder / "c.json",
    )
    return {**files, "check": folder / "c.json"}


def in_one_process(raw: dict[str, Path], config: dict, folder: Path) -> dict[str, np.ndarray]:
    """Strip, correct, register and resample without a file in between."""
    import_ants(1)
    asked = config["preprocessing"]
    registration, correction = asked["registration"], plan.correct_settings(config).bias_correction
    ants, path = plan.ants_settings("testing"), raw["anatomical"]
    head, stiffness = load(path), to_kilopascal(load(raw["stiffness"]), "Pa")
    found = find_brain(head, path, plan.strip_method(config), ants, NILEARN, raw["mask"])
    if correction and correction.target == "both":
        inside = stiffness.array > 0
        field = bias_field(stiffness, inside, correction)
        stiffness = stiffness.with_array(stiffness.array / field * inside)
    brain = head.with_array(head.array * found.mask)
    if correction:
        field = bias_field(head, found.mask, correction)
        brain = brain.with_array(brain.array / field)
    way = estimate(brain, path, fit(registration["transform"]), found.pose, folder, NILEARN)
    of_maps, world = way, None
    if registration["map_pose"] == "magnitude":
        magnitude = load(raw["magnitude"])
        world = magnitude_to_anatomical(magnitude, brain, ants.linear, raw["magnitude"])
        of_maps = way.after(world, folder)
    grid, how = mni_grid(), registration["interpolation"]
    support = carry_mask(found.mask, head, stiffness, world) & (stiffness.array != 0)
    return {
        "brain_mask": found.mask,
        "corrected": brain.array,
        "transform": way.affine,
        "preproc_anatomical": warp_within(brain, found.mask, grid, way, how),
        "preproc_mask": warp_mask(found.mask, head, grid, way),
        "preproc_stiffness": warp_within(stiffness, support, grid, of_maps, how),
    }


@pytest.mark.parametrize("variant", VARIANTS)
def test_steps_through_files_and_one_process_give_the_same_bits(raw, tmp_path, variant):
    settings = {**VARIANTS[variant]}
    settings["registration"] = {"quality": "testing", **settings.get("registration", {})}
    config = configuration(settings, {"anatomical", "stiffness"})
    expected = in_one_process(raw, config, tmp_path)
    given = {name: raw[name] for name in ("anatomical", "stiffness", "check")}
    if variant == "magnitude":
        given["magnitude"] = raw["magnitude"]
    if variant == "given mask":
        given["mask"] = raw["mask"]
    out = {name: tmp_path / f"{name}.nii.gz" for name in (*IMAGES, "brain_mask", "corrected")}
    out["transform"] = tmp_path / "xfm.mat"
    preprocess(settings, sidecar=tmp_path / "record.json", **given, **out)
    write_affine(tmp_path / "expected.mat", expected.pop("transform"))
    assert out["transform"].read_bytes() == (tmp_path / "expected.mat").read_bytes()
    assert np.isfinite(read_affine(out["transform"])).all()
    for name, array in expected.items():
        made = load(out[name]).array
        np.testing.assert_array_equal(made, array.astype(np.float32), err_msg=name)
        assert made.any(), name


def test_the_pose_goes_from_step_to_step_in_full_digits(raw, tmp_path):
    settings = {"registration": {"quality": "testing"}}
    out = {"brain_mask": tmp_path / "mask.nii.gz", "record": tmp_path / "strip.json"}
    config = configuration(settings, {"anatomical"})
    asked = plan.strip_settings(config, TEMPLATE)
    step(strip, asked, before=raw["check"], anatomical=raw["anatomical"], **out)
    pose = np.array(read_json(out["record"])["found"]["pose"])
    fresh = find_brain(
        load(raw["anatomical"]), Path("a.nii"), by("template"), asked.registration, NILEARN
    )
    np.testing.assert_array_equal(pose, fresh.pose)
    beside = read_json(tmp_path / "mask.json")["contrage"]
    assert beside["found"]["pose"] == pose.tolist()


@pytest.fixture
def stopped(raw, tmp_path) -> dict[str, Path]:
    """A scan whose skull stripping failed: its record, and the empty mask."""
    save_path, record = tmp_path / "mask.nii.gz", tmp_path / "strip.json"
    write_json(tmp_path / "check.json", {"status": "ok", "stage": "check", "unit": "Pa"})
    empty_mask = tmp_path / "given.nii.gz"
    image = load(raw["anatomical"])
    save_nifti(empty_mask, np.zeros(image.array.shape, np.uint8), image.affine)
    step(
        strip,
        StripStep(by("mask"), None, None, None, None),
        before=tmp_path / "check.json",
        anatomical=raw["anatomical"],
        mask=empty_mask,
        brain_mask=save_path,
        record=record,
    )
    return {"before": record, "brain_mask": save_path}


def test_each_step_passes_on_that_an_earlier_one_failed(raw, stopped, tmp_path):
    told = read_json(stopped["before"])
    assert (told["status"], told["stage"], told["unexpected"]) == ("failed", "strip", False)
    assert stopped["brain_mask"].stat().st_size == 0
    config = configuration({}, {"anatomical"})
    corrected, record = tmp_path / "corrected.nii.gz", tmp_path / "correct.json"
    images = {"anatomical": raw["anatomical"], "corrected": corrected}
    step(correct, plan.correct_settings(config), **stopped, **images, record=record)
    assert read_json(record) == told and corrected.stat().st_size == 0
    made, last = tmp_path / "t1.nii.gz", tmp_path / "sub-1_desc-preproc.json"
    stopped["before"] = record
    step(
        register,
        plan.register_settings(config, TEMPLATE),
        **stopped,
        **images,
        preproc_anatomical=made,
        record=last,
    )
    assert read_json(last) == told and made.stat().st_size == 0
    assert read_json(tmp_path / "t1.json")["contrage"] == told


def test_a_step_asks_for_nothing_that_another_one_decides():
    def asked(**change: dict) -> tuple[StripStep, CorrectStep, RegisterStep]:
        settings = {"registration": {"quality": "testing", **change.pop("registration", {})}}
        config = configuration({**settings, **change}, {"anatomical", "stiffness"})
        of_strip = plan.strip_settings(config, TEMPLATE)
        return of_strip, plan.correct_settings(config), plan.register_settings(config, TEMPLATE)

    before = asked()
    after = asked(registration={"interpolation": "bspline", "transform": "syn"})
    assert after[:2] == before[:2] and after[2] != before[2]
    after = asked(bias_correction={"iterations": [3]})
    assert (after[0], after[2]) == (before[0], before[2]) and after[1] != before[1]
    after = asked(limits={"stiffness": [0, 60]})
    assert after[:2] == before[:2] and after[2] != before[2], "no map is stripped or corrected"


@pytest.mark.parametrize(
    ("step", "own", "others"),
    [
        ("strip", {"strip", "_find"}, {"bias", "mni", "carry", "picture", "measure"}),
        ("correct", {"correct", "bias"}, {"strip", "_find", "mni", "carry", "picture", "measure"}),
        ("register", {"register", "mni", "carry"}, {"strip", "_find", "bias", "picture"}),
        ("quality.measure", {"measure", "alignment"}, {"picture", "bias", "mni", "register"}),
    ],
)
def test_the_code_of_a_step_is_not_that_of_another(step: str, own: set, others: set):
    files = {file.stem for file in code.closure(f"contrage.imaging.{step}")}
    assert own <= files and not others & files


def test_an_unknown_quality_is_refused_and_the_known_ones_listed():
    with pytest.raises(SettingsError, match="precise, testing"):
        plan.ants_settings("perfect")


def test_a_map_alone_is_registered_as_it_was_corrected(tmp_path, save):
    grid = mni_grid()
    rng = np.random.default_rng(4)
    ball = sum(((axis - 45) / 30.0) ** 2 for axis in np.indices(grid.array.shape)) < 1
    values = (rng.uniform(2, 3, ball.shape) * ball).astype(np.float32)
    path = save(tmp_path / "map.nii.gz", values, grid.affine)
    check(checks(), stiffness=path, output=tmp_path / "check.json")
    settings = {
        "skull_strip": {"method": "none"},
        "bias_correction": {"target": "map"},
        "registration": {"transform": "none"},
    }
    made = tmp_path / "stiffness.nii.gz"
    native = tmp_path / "native.nii.gz"
    preprocess(
        settings,
        check=tmp_path / "check.json",
        sidecar=tmp_path / "record.json",
        stiffness=path,
        corrected_stiffness=native,
        preproc_stiffness=made,
    )
    image = Image(load(path).array, grid.affine)
    field = bias_field(image, image.array > 0, bias(target="map"))
    expected = image.array / field * (image.array > 0)
    np.testing.assert_array_equal(load(native).array, expected)
    np.testing.assert_array_equal(load(made).array, expected)

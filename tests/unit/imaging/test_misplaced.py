"""A scan of which an image lies elsewhere is told from one that is only doubtful."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from given import given
from imaging_chain import preprocess
from imaging_steps import TEMPLATE, quality, quality_limits

from contrage.files import read_json, save_nifti, write_json
from contrage.imaging.images import Image, load
from contrage.imaging.quality.measure import metrics
from contrage.imaging.quality.misplaced import misplaced, outer_limits
from contrage.imaging.template.grids import mni_grid, mni_template
from contrage.imaging.template.source import NILEARN
from contrage.settings.blocks.quality import QualityLimits, QualitySettings
from contrage.settings.steps.imaging import QualityStep

KEYS = ("correlation", "overlap", "map_agreement", "map_shift_mm", "map_degrees")
PLACED = {
    "a phantom": (0.956, 0.987, 0.983, 0.0, 0.0),
    "an average head": (0.914, 0.985, None, None, None),
    "a child, registered by its pose alone": (0.360, 0.748, 0.983, 0.0, 0.0),
    "ghosts": (0.718, 0.985, 0.969, 0.0, 0.0),
    "noise over the head": (0.639, 0.989, None, None, None),
    "the contrast of a T2": (-0.878, 0.987, 0.982, 0.0, 0.0),
    "a slight shear": (0.406, 0.977, None, None, None),
    "the lower half out of view": (0.970, 0.760, 0.756, 5.711, 6.011),
    "a map of one hemisphere": (0.956, 0.987, 0.982, 0.0, 0.0),
    "a map of half of the brain, in patches": (0.956, 0.987, 0.659, 0.0, 0.0),
    "an eroded map": (0.912, 0.987, 0.866, 12.2, 19.3),
    "another person's map": (0.883, 0.985, 0.881, 9.274, 13.532),
    "a map alone, in MNI152": (None, 0.770, None, None, None),
}
ELSEWHERE = {
    "a sheared head": (0.241, 0.983, None, None, None),
    "another part of the body": (0.115, 0.966, 0.721, 32.357, 30.68),
    "noise in place of the T1": (-0.007, 0.966, 0.587, 37.491, 49.614),
    "half of a head": (0.089, 0.914, None, None, None),
    "a header upside down": (0.264, 0.979, 0.819, 21.759, 10.049),
    "the T1 60 mm off": (0.956, 0.988, 0.563, 60.253, 0.312),
    "the map 30 mm off": (0.956, 0.987, 0.746, 29.744, 0.339),
    "the map too far off to be found": (0.956, 0.987, 0.0, 0.0, 0.0),
    "the map turned by 30 degrees": (0.956, 0.987, 0.887, 2.5, 30.2),
    "the map in another space": (0.912, 0.987, 0.789, 22.055, 42.07),
    "less than half of the brain": (0.5, 0.4, None, None, None),
}


@pytest.fixture(scope="module")
def limits() -> QualityLimits:
    return given(QualitySettings, "preprocessing.quality")


def record(values: tuple[float | None, ...]) -> dict[str, float | None]:
    return dict(zip(KEYS, values, strict=True))


@pytest.mark.parametrize("name", PLACED)
def test_a_placed_scan_is_at_most_doubtful(limits, name):
    assert misplaced(record(PLACED[name]), limits) == []


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_scan_that_lies_elsewhere_is_misplaced_and_says_what_lies_where(limits, name):
    reasons = misplaced(record(ELSEWHERE[name]), limits)
    assert reasons and all(": the " in reason for reason in reasons)


def test_the_sentence_has_value_limit_and_meaning(limits):
    said = misplaced(record(ELSEWHERE["a sheared head"]), limits)
    assert said == [
        "correlation 0.241 is below 0.3: the anatomical image does not lie on the template"
    ]


def test_no_outer_limit_is_nearer_than_that_which_flags():
    inner = {"min_overlap": 0.4, "max_map_shift_mm": 30, "min_map_agreement": None}
    outer = {"min_overlap": 0.5, "max_map_shift_mm": 20, "min_map_agreement": 0.5}
    found = outer_limits(quality_limits(misplaced={**outer, "max_map_degrees": None}, **inner))
    assert found == {"min_overlap": 0.4, "max_map_shift_mm": 30}
    assert outer_limits(quality_limits(min_overlap=0.9)) == {}


def test_every_configuration_flags_before_it_leaves_out(root, limits):
    for file in sorted((root / "config").glob("*.yaml")):
        asked = yaml.safe_load(file.read_text()).get("preprocessing", {}).get("quality", {})
        settings = given(QualitySettings, "preprocessing.quality", **asked)
        for key, limit in outer_limits(settings).items():
            flag = getattr(settings, key)
            assert limit < flag if key.startswith("min_") else limit > flag
            assert limit == getattr(limits.misplaced, key)


def test_the_public_maps_are_all_in_their_place(shared, limits):
    folder = shared / "data/mre134/individual_stiffness_files"
    for path in sorted(folder.iterdir())[::10]:
        image = load(path)
        assert misplaced(metrics(image.array != 0, None, image, NILEARN), limits) == []


@pytest.fixture
def judge(tmp_path, limits):
    """Run the step of quality; return its record."""

    def run(sidecar: Path | None = None, **paths: Path) -> dict:
        if sidecar is None:
            sidecar = tmp_path / "sidecar.json"
            write_json(sidecar, {"status": "ok", "inputs": {}})
        settings = QualityStep(TEMPLATE, "stiffness", limits)
        output, picture = tmp_path / "q.json", tmp_path / "sub-1_desc-quality.png"
        quality(settings, sidecar=sidecar, output=output, picture=picture, **paths)
        return read_json(output)

    return run


@pytest.mark.parametrize(("voxels", "elsewhere"), [(0, False), (1, False), (12, True)])
def test_a_t1_away_from_the_template_is_misplaced(tmp_path, judge, voxels, elsewhere):
    template, grid = mni_template(), mni_grid()
    moved = np.roll(template.anatomical.array * template.brain, voxels, axis=1)
    paths = {"preproc_anatomical": tmp_path / "t1.nii.gz", "preproc_mask": tmp_path / "m.nii.gz"}
    save_nifti(paths["preproc_anatomical"], moved * 300, grid.affine)
    save_nifti(paths["preproc_mask"], template.brain, grid.affine)
    found = judge(**paths)
    assert bool(found["misplaced"]) == elsewhere
    assert found["flagged"] or not found["misplaced"]


@pytest.mark.parametrize(("shift", "elsewhere"), [(0, False), (8, False), (40, True)])
def test_a_map_away_from_its_brain_is_misplaced(
    tmp_path, judge, save, head, make_map, shift, elsewhere
):
    stiffness, grid = make_map(head, slab=0.0), mni_grid()
    affine = stiffness.affine.copy()
    affine[1, 3] += shift
    here = np.where(mni_template().brain, 2.7, 0)
    found = judge(
        anatomical=save(tmp_path / "t1.nii.gz", head.image.array, head.image.affine),
        stiffness=save(tmp_path / "map.nii.gz", stiffness.array, affine),
        brain_mask=save(tmp_path / "b.nii.gz", head.mask.astype(np.uint8), head.image.affine),
        preproc_stiffness=save(tmp_path / "s.nii.gz", here.astype(np.float32), grid.affine),
    )
    assert any("map_shift_mm" in reason for reason in found["misplaced"]) == elsewhere
    assert (found["map_shift_mm"] > 4) == any("map_shift_mm" in r for r in found["flag_reason"])


def test_a_real_head_whose_shear_is_dropped_is_misplaced(tmp_path, judge, save, shared):
    """The check refuses it; whatever else brings a head there ends alike."""
    head = load(shared / "data/heads/mni2009c_2mm_head_T1.nii.gz")
    shear = np.eye(4)
    found = {}
    for shear[0, 1] in (0.0, 0.2):
        image = Image(head.array, head.affine @ shear)
        raw = save(tmp_path / "t1.nii.gz", image.array, image.affine, (2, 0))
        names = ("brain_mask", "preproc_anatomical", "preproc_mask")
        out = {name: tmp_path / f"{name}.nii.gz" for name in names}
        write_json(tmp_path / "check.json", {"status": "ok", "unit": None})
        files = {"check": tmp_path / "check.json", "sidecar": tmp_path / "record.json"}
        preprocess({"registration": {"quality": "testing"}}, anatomical=raw, **files, **out)
        out.pop("brain_mask")
        found[shear[0, 1]] = judge(tmp_path / "record.json", anatomical=raw, **out)
    assert found[0.0]["misplaced"] == [] and found[0.0]["correlation"] > 0.8
    assert found[0.2]["misplaced"] and found[0.2]["overlap"] > 0.9

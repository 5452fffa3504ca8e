"""The judgement over a preprocessed scan, and its picture."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from imaging_steps import judging, quality, quality_limits
from PIL import Image as Canvas

from contrage.errors import CutFileError
from contrage.files import read_json, save_nifti, write_json
from contrage.imaging.affines import write_affine
from contrage.imaging.images import load
from contrage.imaging.masks import dice
from contrage.imaging.quality.measure import caption, flags, metrics
from contrage.imaging.template.grids import mni_grid, mni_template
from contrage.imaging.template.source import NILEARN

NO_LIMITS = judging()
OK = {"status": "ok", "stage": "register", "reason": None, "inputs": {}}


@pytest.fixture
def judge(tmp_path):
    """Write a sidecar, run the step, return the JSON and the picture."""

    def run(settings=NO_LIMITS, sidecar=OK, **paths):
        write_json(tmp_path / "sidecar.json", sidecar)
        output, picture = tmp_path / "q.json", tmp_path / "sub-1_desc-quality.png"
        quality(
            settings,
            sidecar=tmp_path / "sidecar.json",
            output=output,
            picture=picture,
            **paths,
        )
        return read_json(output), Canvas.open(picture)

    return run


@pytest.fixture
def images(tmp_path, rng):
    """Return writers of a T1, a mask and a map on the MNI152 grid."""
    template, grid = mni_template(), mni_grid()
    brain = template.brain
    covered = brain.copy()
    covered[:, :, :25] = False
    noise = rng.normal(0, 0.05, brain.shape)
    arrays = {
        "preproc_anatomical": (template.anatomical.array + noise) * brain * 300,
        "preproc_mask": brain.astype(np.uint8),
        "preproc_stiffness": np.where(covered, 2.7, 0.0),
    }
    paths = {name: tmp_path / f"{name}.nii.gz" for name in arrays}
    for name, path in paths.items():
        save_nifti(path, arrays[name], grid.affine)
    return paths


def test_a_good_scan_has_high_marks_and_no_flags(judge, images):
    limits = {"min_coverage": 0.5, "min_overlap": 0.9, "min_correlation": 0.8}
    record, picture = judge(judging(**limits), **images)
    template = mni_template()
    expected = template.brain[:, :, 25:].sum() / template.brain.sum()
    assert record["coverage"] == pytest.approx(expected)
    assert record["overlap"] == 1 and record["correlation"] > 0.9
    assert record["flagged"] is False and record["flag_reason"] == []
    assert 600 <= picture.width <= 900


def test_every_limit_that_is_missed_is_told(judge, images):
    limits = {"min_coverage": 0.999, "min_overlap": 1.1, "min_correlation": 0.999}
    record, _ = judge(judging(**limits), **images)
    assert record["flagged"] and len(record["flag_reason"]) == 3
    assert record["flag_reason"][1].startswith("coverage 0.")


def test_no_limit_means_no_flag():
    record = {"coverage": 0.0, "overlap": 0.0, "correlation": None}
    assert flags(record, quality_limits(min_correlation=0.9)) == []


def test_a_map_alone_has_no_correlation(judge, images):
    record, picture = judge(preproc_stiffness=images["preproc_stiffness"])
    assert record["correlation"] is None and record["overlap"] < 1
    assert picture.height < 450


def test_a_t1_alone_is_judged_by_its_mask(judge, images):
    images.pop("preproc_stiffness")
    record, _ = judge(**images)
    assert record["coverage"] == 1


def test_a_mirrored_brain_correlates_less():
    template = mni_template()
    good = metrics(template.brain, template.anatomical, None, NILEARN)["correlation"]
    turned = template.anatomical.with_array(template.anatomical.array[:, :, ::-1])
    assert metrics(template.brain, turned, None, NILEARN)["correlation"] < good - 0.3


def test_the_truth_gives_dice_transform_and_coverage_errors(judge, images, head, tmp_path):
    shifted = np.eye(4)
    shifted[0, 3] = 3.0
    affine = head.image.affine
    paths = {name: tmp_path / f"{name}.nii.gz" for name in ("brain_mask", "truth_mask")}
    save_nifti(paths["truth_mask"], head.mask, affine)
    smaller = head.mask.copy()
    smaller[: head.mask.shape[0] // 2] = False
    save_nifti(paths["brain_mask"], smaller, affine)
    paths |= {"transform": tmp_path / "x.mat", "truth_transform": tmp_path / "x.json"}
    write_affine(paths["transform"], shifted @ head.to_mni)
    write_json(paths["truth_transform"], {"affine": head.to_mni.tolist()})
    paths["truth_coverage"] = paths["truth_mask"]
    record, _ = judge(**images, **paths)
    assert record["mask_dice"] == pytest.approx(dice(smaller, head.mask))
    assert record["transform_error_mm"] == pytest.approx(3.0, abs=1e-6)
    template = mni_template()
    missing = template.brain[:, :, :25].sum() / template.brain.sum()
    assert record["coverage_error"] == pytest.approx(-missing, abs=0.02)


def test_the_spread_of_what_is_left_of_the_bias_field(judge, images, head, tmp_path):
    affine = head.image.affine
    left = 1 + 0.1 * (np.indices(head.mask.shape)[0] % 2)
    paths = {
        "anatomical": tmp_path / "raw.nii.gz",
        "brain_mask": tmp_path / "m.nii.gz",
        "corrected": tmp_path / "c.nii.gz",
        "truth_bias": tmp_path / "b.nii.gz",
    }
    save_nifti(paths["anatomical"], head.image.array, affine)
    save_nifti(paths["brain_mask"], head.mask, affine)
    save_nifti(paths["truth_bias"], head.bias, affine)
    save_nifti(paths["corrected"], head.image.array * head.mask / (head.bias * left), affine)
    record, _ = judge(**images, **paths)
    values = left[head.mask & (head.image.array > 0)]
    assert record["bias_residual_sd"] == pytest.approx(values.std() / values.mean(), rel=1e-3)


def test_a_failed_scan_stays_failed_and_gets_a_card(judge, tmp_path):
    empty = tmp_path / "empty.nii.gz"
    empty.touch()
    sidecar = {"status": "failed", "stage": "check", "reason": "a.nii: is zero everywhere"}
    record, picture = judge(sidecar=sidecar, preproc_anatomical=empty, preproc_mask=empty)
    assert record == sidecar
    assert picture.height < 100


def test_left_of_the_picture_is_left_of_the_brain(judge, images, tmp_path):
    grid = mni_grid()
    bright_left = mni_template().brain * 1.0
    bright_left[45:] *= 4  # the grid's first axis runs from right to left
    path = tmp_path / "left.nii.gz"
    save_nifti(path, bright_left, grid.affine)
    _, picture = judge(preproc_stiffness=path)
    pixels = np.asarray(picture.convert("L")).astype(float)[:320]
    axial = pixels[:, -273:]
    assert axial[:, :130].mean() > 1.5 * axial[:, 143:].mean()


def test_quality_needs_neither_ants_nor_nilearn():
    code = (
        "import sys, contrage.imaging.quality.measure, contrage.imaging.check; "
        "print(sorted({'ants', 'nilearn', 'matplotlib', 'pandas', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_image_of_one_millimetre_is_judged_and_drawn_on_its_own_grid(judge, tmp_path):
    template = mni_template(1)
    path = tmp_path / "t1.nii.gz"
    save_nifti(path, template.anatomical.array * 300, template.anatomical.affine)
    record, picture = judge(preproc_anatomical=path)
    assert record["coverage"] == pytest.approx(1, abs=0.01)
    assert record["overlap"] == pytest.approx(1, abs=0.01)
    assert record["correlation"] == pytest.approx(1, abs=1e-6)
    assert 800 < picture.width < 1000


def test_the_coverage_is_that_of_the_map_that_is_learned_from(judge, images, tmp_path):
    grid, brain = mni_grid(), mni_template().brain
    path = tmp_path / "ratio.nii.gz"
    half = brain & (np.arange(91)[:, None, None] < 45)
    save_nifti(path, np.where(half, 0.2, 0.0), grid.affine)
    both = {**images, "preproc_dampingratio": path}
    share = half.sum() / brain.sum()
    stiffness, picture = judge(judging("stiffness"), **both)
    damping, _ = judge(judging("dampingratio"), **both)
    assert stiffness["coverage"] > damping["coverage"] == pytest.approx(share)
    alone, shorter = judge(judging("stiffness"), **images)
    assert picture.height > shorter.height and alone["coverage"] == stiffness["coverage"]


def test_a_map_that_the_scan_does_not_have_is_no_map(judge, images, tmp_path):
    (tmp_path / "none.nii.gz").touch()
    record, _ = judge(**images, preproc_dampingratio=tmp_path / "none.nii.gz")
    assert record["status"] == "ok" and 0.5 < record["coverage"] < 1


@pytest.mark.parametrize("left", [0, 200])
def test_a_derivative_that_was_cut_is_no_scan_that_failed(judge, images, tmp_path, left):
    raw = tmp_path / "raw.nii.gz"
    raw.write_bytes(images["preproc_stiffness"].read_bytes())
    images["preproc_stiffness"].write_bytes(raw.read_bytes()[:left])
    with pytest.raises(CutFileError, match="is cut short or damaged"):
        judge(**images, stiffness=raw)


def test_no_image_is_read_twice(judge, images, head, make_map, tmp_path, monkeypatch):
    stiffness = make_map(head)
    paths = {name: tmp_path / f"raw-{name}.nii.gz" for name in ("anatomical", "stiffness")}
    save_nifti(paths["anatomical"], head.image.array, head.image.affine)
    save_nifti(paths["stiffness"], stiffness.array, stiffness.affine)
    for name, array in (("brain_mask", head.mask), ("corrected", head.image.array)):
        paths |= {name: tmp_path / f"{name}.nii.gz"}
        save_nifti(paths[name], array * head.mask, head.image.affine)
    paths |= {"truth_mask": paths["brain_mask"].with_name("true.nii.gz")}
    save_nifti(paths["truth_mask"], head.mask, head.image.affine)
    read = []

    def noted(path):
        read.append(path)
        return load(path)

    monkeypatch.setattr("contrage.imaging.quality.measure.load", noted)
    monkeypatch.setattr("contrage.imaging.images.load", noted)
    record, picture = judge(**images, **paths)
    assert sorted(read) == sorted([*images.values(), *paths.values()])
    assert record["map_agreement"] > 0.9 and picture.width > 1500


def test_no_picture_says_whose_it_is():
    record = {"coverage": 0.91, "overlap": None, "correlation": 0.5, "mask_dice": None}
    record |= {"transform_error_mm": 1.25, "flagged": True}
    assert caption(record).split("   ")[0] == "coverage 0.910"

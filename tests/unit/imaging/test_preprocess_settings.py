"""That what is chosen, a template or a program, is what a scan is preprocessed with."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest
from given import given
from imaging_chain import preprocess
from imaging_steps import check, checks

from contrage.files import read_json, save_nifti, sha256
from contrage.imaging.affines import read_affine
from contrage.imaging.images import grid_points, load, transform_points
from contrage.imaging.masks import dice
from contrage.imaging.template.grids import mni_template
from contrage.imaging.template.source import find_source
from contrage.settings.blocks.template import TemplateSettings

SHIFT = (4.0, 0.0, 14.0)


def run(folder: Path, settings: dict, anatomical: Path) -> dict:
    check(checks(), anatomical=anatomical, output=folder / "check.json")
    preprocess(
        settings,
        check=folder / "check.json",
        anatomical=anatomical,
        brain_mask=folder / "mask.nii.gz",
        transform=folder / "xfm.mat",
        sidecar=folder / "sidecar.json",
    )
    return read_json(folder / "sidecar.json")


@pytest.fixture(scope="module")
def shifted(head, save, tmp_path_factory):
    """A head, preprocessed with nilearn's template moved 4 mm to the right and 14 mm up."""
    folder = tmp_path_factory.mktemp("shifted")
    image = mni_template().anatomical
    affine = image.affine.copy()
    affine[:3, 3] += SHIFT
    save_nifti(folder / "template.nii.gz", image.array, affine)
    own = {"source": "files", "anatomical": str(folder / "template.nii.gz")}
    source = find_source(given(TemplateSettings, "preprocessing.template", **own))
    t1 = save(folder / "t1.nii.gz", head.image.array, head.image.affine)
    settings = {"template": source.settings(), "registration": {"quality": "testing"}}
    run(folder, {**settings, "bias_correction": {"target": "none"}}, t1)
    return folder


def test_a_brain_is_stripped_by_and_registered_to_the_template_that_is_named(shifted, head):
    assert dice(load(shifted / "mask.nii.gz").array > 0, head.mask) > 0.95
    points = grid_points(head.image, head.mask)[::50]
    found = transform_points(read_affine(shifted / "xfm.mat"), points)
    there = transform_points(head.to_mni, points)
    assert np.linalg.norm(found - (there + SHIFT), axis=1).mean() < 1.5


def test_the_sidecar_names_the_template_that_was_used(shifted):
    record = read_json(shifted / "sidecar.json")
    expected = sha256(shifted / "template.nii.gz")
    assert record["template"] == {"name": "files", "file": "template.nii.gz", "sha256": expected}
    assert record["settings"]["template"]["sha256"] == expected


def test_the_sidecar_tells_the_command_line_and_settings_of_a_program(save, tmp_path, monkeypatch):
    program = tmp_path / "bin" / "bet"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\ncp {tmp_path}/given.nii.gz "$(dirname "$2")/brain_mask.nii.gz"\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.delenv("FSLDIR", raising=False)
    template = mni_template()
    given = template.brain.astype(np.float32)
    save(tmp_path / "given.nii.gz", given, template.anatomical.affine)
    t1 = save(tmp_path / "t1.nii.gz", template.anatomical.array + 1, template.anatomical.affine)
    settings = {
        "skull_strip": {"method": "bet", "bet": {"frac": 0.3}},
        "bias_correction": {"target": "none"},
        "registration": {"transform": "none"},
    }
    record = run(tmp_path, settings, t1)
    step = next(step for step in record["steps"] if step["name"] == "skull strip")
    assert step["settings"] == {
        "method": "bet",
        "bet": {"frac": 0.3, "robust": True},
        "command": "bet head.nii.gz brain.nii.gz -f 0.30 -m -R",
        "version": None,
    }
    assert "nipype" in record["versions"]
    np.testing.assert_array_equal(load(tmp_path / "mask.nii.gz").array > 0, template.brain)

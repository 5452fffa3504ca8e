"""Images are made anew when the template, or a setting that is used, has changed; else not."""

from __future__ import annotations

import copy
import os
from pathlib import Path

import pytest
import yaml
from small_study import CONFIG, Workflow, checkout, write_study

from contrage.files import read_json, save_nifti, sha256
from contrage.imaging.template.grids import mni_template

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("phantom")]

STEPS = ("Checking", "Stripping", "Registering", "Measuring")


def configure(workflow: Workflow, **preprocessing) -> None:
    config = copy.deepcopy(CONFIG)
    config["preprocessing"] |= {"template": {"source": "files", "anatomical": "brain.nii.gz"}}
    config["preprocessing"] |= preprocessing
    (workflow.folder / "own.yaml").write_text(yaml.safe_dump(config))


def planned(workflow: Workflow, **preprocessing) -> set[str]:
    """The steps on images that a dry run plans."""
    configure(workflow, **preprocessing)
    done = workflow.run("-n", "--nocolor", "preprocessed", config="own.yaml")
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    return {step for step in STEPS if f": {step} the " in printed or f": {step} sub-" in printed}


def write_template(folder: Path, factor: float = 1.0) -> None:
    image = mni_template().anatomical
    save_nifti(folder / "brain.nii.gz", image.array * factor, image.affine)


@pytest.fixture(scope="module")
def preprocessed(root, tmp_path_factory) -> Workflow:
    """A checkout in which two scans were preprocessed with a template of one's own."""
    workflow = checkout(root, tmp_path_factory.mktemp("template") / "contrage")
    write_study(workflow.folder / "study", people=2)
    write_template(workflow.folder)
    configure(workflow)
    done = workflow.run("--nocolor", "preprocessed", config="own.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    return workflow


def test_a_template_of_ones_own_is_used_and_named(preprocessed: Workflow):
    sidecar = "results/derivatives/study/sub-01/sub-01_desc-preproc.json"
    record = read_json(preprocessed.folder / sidecar)
    assert record["status"] == "ok"
    assert record["template"]["sha256"] == sha256(preprocessed.folder / "brain.nii.gz")


def test_a_template_that_is_merely_newer_makes_nothing_anew(preprocessed: Workflow):
    assert planned(preprocessed) == set()
    os.utime(preprocessed.folder / "brain.nii.gz")
    assert planned(preprocessed) == set()


def test_settings_of_a_method_that_is_not_used_make_nothing_anew(preprocessed: Workflow):
    assert planned(preprocessed, skull_strip={"method": "none", "bet": {"frac": 0.3}}) == set()


def test_another_template_makes_all_images_anew(preprocessed: Workflow):
    assert planned(preprocessed, template={"source": "nilearn"}) == set(STEPS)
    file = preprocessed.folder / "brain.nii.gz"
    before = file.read_bytes()
    try:
        write_template(preprocessed.folder, factor=2.0)
        assert planned(preprocessed) == set(STEPS)
    finally:
        file.write_bytes(before)
    assert planned(preprocessed) == set()

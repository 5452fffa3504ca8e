"""Scans that fail in preprocessing: the others go on, all are named, and they are tried again."""

from __future__ import annotations

import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from small_study import Workflow

from contrage.tables import read_tsv

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("phantom")]

SPOILED = ("sub-003", "sub-007")
STRIPPING = "results/derivatives/tiny/logs/strip"


@pytest.fixture(scope="module")
def spoiled(phantoms: Workflow, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """The finished phantoms, two of which are now heads without anything in them."""
    folder = tmp_path_factory.mktemp("spoiled") / "contrage"
    shutil.copytree(phantoms.folder, folder, symlinks=True)
    rng = np.random.default_rng(1)
    for scan in SPOILED:
        file = folder / f"results/phantom/tiny/{scan}/anat/{scan}_T1w.nii.gz"
        head = nib.load(file)
        noise = np.zeros(head.shape, np.float32)
        noise[:7, :7, :7] = rng.random((7, 7, 7)) * 100
        nib.save(nib.Nifti1Image(noise, head.affine), file)
    return Workflow(folder)


def stripped(jobs: set[str]) -> set[str]:
    first = "Stripping the skull of "
    return {job.removeprefix(first) for job in jobs if job.startswith(first)}


def test_all_scans_that_fail_are_named_and_tried_again(spoiled: Workflow):
    assert stripped(spoiled.jobs("tiny.yaml")) == set(SPOILED)
    done = spoiled.run(config="tiny.yaml")
    printed = done.stdout + done.stderr
    assert done.returncode == 1
    assert f"2 of 10 scans failed: {', '.join(SPOILED)}" in printed
    for scan in SPOILED:
        log = spoiled.folder / STRIPPING / scan / f"{scan}.log"
        assert "ERROR" in log.read_text()
    again = spoiled.jobs("tiny.yaml")
    assert stripped(again) == set(SPOILED)
    assert "Naming the scans that failed in preprocessing" in again


def test_with_exclude_the_run_goes_on_without_them(spoiled: Workflow):
    text = (spoiled.folder / "tiny.yaml").read_text()
    (spoiled.folder / "exclude.yaml").write_text(
        text.replace("cohort:\n", "cohort:\n  on_bad_scan: exclude\n")
    )
    done = spoiled.run(config="exclude.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    derivatives = Path(spoiled.folder / "results/derivatives/tiny")
    table = read_tsv(derivatives / "came_through.tsv").set_index("scan_id")
    assert set(table.index[table["status"] == "failed"]) == set(SPOILED)
    excluded = read_tsv(spoiled.folder / "results/tiny/dataset/excluded.tsv")
    assert set(SPOILED) <= set(excluded["scan_id"])

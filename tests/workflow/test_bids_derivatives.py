"""The folders that the workflow writes are BIDS data sets, as far as BIDS has rules."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import bids_checks
import pytest
from small_study import Workflow

from contrage.bids import sidecar_of
from contrage.files import read_json

pytestmark = pytest.mark.workflow
CHECKS = (
    bids_checks.without_rule,
    bids_checks.ill_named,
    bids_checks.without_keys,
    bids_checks.with_wrong_checksum,
    bids_checks.without_source,
)


def errors_of_validator(folder: Path) -> list[str]:
    """Run the BIDS validator and return its errors, each with the file."""
    program = shutil.which("bids-validator-deno")
    if program is None:
        pytest.skip("no bids-validator-deno (pip install bids-validator-deno)")
    done = subprocess.run(
        [program, str(folder), "--format", "json"], capture_output=True, text=True
    )
    issues = json.loads(done.stdout)["issues"]["issues"]
    assert any(issue["severity"] == "warning" for issue in issues), "it has looked at something"
    return [f"{i['code']}: {i.get('location')}" for i in issues if i["severity"] == "error"]


@pytest.mark.xdist_group("phantom")
@pytest.mark.parametrize("check", CHECKS)
def test_derivatives_of_heads_and_maps_pass_our_checks(phantoms: Workflow, check):
    folder = phantoms.folder / "results/derivatives/tiny"
    assert len(bids_checks.images(folder / "sub-001")) == 6
    assert check(folder) == []


@pytest.mark.xdist_group("small")
@pytest.mark.parametrize("check", CHECKS)
def test_derivatives_of_a_study_with_bad_scans_pass_our_checks(finished: Workflow, check):
    folder = finished.folder / "results/derivatives/study"
    assert len(bids_checks.images(folder / "sub-01")) == 3
    assert check(folder) == []


@pytest.mark.xdist_group("phantom")
def test_derivatives_of_heads_and_maps_pass_the_validator(phantoms: Workflow):
    assert errors_of_validator(phantoms.folder / "results/derivatives/tiny") == []


@pytest.mark.xdist_group("phantom")
def test_the_phantoms_raw_folder_passes_the_validator(phantoms: Workflow):
    assert errors_of_validator(phantoms.folder / "results/phantom/tiny") == []


@pytest.mark.xdist_group("small")
def test_derivatives_of_a_study_with_bad_scans_pass_the_validator(finished: Workflow):
    assert errors_of_validator(finished.folder / "results/derivatives/study") == []


@pytest.mark.xdist_group("small")
def test_bad_scans_have_empty_images_and_the_reason_beside_each(finished: Workflow):
    folder = finished.folder / "results/derivatives/study"
    for scan in ("sub-05", "sub-06"):
        empty = [path for path in (folder / scan).rglob("*.nii.gz") if not path.stat().st_size]
        assert len(empty) == 3
        for path in empty:
            assert read_json(sidecar_of(path))["contrage"]["status"] == "failed"
        assert f"`{scan}`" in (folder / "README.md").read_text()


@pytest.mark.xdist_group("small")
def test_methods_count_the_scans_and_tell_what_was_not_done(finished: Workflow):
    text = (finished.folder / "results/derivatives/study/methods.md").read_text()
    assert "13 of 15 scans came through" in text
    assert "not registered" in text and "No bias field was corrected" in text

"""Processes of jobs take the cohort from the run that started them; a new run reads it anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cohorts import asked

from contrage.cohort import snapshot
from contrage.cohort.read import read_cohort
from contrage.errors import TableError
from contrage.settings.steps.cohort import CohortStep


@pytest.fixture
def settings(tmp_path: Path) -> CohortStep:
    """A study of three people, one of them without an age."""
    rows = ["participant_id\tage", "sub-1\t20.1", "sub-2\t30", "sub-3\tn/a"]
    for number in (1, 2, 3):
        file = tmp_path / f"study/sub-{number}/mre/sub-{number}_stiffness.nii.gz"
        file.parent.mkdir(parents=True)
        file.touch()
    (tmp_path / "study/participants.tsv").write_text("\n".join(rows) + "\n")
    return asked(source="bids", on_bad_scan="exclude", path=str(tmp_path / "study"))


def test_a_job_gets_exactly_what_the_run_has_read(settings, tmp_path, monkeypatch):
    first = snapshot.cohort_of_run(settings, tmp_path / "kept", is_first=True)
    assert first.cohort == read_cohort(settings)
    assert len(first.cohort.scans) == 2 and len(first.cohort.excluded) == 1
    monkeypatch.setattr(snapshot, "read_cohort", lambda settings: pytest.fail("read again"))
    assert snapshot.cohort_of_run(settings, tmp_path / "kept", is_first=False) == first


def test_a_new_run_reads_the_cohort_anew(settings, tmp_path):
    snapshot.cohort_of_run(settings, tmp_path / "kept", is_first=True)
    (tmp_path / "study/sub-2/mre/sub-2_stiffness.nii.gz").unlink()
    again = snapshot.cohort_of_run(settings, tmp_path / "kept", is_first=True)
    assert [scan.scan_id for scan in again.cohort.scans] == ["sub-1"]


def test_other_settings_have_a_snapshot_of_their_own(settings, tmp_path):
    snapshot.cohort_of_run(settings, tmp_path / "kept", is_first=True)
    other = replace(settings, needs_anatomical=True)
    with pytest.raises(TableError, match="no scan can be used"):
        snapshot.cohort_of_run(other, tmp_path / "kept", is_first=False)


def test_a_job_without_a_snapshot_reads_the_cohort(settings, tmp_path):
    found = snapshot.cohort_of_run(settings, tmp_path / "kept", is_first=False)
    assert found.cohort == read_cohort(settings)
    assert not (tmp_path / "kept").exists()

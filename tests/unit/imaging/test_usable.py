"""Which scans may fail in preprocessing, and that those which may not are tried again."""

from __future__ import annotations

from pathlib import Path

import pytest

from contrage.files import write_json, write_text
from contrage.imaging.screen import BadCohortError
from contrage.imaging.usable import tries, usable
from contrage.layout import quality_file, sidecar_file
from contrage.settings.steps.imaging_tables import UsableStep
from contrage.tables import read_tsv

GOOD = {"status": "ok", "stage": "quality", "reason": None}
BAD_IMAGE = {"status": "failed", "stage": "strip", "reason": "no brain", "unexpected": False}
CRASH = {"status": "failed", "stage": "quality", "reason": "OSError: full", "unexpected": True}


def judge(folder: Path, on_bad_scan: str, **records: dict) -> Path:
    """Write records of scans and run the step; return its table."""
    scans = [f"sub-{name}" for name in records]
    write_text(folder / "scans.tsv", "\n".join(["scan_id", *scans]) + "\n")
    for scan, record in zip(scans, records.values(), strict=True):
        write_json(folder / quality_file(scan), record)
        write_json(folder / sidecar_file(scan), record)
    table = folder / "came_through.tsv"
    settings = UsableStep(on_bad_scan)
    usable(settings, scans=folder / "scans.tsv", derivatives=folder, table=table)
    return table


def test_good_scans_are_tabled(tmp_path):
    table = read_tsv(judge(tmp_path, "fail", a=GOOD, b=GOOD))
    assert table["status"].tolist() == ["ok", "ok"]


def test_bad_images_are_refused_and_all_named(tmp_path, caplog):
    with pytest.raises(BadCohortError, match="2 of 3 scans failed: sub-b, sub-c"):
        judge(tmp_path, "fail", a=GOOD, b=BAD_IMAGE, c=CRASH)
    assert "sub-b: strip: no brain" in caplog.text
    assert "sub-c: quality: OSError: full" in caplog.text


def test_bad_images_may_be_excluded(tmp_path):
    table = read_tsv(judge(tmp_path, "exclude", a=GOOD, b=BAD_IMAGE))
    assert table["reason"].tolist()[1] == "no brain"


def test_an_error_that_nobody_expected_excludes_no_scan(tmp_path):
    with pytest.raises(BadCohortError, match="1 of 3 scans failed: sub-c"):
        judge(tmp_path, "exclude", a=GOOD, b=BAD_IMAGE, c=CRASH)


def test_what_is_refused_is_counted_so_that_it_is_tried_again(tmp_path):
    for times in (1, 2):
        with pytest.raises(BadCohortError):
            judge(tmp_path, "fail", a=GOOD, b=BAD_IMAGE)
        assert tries(tmp_path) == {"sub-b": {"strip": times}}
    judge(tmp_path, "fail", a=GOOD, b=GOOD)
    assert tries(tmp_path) == {"sub-b": {"strip": 2}}, "a count that changes is a reason to try"
    with pytest.raises(BadCohortError):
        judge(tmp_path, "fail", a=GOOD, b=CRASH)
    assert tries(tmp_path) == {"sub-b": {"strip": 2, "quality": 1}}


def test_counts_of_a_version_with_other_steps_are_not_taken_for_ours(tmp_path):
    write_json(tmp_path / "tries.json", {"sub-a": 3})
    assert tries(tmp_path) == {}


def test_the_table_changes_with_every_record_that_it_stands_for(tmp_path):
    tables = [judge(tmp_path, "fail", a=GOOD, b=GOOD).read_bytes()]
    tables.append(judge(tmp_path, "fail", a=GOOD, b={**GOOD, "coverage": 0.9}).read_bytes())
    for more in ({"outputs": {"preproc_mask": "abc"}}, {"outputs": {"preproc_mask": "def"}}):
        write_json(tmp_path / sidecar_file("sub-a"), {**GOOD, **more, "seconds": 2})
        tables.append(again(tmp_path))
    assert len(set(tables)) == 4


def test_the_same_scan_that_took_longer_has_the_same_line(tmp_path):
    tables = []
    for seconds in (2, 3):
        judge(tmp_path, "fail", a=GOOD, b=GOOD)
        took = {"seconds": seconds, "steps": [{"name": "register", "seconds": seconds}]}
        write_json(tmp_path / sidecar_file("sub-a"), {**GOOD, **took})
        tables.append(again(tmp_path))
    assert tables[0] == tables[1]


def again(folder) -> bytes:
    """Judge the scans as their records are now; return the table."""
    files = {"scans": folder / "scans.tsv", "table": folder / "came_through.tsv"}
    usable(UsableStep("fail"), derivatives=folder, **files)
    return files["table"].read_bytes()


def test_scans_of_an_earlier_version_are_refused_and_not_mixed_with_ours(tmp_path):
    judge(tmp_path, "fail", a=GOOD, b=GOOD)
    write_json(tmp_path / sidecar_file("sub-b"), {**GOOD, "stage": "preprocess"})
    with pytest.raises(BadCohortError, match=r"1 of 2 scans .* earlier version.*sub-b.*--forcerun"):
        usable(
            UsableStep("exclude"),
            scans=tmp_path / "scans.tsv",
            derivatives=tmp_path,
            table=tmp_path / "again.tsv",
        )
    assert not (tmp_path / "again.tsv").exists()


def test_without_a_failure_nothing_is_counted(tmp_path):
    judge(tmp_path, "exclude", a=GOOD, b=BAD_IMAGE)
    assert tries(tmp_path) == {}

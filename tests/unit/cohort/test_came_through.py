"""Which scans may fail in preprocessing, and that those which may not are tried again."""

from __future__ import annotations

from pathlib import Path

import pytest

from contrage.files import write_json, write_text
from contrage.imaging.screen import BadCohortError
from contrage.imaging.usable import tries, usable
from contrage.layout import quality_file
from contrage.tables import read_tsv

GOOD = {"status": "ok", "stage": "quality", "reason": None}
BAD_IMAGE = {"status": "failed", "stage": "preprocess", "reason": "no brain", "unexpected": False}
CRASH = {"status": "failed", "stage": "quality", "reason": "OSError: full", "unexpected": True}


def judge(folder: Path, on_bad_scan: str, **records: dict) -> Path:
    """Write records of scans and run the step; return its table."""
    scans = [f"sub-{name}" for name in records]
    write_text(folder / "scans.tsv", "\n".join(["scan_id", *scans]) + "\n")
    for scan, record in zip(scans, records.values(), strict=True):
        write_json(folder / quality_file(scan), record)
    table = folder / "came_through.tsv"
    settings = {"on_bad_scan": on_bad_scan}
    usable(settings, scans=folder / "scans.tsv", derivatives=folder, table=table)
    return table


def test_good_scans_are_tabled(tmp_path):
    table = read_tsv(judge(tmp_path, "fail", a=GOOD, b=GOOD))
    assert table["status"].tolist() == ["ok", "ok"]


def test_bad_images_are_refused_and_all_named(tmp_path, caplog):
    with pytest.raises(BadCohortError, match="2 of 3 scans failed: sub-b, sub-c"):
        judge(tmp_path, "fail", a=GOOD, b=BAD_IMAGE, c=CRASH)
    assert "sub-b: preprocess: no brain" in caplog.text
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
        assert tries(tmp_path) == {"sub-b": times}
    judge(tmp_path, "fail", a=GOOD, b=GOOD)
    assert tries(tmp_path) == {"sub-b": 2}, "a count that changes is a reason to preprocess again"


def test_without_a_failure_nothing_is_counted(tmp_path):
    judge(tmp_path, "exclude", a=GOOD, b=BAD_IMAGE)
    assert tries(tmp_path) == {}

"""All bad scans are named before hours are spent."""

from __future__ import annotations

import pandas as pd
import pytest

from contrage.cohort.gate import BadCohortError, gate
from contrage.cohort.names import check_file
from contrage.files import read_tsv, write_json, write_tsv


def run(folder, reasons, on_bad_scan):
    write_tsv(folder / "scans.tsv", pd.DataFrame({"scan_id": list(reasons)}))
    for scan, reason in reasons.items():
        record = {"status": "failed", "reason": reason} if reason else {"status": "ok"}
        write_json(folder / check_file(scan), record)
    gate(
        {"on_bad_scan": on_bad_scan},
        scans=folder / "scans.tsv",
        derivatives=folder,
        passed=folder / "passed.tsv",
    )
    return read_tsv(folder / "passed.tsv")["scan_id"].tolist()


def test_all_bad_scans_are_named_not_the_first_alone(tmp_path, caplog):
    with pytest.raises(BadCohortError, match="2 of 3 scans cannot be used"):
        run(tmp_path, {"sub-1": "4-D image", "sub-2": None, "sub-3": "all zeros"}, "fail")
    assert "sub-1: 4-D image" in caplog.text
    assert "sub-3: all zeros" in caplog.text
    assert not (tmp_path / "passed.tsv").exists()


def test_bad_scans_are_passed_over_by_choice(tmp_path):
    assert run(tmp_path, {"sub-1": "4-D image", "sub-2": None}, "exclude") == ["sub-2"]


def test_a_full_batch_of_bad_scans_is_an_error_by_any_choice(tmp_path):
    with pytest.raises(BadCohortError, match="none of 2 scans"):
        run(tmp_path, {"sub-1": "4-D image", "sub-2": "all zeros"}, "exclude")

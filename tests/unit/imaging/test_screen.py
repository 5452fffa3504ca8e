"""All bad scans are named before hours are spent."""

from __future__ import annotations

import pandas as pd
import pytest
from imaging_steps import screening

from contrage.files import write_json
from contrage.imaging.screen import BadCohortError, screen
from contrage.layout import check_file
from contrage.tables import read_tsv, write_tsv


def run(folder, reasons, on_bad_scan):
    write_tsv(folder / "scans.tsv", pd.DataFrame({"scan_id": list(reasons)}))
    for scan, reason in reasons.items():
        record = {"status": "failed", "reason": reason} if reason else {"status": "ok"}
        write_json(folder / check_file(scan), record)
    screen(
        screening(on_bad_scan),
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


def image(digest: str) -> dict:
    return {"stiffness": {"sha256": digest, "voxels_sha256": digest}}


def twins(folder, **settings):
    records = {"sub-1": "a", "sub-2": "b", "sub-3": "a", "sub-4_ses-1": "c", "sub-4_ses-2": "c"}
    write_tsv(folder / "scans.tsv", pd.DataFrame({"scan_id": list(records)}))
    for scan, digest in records.items():
        write_json(folder / check_file(scan), {"status": "ok", "inputs": image(digest)})
    files = {"scans": folder / "scans.tsv", "derivatives": folder, "passed": folder / "passed.tsv"}
    screen(screening(**settings), **files)
    return read_tsv(folder / "passed.tsv")["scan_id"].tolist()


def test_one_image_under_two_participants_is_refused_and_of_two_sessions_told(tmp_path, caplog):
    with pytest.raises(BadCohortError, match="2 of 5 scans"):
        twins(tmp_path, on_bad_scan="fail")
    assert "sub-1: has the same stiffness image as sub-3" in caplog.text
    assert "sub-4_ses-1, sub-4_ses-2 have the same stiffness image" in caplog.text
    left = ["sub-2", "sub-4_ses-1", "sub-4_ses-2"]
    assert twins(tmp_path, on_bad_scan="exclude") == left
    assert len(twins(tmp_path, on_bad_scan="fail", duplicates="keep")) == 5


def test_scans_whose_files_cannot_be_used_are_named_with_the_others(tmp_path, caplog):
    columns = ["scan_id", "participant_id", "stage", "reason"]
    rows = [("sub-8", "sub-8", "files", "a link"), ("sub-9", "sub-9", "import", "no map")]
    write_tsv(tmp_path / "excluded.tsv", pd.DataFrame(rows, columns=columns))
    write_tsv(tmp_path / "scans.tsv", pd.DataFrame({"scan_id": ["sub-1", "sub-2"]}))
    for scan, reason in (("sub-1", "zeros"), ("sub-2", None)):
        record = {"status": "failed" if reason else "ok", "reason": reason}
        write_json(tmp_path / check_file(scan), record)
    files = {"scans": tmp_path / "scans.tsv", "excluded": tmp_path / "excluded.tsv"}
    files |= {"derivatives": tmp_path, "passed": tmp_path / "passed.tsv"}
    with pytest.raises(BadCohortError, match="2 of 3 scans"):
        screen(screening("fail"), **files)
    assert "sub-8: a link" in caplog.text and "sub-9" not in caplog.text
    screen(screening("exclude"), **files)
    assert read_tsv(tmp_path / "passed.tsv")["scan_id"].tolist() == ["sub-2"]

"""The reader's list of scans to leave out."""

from __future__ import annotations

import pytest

from contrage.cohort.exclude import read_exclusions
from contrage.errors import SettingsError, TableError

KNOWN = ["sub-01_ses-a", "sub-01_ses-b", "sub-02", "sub-12"]


@pytest.fixture
def listed(tmp_path):
    """Write a list and read it."""

    def read(text: str) -> dict[str, str]:
        (tmp_path / "exclude.tsv").write_text(text, encoding="utf-8")
        return read_exclusions(tmp_path / "exclude.tsv", KNOWN)

    return read


def test_a_participant_stands_for_all_its_scans_and_for_no_other(listed):
    assert listed("participant_id\treason\nsub-01\tmoved\n") == {
        "sub-01_ses-a": "moved",
        "sub-01_ses-b": "moved",
    }


def test_a_scan_stands_for_itself_with_or_without_its_prefix(listed):
    found = listed("scan_id\treason\nsub-01_ses-b\tghosts\n2\t\n".replace("\n2", "\n02"))
    assert found == {"sub-01_ses-b": "ghosts", "sub-02": "no reason given"}


def test_a_list_saved_by_a_spreadsheet_is_read(listed):
    assert listed('\ufeffscan_id\treason\r\nsub-02\tsays "no"\r\n\t\r\n') == {"sub-02": 'says "no"'}


def test_an_unknown_scan_is_named_with_file_and_line(listed):
    with pytest.raises(TableError, match=r"exclude\.tsv, line 3: no scan 'sub-99'"):
        listed("scan_id\treason\nsub-02\tmoved\nsub-99\tmoved\n")


def test_a_scan_that_stands_there_twice_has_one_reason(listed):
    assert listed("scan_id\treason\nsub-02\tmoved\n02\tmoved\n") == {"sub-02": "moved"}
    with pytest.raises(TableError, match=r"line 3: sub-02 stands there already, in line 2 with an"):
        listed("scan_id\treason\nsub-02\tmoved\n02\tghosts\n")


def test_a_scan_and_its_participant_may_have_reasons_of_their_own(listed):
    text = "scan_id\treason\nsub-01_ses-b\tghosts\nsub-01\tmoved\n"
    assert listed(text) == {"sub-01_ses-b": "ghosts", "sub-01_ses-a": "moved"}


def test_a_list_without_its_columns_is_refused(listed):
    with pytest.raises(TableError, match="needs the columns scan_id"):
        listed("sub-02,moved\n")


def test_a_list_that_is_not_there_is_refused_by_its_key(tmp_path):
    with pytest.raises(SettingsError, match=r"cohort\.exclude"):
        read_exclusions(tmp_path / "exclude.tsv", KNOWN)


def test_no_list_excludes_nobody():
    assert read_exclusions(None, KNOWN) == {} == read_exclusions("", KNOWN)

"""What a table of participants may hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from contrage.cohort.scans import participant_label, usable_rows
from contrage.errors import TableError
from contrage.participants.ages import age_in_years
from contrage.participants.described import Unit

TABLE, AGES = Path("participants.tsv"), (0, 120)


@pytest.mark.parametrize("value", ["sub-01", "01"])
def test_an_id_may_stand_with_or_without_its_prefix(value):
    assert participant_label(value, TABLE) == "sub-01"


@pytest.mark.parametrize("value", ["../../etc", "a/b", "a b", "", None, "sub-", "a_b", "a-b"])
def test_an_id_that_is_no_label_is_refused_with_the_table_named(value):
    with pytest.raises(TableError, match=r"participants\.tsv: participant_id"):
        participant_label(value, TABLE)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "missing"),
        (float("nan"), "missing"),
        ("old", "'old' is not a number"),
        (-1, "outside"),
        (240, "outside"),
        ("inf", "outside"),
    ],
)
def test_an_age_that_cannot_be_used_says_why(value, reason):
    with pytest.raises(ValueError, match=reason):
        age_in_years(value, Unit(), AGES)


def test_all_bad_ages_of_a_table_are_named_at_once():
    rows = [
        {"participant_id": "1", "age": 30},
        {"participant_id": "2", "age": "x"},
        {"participant_id": "3", "age": None},
    ]
    with pytest.raises(TableError, match=r"sub-2: age 'x'.*sub-3: age is missing"):
        usable_rows(rows, TABLE, "fail", AGES)


def test_bad_ages_are_left_out_where_the_user_says_so():
    rows = [{"participant_id": "1", "age": 30}, {"participant_id": "2", "age": "x"}]
    good, excluded = usable_rows(rows, TABLE, "exclude", AGES)
    assert [row["scan_id"] for row in good] == ["sub-1"]
    assert [(each.scan_id, each.stage) for each in excluded] == [("sub-2", "table")]


@pytest.mark.parametrize("on_bad_scan", ["fail", "exclude"])
def test_a_participant_twice_is_an_error_even_if_one_row_is_bad(on_bad_scan):
    rows = [{"participant_id": "1", "age": 30}, {"participant_id": "sub-1", "age": 31}]
    with pytest.raises(TableError, match="sub-1 stands there twice"):
        usable_rows(rows, TABLE, on_bad_scan, AGES)


def test_sessions_of_one_participant_are_not_duplicates():
    rows = [{"participant_id": "1", "age": 30, "session": each} for each in ("a", "b")]
    good, _ = usable_rows(rows, TABLE, "fail", AGES)
    assert [row["scan_id"] for row in good] == ["sub-1_ses-a", "sub-1_ses-b"]

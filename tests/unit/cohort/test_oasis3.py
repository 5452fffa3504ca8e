"""OASIS-3 as its owners hand it out, with its traps."""

from __future__ import annotations

import pytest
from cohorts import asked
from given import block
from handed_out import replace, without
from small_cohorts import OAS_ONE as ONE
from small_cohorts import OAS_OTHER as OTHER
from small_cohorts import OASIS_FLAGS as COLUMNS
from small_cohorts import OASIS_FORMS as FORMS
from small_cohorts import OASIS_PEOPLE as PEOPLE
from small_cohorts import OASIS_RATINGS as RATINGS
from small_cohorts import OASIS_SESSIONS as SESSIONS
from small_cohorts import write_oasis3

from contrage.cohort.owners.oasis3_tables import state_of
from contrage.cohort.read import read_cohort
from contrage.errors import TableError


@pytest.fixture
def folder(tmp_path):
    write_oasis3(tmp_path)
    return tmp_path


def cells(**told: str) -> dict[str, str]:
    return {name: told.get(name, "") for name in COLUMNS}


def read(folder, oasis3=None, **others):
    own = {**block("cohort")["oasis3"], **(oasis3 or {})}
    told = {"image": "vbm_roi", "columns": ["diagnosis", "group", "day"], **others}
    return read_cohort(asked(source="oasis3", path=str(folder), oasis3=own, **told))


def test_the_age_at_a_scan_is_that_at_entry_and_the_days_since(folder):
    one, later, other = read(folder).scans
    assert (one.scan_id, one.sex, one.site) == ("sub-OAS30001_ses-d0129", "M", "TrioTim")
    assert one.age == pytest.approx(65.19 + 129 / 365.25, abs=1e-9)
    assert (later.session, later.site) == ("d2430", "Biograph_mMR")
    assert (other.sex, other.age, other.columns["day"]) == ("F", 70.5, "0")


def test_diagnosis_and_group_are_those_of_form_d1(folder):
    assert [scan.columns["diagnosis"] for scan in read(folder).scans] == ["HC", "HC", "AD"]
    assert [scan.columns["group"] for scan in read(folder).scans] == ["HC", "HC", "AD"]
    near = read(folder, oasis3={"window_days": 149})
    assert [scan.columns["diagnosis"] for scan in near.scans] == ["HC", None, None]
    told = "scans without a diagnosis within 149 days, whose column diagnosis is empty (2): "
    assert f"{told}OAS30001 (1), OAS30002 (1)" in near.notes


def test_two_states_at_once_are_left_out_and_counted(folder):
    cohort = read(folder)
    (left,) = cohort.excluded
    reason = "conflicting: HC and MCI are ticked"
    assert (left.scan_id, left.reason) == ("sub-OAS30003_ses-d0010", reason)
    assert f"sessions that have no part (1): sub-OAS30003_ses-d0010: {reason}" in cohort.notes


def test_of_two_runs_the_lower_is_taken_and_the_choice_told(folder):
    (choice,) = read(folder).choices
    assert (choice.scan_id, choice.taken, choice.others) == (
        "sub-OAS30001_ses-d0129",
        "run-1",
        ["run-2"],
    )


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ({"NORMCOG": "1"}, "HC"),
        ({"MCIAPLUS": "1", "PROBAD": "1"}, "MCI"),
        ({"MCINON2": "1.0"}, "MCI"),
        ({"IMPNOMCI": "1"}, "impaired"),
        ({"DEMENTED": "1"}, "other"),
        ({"DEMENTED": "1", "PROBAD": "0", "POSSAD": "0"}, "other"),
        ({"DEMENTED": "1", "POSSAD": "1"}, "AD"),
        ({"DEMENTED": "1", "alzdis": "1", "alzdisif": "1"}, "AD"),
        ({"DEMENTED": "1", "PROBAD": "1", "PROBADIF": "2"}, "other"),
        ({"DEMENTED": "1", "PROBAD": "1", "PROBADIF": "2", "alzdis": "1"}, "AD"),
        ({}, None),
    ],
)
def test_flags_say_one_state_and_blanks_are_skips(told, state):
    assert state_of(cells(**told)) == (state, "")


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ({"NORMCOG": "1", "DEMENTED": "1"}, "conflicting: HC and demented are ticked"),
        ({"NORMCOG": "1", "IMPNOMCI": "1"}, "conflicting: HC and impaired are ticked"),
        ({"NORMCOG": "8"}, "NORMCOG is '8', neither 0 nor 1"),
        ({"DEMENTED": "1", "alzdis": "yes"}, "alzdis is 'yes', neither 0 nor 1"),
    ],
)
def test_flags_that_are_none_or_conflict_are_of_no_use(told, wrong):
    assert state_of(cells(**told)) == (None, wrong)


def test_a_session_that_cannot_be_read_or_joined_is_listed_or_refused(folder):
    replace(folder / SESSIONS, f"{ONE}_MR_d2430", f"{ONE}_PET_d2430")
    replace(folder / PEOPLE, f'"{OTHER}", "70.5"', f'"{OTHER}", ""')
    with pytest.raises(TableError, match=r"session 'OAS30001_PET_d2430' is not like"):
        read(folder)
    cohort = read(folder, on_bad_scan="exclude")
    reasons = {each.scan_id: each.reason for each in cohort.excluded}
    assert reasons["sub-OAS30001_ses-line4"] == (
        "line 4: session 'OAS30001_PET_d2430' is not like OAS30001_MR_d0129 "
        "(cohort.oasis3.sessions)"
    )
    assert reasons["sub-OAS30002_ses-d0000"] == (
        "OAS30002 has no AgeatEntry (cohort.oasis3.demographics)"
    )
    assert f"arrays of no session in {SESSIONS}: sub-OAS30001_ses-d2430" in cohort.notes


def test_somebody_who_is_not_in_the_table_of_people_is_listed(folder):
    replace(folder / PEOPLE, OTHER, "OAS30009")
    reasons = [each.reason for each in read(folder, on_bad_scan="exclude").excluded]
    assert "OAS30002 is not in the table of people (cohort.oasis3.demographics)" in reasons


def test_ratings_are_kept_where_they_are_asked_for_and_decide_nothing(folder):
    asked_for = {"oasis3": {"ratings": RATINGS}, "columns": ["MMSE", "dx1", "Race", "diagnosis"]}
    one, later, other = read(folder, **asked_for).scans
    assert one.columns == {
        "MMSE": "29",
        "dx1": "AD dem cannot be primary",
        "Race": "x",
        "diagnosis": "HC",
    }
    assert (later.columns["MMSE"], other.columns["MMSE"]) == (None, None)
    with pytest.raises(TableError, match=r"cohort\.columns: .*no column 'MMSE'"):
        read(folder, columns=["MMSE"])


@pytest.mark.parametrize(
    ("file", "column", "key"),
    [
        *((PEOPLE, name, "demographics") for name in ("OASISID", "AgeatEntry", "GENDER")),
        *((SESSIONS, name, "sessions") for name in ("subject_id", "label")),
        (SESSIONS, "ManufacturersModelName", "site"),
        *((FORMS, name, "diagnoses") for name in ("OASISID", "days_to_visit", *COLUMNS)),
        *((RATINGS, name, "ratings") for name in ("OASISID", "days_to_visit")),
    ],
)
def test_a_column_that_is_not_there_is_named_with_its_file_and_setting(folder, file, column, key):
    without(folder / file, column)
    with pytest.raises(TableError) as error:
        read(folder, oasis3={"ratings": RATINGS})
    assert f"{file}: no column '{column}' (cohort.oasis3.{key})" in str(error.value)


@pytest.mark.parametrize(
    ("file", "key"), [(PEOPLE, "demographics"), (SESSIONS, "sessions"), (FORMS, "diagnoses")]
)
def test_a_table_that_is_not_there_is_named_with_its_setting(folder, file, key):
    (folder / file).unlink()
    with pytest.raises(TableError, match=rf"no file OASIS3.*there \(cohort\.oasis3\.{key}\)"):
        read(folder)

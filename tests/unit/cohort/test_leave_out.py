"""Whom a list of ids means, in the cohort itself and in another one."""

from __future__ import annotations

import pytest

from contrage.cohort.leave_out import find, of_both

BOTH = of_both("maps")


@pytest.mark.parametrize("there", ["sub-1", "sub-01", "sub-001"])
def test_one_of_another_cohort_is_found_whatever_the_zeros(there):
    found = find({there: BOTH}, ["sub-01", "sub-02", "sub-10"])
    assert set(found.reasons) == {"sub-01"}
    assert found.reasons["sub-01"].startswith(BOTH)
    assert found.otherwise == ({} if there == "sub-01" else {there: ["sub-01"]})


def test_capitals_and_zeros_within_an_id_make_nobody_another_person():
    found = find({"sub-ab7": BOTH, "sub-C010": BOTH}, ["sub-AB07", "sub-c10", "sub-ab70"])
    assert set(found.reasons) == {"sub-AB07", "sub-c10"}
    assert found.reasons["sub-AB07"] == f"{BOTH} (sub-ab7 there)"


def test_of_several_who_may_be_meant_all_are_left_out():
    found = find({"sub-1": BOTH}, ["sub-01", "sub-001", "sub-11"])
    assert set(found.reasons) == {"sub-01", "sub-001"}
    assert found.otherwise == {"sub-1": ["sub-001", "sub-01"]}


def test_who_has_the_very_id_is_not_told_of_another_time():
    found = find({"sub-1": BOTH, "sub-01": BOTH}, ["sub-01"])
    assert (found.reasons, found.otherwise) == ({"sub-01": BOTH}, {})


def test_who_is_in_the_other_cohort_alone_is_no_mistake():
    found = find({"sub-9": BOTH, "sub-01": "moved"}, ["sub-01"])
    assert (found.reasons, found.unknown) == ({"sub-01": "moved"}, [])


@pytest.mark.parametrize("key", ["sub-1", "SUB-01", "sub-001"])
def test_an_id_that_a_person_wrote_is_taken_to_the_letter(key):
    assert find({key: "moved"}, ["sub-01"]).unknown == [key]


def test_one_person_under_two_names_has_the_first_reason_and_is_named_where_they_differ():
    same = find({"sub-01": "moved", "01": "moved", 1: "moved"}, ["sub-01"])
    assert (same.reasons, same.twice) == ({"sub-01": "moved"}, {})
    found = find({"sub-01": "moved", 1: "withdrew"}, ["sub-01"])
    assert found.reasons == {"sub-01": "moved"}
    assert found.twice == {"sub-01": ["sub-01", "1"]}

"""Several cohorts as one: ids, one person in two of them, sites, columns, who is left out."""

from __future__ import annotations

import pytest

from contrage.cohort.merge import merge
from contrage.cohort.same_people import rename
from contrage.cohort.scans import Choice, Cohort, Exclusion, Scan
from contrage.errors import SettingsError


def cohort(*people: str, **more) -> Cohort:
    return Cohort([Scan(f"sub-{name}", 40.0 + i) for i, name in enumerate(people)], **more)


def merged(same_ids: str = "refuse", columns: tuple[str, ...] = (), left=None, **members) -> Cohort:
    return merge(members, columns, same_ids, left or {})


def ids(found: Cohort) -> list[str]:
    return [scan.scan_id for scan in found.scans]


def test_ids_and_sites_begin_with_their_cohort_and_the_column_cohort_says_it():
    a = Cohort([Scan("sub-1", 30.0, "v1", "F", "12"), Scan("sub-1", 31.0, "v2", "F")])
    found = merged(a=a, b=cohort("2"))
    assert ids(found) == ["sub-a-1_ses-v1", "sub-a-1_ses-v2", "sub-b-2"]
    assert {scan.participant_id for scan in found.scans} == {"sub-a-1", "sub-b-2"}
    assert [scan.site for scan in found.scans] == ["a-12", None, None]
    assert [scan.columns for scan in found.scans] == [{"cohort": name} for name in "aab"]
    assert [scan.age for scan in found.scans] == [30.0, 31.0, 40.0]


def test_sites_of_two_cohorts_are_two_sites_whatever_they_are_called():
    one, other = (Cohort([Scan(f"sub-{n}", 30.0, site="1")]) for n in (1, 2))
    assert [scan.site for scan in merged(a=one, b=other).scans] == ["a-1", "b-1"]


def test_columns_of_a_member_that_has_none_are_missing_there():
    a = Cohort([Scan("sub-1", 30.0, columns={"group": "HC", "site2": "x"})])
    found = merged(columns=("group",), a=a, b=cohort("2"))
    assert [scan.columns for scan in found.scans] == [
        {"cohort": "a", "group": "HC"},
        {"cohort": "b", "group": None},
    ]


def test_who_is_left_out_of_a_member_stands_among_the_excluded_with_the_reason():
    a = cohort("1", "2", excluded=[Exclusion("sub-9_ses-2", "table", "age is missing")])
    found = merged(a=a, b=cohort("3"), left={"a": {"sub-2": "moved"}})
    assert found.excluded == [
        Exclusion("sub-a-2", "reader", "excluded by the reader: moved"),
        Exclusion("sub-a-9_ses-2", "table", "age is missing"),
    ]
    assert ids(found) == ["sub-a-1", "sub-b-3"]


def test_notes_choices_and_tables_of_all_members_are_kept():
    a = cohort("1", notes=["ages are whole years"], tables=["x.tsv"])
    a.choices.append(Choice("sub-1", "T1w", "run-1", ["run-2"]))
    found = merged(a=a, b=cohort("2", tables=["x.tsv", "y.tsv"]))
    assert found.notes == ["a: ages are whole years"]
    assert found.choices == [Choice("sub-a-1", "T1w", "run-1", ["run-2"])]
    assert found.tables == ["x.tsv", "y.tsv"]


def test_the_members_stay_as_they_are():
    a, b = cohort("1"), cohort("2")
    merged(a=a, b=b)
    assert (ids(a), ids(b)) == (["sub-1"], ["sub-2"])


@pytest.mark.parametrize("there", ["7", "07", "007"])
def test_an_id_of_two_members_is_asked_about(there):
    with pytest.raises(
        SettingsError,
        match=rf"merge\.same_ids: sub-7 of a, sub-{there} of b: is it one person\? Set it to same",
    ):
        merged(a=cohort("7", "8"), b=cohort(there, "9"))


def test_one_person_of_two_members_has_one_id_and_all_visits():
    a = Cohort([Scan("sub-7", 30.0)])
    b = Cohort([Scan("sub-07", 33.0), Scan("sub-8", 50.0)])
    found = merged("same-people", a=a, b=b)
    assert [(scan.participant_id, scan.scan_id) for scan in found.scans] == [
        ("sub-a-7", "sub-a-7"),
        ("sub-a-7", "sub-a-7_ses-b"),
        ("sub-b-8", "sub-b-8"),
    ]
    assert [scan.columns["cohort"] for scan in found.scans] == ["a", "b", "b"]
    assert found.notes == [
        "1 person is in several cohorts (merge.same_ids): sub-7 of a, sub-07 of b"
    ]


def test_visits_of_one_label_in_two_members_are_two_visits():
    a, b = (Cohort([Scan("sub-7", age, "1")]) for age in (30.0, 33.0))
    assert ids(merged("same-people", a=a, b=b)) == ["sub-a-7_ses-1", "sub-a-7_ses-b-1"]


def test_a_person_of_three_members_has_the_id_of_the_first():
    found = merged("same-people", a=cohort("1"), b=cohort("7"), c=cohort("7"), d=cohort("07"))
    assert {scan.participant_id for scan in found.scans} == {"sub-a-1", "sub-b-7"}


def test_capitals_alone_do_not_make_another_person():
    found = merged("same-people", a=cohort("S07"), b=cohort("s7"))
    assert {scan.participant_id for scan in found.scans} == {"sub-a-S07"}


def test_other_people_keep_ids_of_their_own():
    found = merged("other-people", a=cohort("7"), b=cohort("7"))
    assert ids(found) == ["sub-a-7", "sub-b-7"]
    assert found.notes == []


def test_ids_that_are_alike_within_a_member_count_to_the_letter():
    found = merged("same-people", a=cohort("7", "07"), b=cohort("7", "07"))
    assert sorted({scan.participant_id for scan in found.scans}) == ["sub-a-07", "sub-a-7"]


def test_whose_id_it_is_must_be_told_where_several_are_alike():
    with pytest.raises(
        SettingsError,
        match=r"merge\.same_ids: sub-7 and sub-07 of a, sub-007 of b: which are one person\? Write",
    ):
        merged("same-people", a=cohort("7", "07"), b=cohort("007"))


def test_two_people_never_get_one_id_by_the_names_of_cohorts():
    with pytest.raises(
        SettingsError,
        match=r"cohort\.name: sub-1-2 of a and sub-2 of a-1 would both be sub-a-1-2; give one",
    ):
        merged("other-people", **{"a": cohort("1-2"), "a-1": cohort("2")})


def test_a_name_that_would_cut_ids_is_refused():
    with pytest.raises(SettingsError, match=r"cohort\.name: x_ses-1: ids of merged people begin"):
        merged(**{"x_ses-1": cohort("1"), "b": cohort("2")})


def test_two_scans_never_get_one_id():
    a = Cohort([Scan("sub-7", 30.0, "b-1")])
    b = Cohort([Scan("sub-7", 33.0, "1")])
    with pytest.raises(SettingsError, match=r"cohort: two scans would be sub-a-7_ses-b-1; give"):
        merged("same-people", a=a, b=b)


def test_tables_that_disagree_about_a_sex_are_told():
    a, b = (Cohort([Scan("sub-7", 30.0, sex=sex)]) for sex in "FM")
    assert merged("same-people", a=a, b=b).notes[1:] == [
        "tables disagree about the sex of sub-a-7: is it one person?"
    ]


def test_ids_of_scans_are_renamed_as_those_of_people_and_sessions():
    first, second = rename({"a": ["sub-7"], "b": ["sub-7", "sub-8"]}, "same-people")
    assert first.scan("sub-7_ses-1") == "sub-a-7_ses-1"
    assert second.scan("sub-7") == "sub-a-7_ses-b"
    assert second.scan("sub-7_ses-1") == "sub-a-7_ses-b-1"
    assert second.scan("sub-8_ses-1") == "sub-b-8_ses-1"
    assert second.scan("sub-99") == "sub-b-99"

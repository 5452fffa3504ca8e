"""Ids, ages, sexes and sessions, as people write them into the tables of a BIDS folder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cohorts import asked

from contrage.cohort.read import read_cohort
from contrage.cohort.register import register
from contrage.cohort.scans import Cohort
from contrage.errors import TableError
from contrage.tables import read_tsv

SETTINGS = {"source": "bids", "on_bad_scan": "fail"}


@pytest.fixture
def study(tmp_path: Path):
    """Write a study of scans (sub-1, sub-1_ses-a …) and its participants.tsv; read it."""

    def write(scans: list[str], table: str | None, **others: Any) -> Cohort:
        for scan in scans:
            file = tmp_path / scan.replace("_ses", "/ses") / "mre" / f"{scan}_stiffness.nii.gz"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        if table is not None:
            (tmp_path / "participants.tsv").write_text(table.replace(" ", "\t"), encoding="utf-8")
        return read_cohort(asked(**{**SETTINGS, "path": str(tmp_path), **others}))

    return write


def people(count: int) -> list[str]:
    return [f"sub-{k:02d}" for k in range(1, count + 1)]


def rows(ids: list[object]) -> str:
    return "participant_id age\n" + "".join(f"{name} {20 + k}\n" for k, name in enumerate(ids))


def ages(cohort: Cohort) -> dict[str, float]:
    return {scan.scan_id: scan.age for scan in cohort.scans}


@pytest.mark.parametrize("ids", [range(1, 13), [f"sub-{k}" for k in range(1, 13)],
                                 [f"{k:04d}" for k in range(1, 13)]])  # fmt: skip
def test_ids_that_lost_zeros_or_have_too_many_are_matched_and_it_is_said(study, ids):
    cohort = study(people(12), rows(list(ids)))
    assert list(ages(cohort)) == people(12)
    assert list(ages(cohort).values()) == [20.0 + k for k in range(12)]
    assert "differ by zeros or capitals" in cohort.notes[0]


def test_capitals_and_zeros_inside_a_label_are_matched(study):
    assert list(ages(study(["sub-p007", "sub-P8"], rows(["P7", "p08"])))) == ["sub-p007", "sub-P8"]


@pytest.mark.parametrize(
    ("folders", "ids"), [(["sub-1", "sub-001"], ["01"]), (["sub-01"], ["1", "001"]),
                         (["sub-01"], ["01", "1"])]
)  # fmt: skip
def test_ids_that_may_be_several_are_refused_naming_both_sides(study, folders, ids):
    with pytest.raises(TableError, match=r"which of them are the same") as caught:
        study(folders, rows(ids))
    assert folders[0] in str(caught.value) and ids[0] in str(caught.value)


def test_a_run_on_a_few_of_many_is_refused_where_ids_do_not_match(study):
    with pytest.raises(TableError, match=r"9 of 12 participants have no folder.*are they the same"):
        study(people(12), rows([*(f"A{k}" for k in range(9)), "10", "11", "12"]))


def test_rows_without_a_folder_are_listed_where_every_folder_has_a_row(study):
    cohort = study(people(3), rows(list(range(1, 13))))
    assert len(cohort.scans) == 3 and len(cohort.excluded) == 9


@pytest.mark.parametrize(
    ("units", "factor"),
    [("month", 12), ("Months", 12), ("mo", 12), ("weeks", 365.25 / 7), ("days", 365.25),
     ("d", 365.25),
     ("years", 1), ("yr", 1), ("a", 1)],
)  # fmt: skip
def test_ages_are_in_the_unit_of_the_json(study, tmp_path, units, factor):
    described = {"age": {"Description": "age", "Units": units}}
    (tmp_path / "participants.json").write_text(json.dumps(described))
    cohort = study(["sub-1"], f"participant_id age\n1 {30 * factor}\n")
    assert ages(cohort)["sub-1"] == pytest.approx(30)
    assert str(tmp_path / "participants.json") in cohort.tables
    told = [note for note in cohort.notes if "told in years" in note]
    assert len(told) == (factor != 1), "years need no words"
    assert all(note.endswith(str(tmp_path / "participants.json")) for note in told)


def test_a_unit_that_is_none_and_months_in_words_alone_are_asked_about(study, tmp_path):
    for described, message in (
        ({"Units": "kg"}, "has the unit 'kg'"),
        ({"Description": "Age at scan (months)"}, "speaks of months, but there are no Units"),
    ):
        (tmp_path / "participants.json").write_text(json.dumps({"age": described}))
        with pytest.raises(TableError, match=rf"participants\.json: .*{message}"):
            study(["sub-1"], rows([1]))


@pytest.mark.parametrize("told", [[250, 300, 180], [0.5, 1.2, 1.9]])
def test_ages_that_cannot_be_years_ask_for_the_unit(study, told):
    table = "participant_id age\n" + "".join(f"{k} {age}\n" for k, age in enumerate(told))
    scans = [f"sub-{k}" for k in range(3)]
    with pytest.raises(TableError, match=r"are these ages years.*cohort\.age_unit"):
        study(scans, table, on_bad_scan="exclude")
    said = study(scans, table, age_unit="months" if max(told) > 2 else "years")
    assert next(iter(ages(said).values())) == pytest.approx(told[0] / (12 if max(told) > 2 else 1))
    noted = ["ages given in months, and told in years: cohort.age_unit"]
    assert said.notes == (noted if max(told) > 2 else [])


@pytest.mark.parametrize("age", ["1_0", "34,5", "045Y", "89+", "0x20", "-3", "121", "nan"])
def test_an_age_that_is_no_number_of_years_is_named(study, age):
    with pytest.raises(TableError, match=r"sub-1: age "):
        study(["sub-1", "sub-2", "sub-3"], f"participant_id age\n1 {age}\n2 30\n3 40\n")


def sessions(folder: Path, person: str, text: str, name: str = "sessions") -> None:
    (folder / person).mkdir(exist_ok=True)
    (folder / person / f"{person}_{name}.tsv").write_text(text.replace(" ", "\t"))


TWICE = ["sub-1_ses-01", "sub-1_ses-02"]


def test_ages_may_stand_in_the_tables_of_sessions_alone(study, tmp_path):
    sessions(tmp_path, "sub-1", "session_id age sex\nses-01 50 F\nses-02 58 F\n")
    cohort = study(TWICE, "participant_id group\n1 a\n")
    assert ages(cohort) == {"sub-1_ses-01": 50, "sub-1_ses-02": 58}
    assert {scan.sex for scan in cohort.scans} == {"F"}
    (tmp_path / "participants.tsv").unlink()
    assert ages(study(TWICE, None)) == ages(cohort)


def test_no_age_anywhere_is_told_with_the_nearest_column(study):
    with pytest.raises(TableError, match=r"no column 'age'; did you mean 'aeg'.*sessions\.tsv"):
        study(["sub-1"], "participant_id aeg\n1 30\n")


@pytest.mark.parametrize("labels", [("1", "2"), ("ses-1", "ses-2"), ("001", "002")])
def test_sessions_are_matched_without_zeros_or_prefix(study, tmp_path, labels):
    rows_of = "".join(f"{label} {50 + 8 * k}\n" for k, label in enumerate(labels))
    sessions(tmp_path, "sub-1", f"session_id age\n{rows_of}")
    assert list(ages(study(TWICE, rows([1]))).values()) == [50, 58]


@pytest.mark.parametrize("second", ["", "ses-02 n/a\n", "ses-3 58\n"])
def test_a_session_without_an_age_of_its_own_is_named(study, tmp_path, second):
    sessions(tmp_path, "sub-1", f"session_id age\nses-01 50\n{second}")
    with pytest.raises(TableError, match=r"sub-1_ses-02: ses-02 has no .*sub-1_sessions\.tsv"):
        study(TWICE, rows([1]))
    cohort = study(TWICE, rows([1]), on_bad_scan="exclude")
    assert ages(cohort) == {"sub-1_ses-01": 50}
    assert cohort.excluded[0].scan_id == "sub-1_ses-02"


@pytest.mark.parametrize("table", [None, "session_id acq_time\nses-01 x\nses-02 y\n"])
def test_sessions_that_share_the_age_of_their_participant_are_noted(study, tmp_path, table):
    if table:
        sessions(tmp_path, "sub-1", table)
    cohort = study(TWICE, rows([1]))
    assert set(ages(cohort).values()) == {20.0}
    (note,) = cohort.notes
    assert note == "several sessions have the age of participants.tsv: sub-1 (2)"


@pytest.mark.parametrize("again", ["ses-01 60\n", "01 60\n", "1 60\n"])
def test_a_session_that_stands_twice_is_refused(study, tmp_path, again):
    sessions(tmp_path, "sub-1", f"session_id age\nses-01 50\nses-02 58\n{again}")
    with pytest.raises(TableError, match=r"sub-1_sessions\.tsv: .*(twice|which of them)"):
        study(TWICE, rows([1]))


def test_session_and_session_id_may_both_be_there_if_they_agree(study):
    head = "participant_id session session_id age\n"
    empty = study(["sub-1"], f"{head}1 n/a n/a 30\n")
    assert ages(empty) == {"sub-1": 30}
    both = study(TWICE, f"{head}1 01 ses-01 30\n1 02 ses-02 31\n")
    assert ages(both) == {"sub-1_ses-01": 30, "sub-1_ses-02": 31}
    with pytest.raises(TableError, match="line 2: session_id is '02', session is '01'"):
        study(TWICE, f"{head}1 01 ses-02 30\n")


def test_rows_of_sessions_in_participants_are_matched_and_sessions_without_a_row_listed(study):
    cohort = study([*TWICE, "sub-1_ses-x"], "participant_id session age\n1 1 30\n1 2 31\n")
    assert ages(cohort) == {"sub-1_ses-01": 30, "sub-1_ses-02": 31}
    assert [(e.scan_id, e.reason) for e in cohort.excluded] == [
        ("sub-1_ses-x", "no row in participants.tsv")
    ]


def test_the_table_of_scans_counts_more_than_that_of_sessions(study, tmp_path):
    sessions(tmp_path, "sub-1", "session_id age\nses-01 50\nses-02 58\n")
    (tmp_path / "sub-1/ses-02").mkdir(parents=True)
    (tmp_path / "sub-1/ses-02/sub-1_ses-02_scans.tsv").write_text(
        "filename\tage\tdiagnosis\nmre/sub-1_ses-02_stiffness.nii.gz\t58.5\tAD\n"
    )
    table = "participant_id age diagnosis\n1 30 HC\n"
    cohort = study(TWICE, table, columns=["diagnosis"])
    assert ages(cohort) == {"sub-1_ses-01": 50, "sub-1_ses-02": 58.5}
    assert [scan.columns["diagnosis"] for scan in cohort.scans] == ["HC", "AD"]


def test_further_columns_are_kept_in_the_table_of_scans(study, tmp_path):
    settings = asked(**SETTINGS, path=str(tmp_path), columns=["diagnosis"])
    study(["sub-1", "sub-2"], "participant_id age Diagnosis\n1 30 HC\n2 31 n/a\n")
    register(settings, scans=tmp_path / "scans.tsv", excluded=tmp_path / "excluded.tsv")
    assert read_tsv(tmp_path / "scans.tsv")["diagnosis"].fillna("-").tolist() == ["HC", "-"]
    with pytest.raises(TableError, match=r"cohort\.columns: no table .* column 'diagnosys'"):
        read_cohort(replace(settings, columns=("diagnosys",)))


def test_sexes_are_understood_and_the_rest_stays_as_it_is(study, tmp_path):
    told = ["F", "female", "Male", "m", "O", "2", "n/a", "weiblich"]
    table = "participant_id age sex\n" + "".join(f"{k} 30 {s}\n" for k, s in enumerate(told))
    scans = [f"sub-{k}" for k in range(len(told))]
    expected = ["F", "F", "M", "M", "O", "2", None, "F"]
    assert [scan.sex for scan in study(scans, table).scans] == expected
    levels = {"sex": {"Levels": {"1": "male", "2": {"Description": "Female"}}}}
    (tmp_path / "participants.json").write_text(json.dumps(levels))
    assert [scan.sex for scan in study(scans, table).scans][5] == "F"


def test_a_blank_row_is_nobody_and_a_row_without_an_id_is_named(study):
    assert len(study(["sub-1"], "participant_id age\n1 30\n \n \n").scans) == 1
    with pytest.raises(TableError, match=r"line 3: .*no participant's id"):
        study(["sub-1"], "participant_id age\n1 30\nn/a 31\n")


def test_tables_that_were_read_are_told(study, tmp_path):
    sessions(tmp_path, "sub-1", "session_id age\nses-01 50\nses-02 58\n")
    assert study(TWICE, rows([1])).tables == [
        str(tmp_path / "participants.tsv"),
        str(tmp_path / "sub-1/sub-1_sessions.tsv"),
    ]


def test_levels_count_more_than_letters(study, tmp_path):
    levels = {"Levels": {"M": "Mujer (female)", "H": "Hombre, male", "x": {"description": "n/a"}}}
    (tmp_path / "participants.json").write_text(json.dumps({"Sex ": levels}))
    table = "participant_id age sex\n1 30 M\n2 31 H\n3 32 x\n"
    scans = study(["sub-1", "sub-2", "sub-3"], table).scans
    assert [scan.sex for scan in scans] == ["F", "M", "x"]
    turned = {"Levels": {"female": 0, "male": 1}}
    (tmp_path / "participants.json").write_text(json.dumps({"sex": turned}))
    scans = study(["sub-1", "sub-2"], "participant_id age sex\n1 30 0\n2 31 1\n").scans
    assert [scan.sex for scan in scans] == ["F", "M"]


@pytest.mark.parametrize(
    "described",
    [
        {"LongName": "Age in months"},
        {"Description": "Age (mo)"},
        {"description": "age, months"},
        {"Description": "age in whole weeks"},
        "Age in months",
    ],
)
def test_months_in_words_of_any_kind_are_asked_about(study, tmp_path, described):
    (tmp_path / "participants.json").write_text(json.dumps({" age_": described}))
    with pytest.raises(TableError, match="but there are no Units"):
        study(["sub-1"], rows([1]))


@pytest.mark.parametrize(
    ("units", "per_year"),
    [("years old", 1), ("Year(s)", 1), ("month(s)", 12), ("weeks (PMA)", 365.25 / 7),
     ("decimal years", 1), ("n/a", 1), (["years"], 1)],
)  # fmt: skip
def test_units_are_understood_as_people_write_them(study, tmp_path, units, per_year):
    (tmp_path / "participants.json").write_text(json.dumps({"age": {"Units": units}}))
    cohort = study(["sub-1"], f"participant_id age\n1 {30 * per_year}\n")
    assert ages(cohort)["sub-1"] == pytest.approx(30)


def test_years_in_the_description_are_years_whatever_else_it_tells(study, tmp_path):
    text = "Age in years; follow-up in months 6 and 12"
    (tmp_path / "participants.json").write_text(json.dumps({"age": {"Description": text}}))
    assert ages(study(["sub-1"], rows([1]))) == {"sub-1": 20}


def test_two_tables_in_two_units_are_asked_about(study, tmp_path):
    (tmp_path / "participants.json").write_text(json.dumps({"age": {"Units": "months"}}))
    sessions(tmp_path, "sub-1", "session_id age\nses-01 70\nses-02 71\n")
    with pytest.raises(TableError, match=r"are they in one unit\? Say Units in sessions\.json"):
        study(TWICE, "participant_id age\n1 840\n")


def test_some_ages_of_children_in_months_do_not_make_the_others_years(study):
    table = "participant_id age\n" + "".join(f"{k} {40 + 10 * k}\n" for k in range(11))
    with pytest.raises(TableError, match="2 of 11 are above 120"):
        study([f"sub-{k}" for k in range(11)], table, on_bad_scan="exclude")


def test_folders_and_sessions_that_are_links_to_nowhere_are_told(study, tmp_path):
    study([*TWICE, "sub-2"], rows([1, 2]))
    (tmp_path / "sub-3").symlink_to("gone")
    (tmp_path / "sub-4").mkdir()
    (tmp_path / "sub-1/ses-03").symlink_to("gone")
    cohort = study([], rows([1, 2, 3, 4]))
    told = {each.scan_id: each for each in cohort.excluded}
    assert {each.stage for each in told.values()} == {"files"}
    assert "link to nowhere" in told["sub-3"].reason
    assert "is empty; fetch it" in told["sub-4"].reason
    assert "link to nowhere" in told["sub-1_ses-03"].reason
    assert list(ages(cohort)) == [*TWICE, "sub-2"]


def test_addresses_of_images_may_have_folders_before_them_and_other_endings(study, tmp_path):
    study(TWICE, rows([1]))
    for session, name in (("01", "./mre/sub-1_ses-01_stiffness.nii"),
                          ("02", "sub-1/ses-02/mre/sub-1_ses-02_stiffness.nii.gz")):  # fmt: skip
        text = f"filename\tage\n{name}\t{50 + int(session)}\n"
        (tmp_path / f"sub-1/ses-{session}/sub-1_ses-{session}_scans.tsv").write_text(text)
    assert ages(study(TWICE, rows([1]))) == {"sub-1_ses-01": 51, "sub-1_ses-02": 52}
    for session in ("01", "02"):
        (tmp_path / f"sub-1/ses-{session}/sub-1_ses-{session}_scans.tsv").unlink()
    lines = [f"ses-0{k}/mre/sub-1_ses-0{k}_stiffness.nii.gz\t{60 + k}" for k in (1, 2)]
    (tmp_path / "sub-1/sub-1_scans.tsv").write_text("\n".join(["filename\tage", *lines]) + "\n")
    assert ages(study(TWICE, rows([1]))) == {"sub-1_ses-01": 61, "sub-1_ses-02": 62}


@pytest.mark.parametrize("second", ["mre/sub-1_ses-02_stiffness.nii.gz n/a", "anat/other.nii 7"])
def test_an_image_without_an_age_where_others_have_one_is_named(study, tmp_path, second):
    study(TWICE, rows([1]))
    lines = {"01": "mre/sub-1_ses-01_stiffness.nii.gz 50", "02": second}
    for session, line in lines.items():
        text = f"filename age\n{line}\n".replace(" ", "\t")
        (tmp_path / f"sub-1/ses-{session}/sub-1_ses-{session}_scans.tsv").write_text(text)
    with pytest.raises(TableError, match=r"sub-1_ses-02: no age in sub-1_ses-02_scans\.tsv"):
        study(TWICE, rows([1]))


def test_who_has_no_images_need_not_have_an_age(study):
    cohort = study(["sub-1"], "participant_id age\n1 30\n2 n/a\n3 n/a\n")
    assert ages(cohort) == {"sub-1": 30}
    assert [each.stage for each in cohort.excluded] == ["import", "import"]


def test_half_a_cohort_does_not_vanish_and_a_folder_too_many_stops_nobody(study):
    with pytest.raises(TableError, match=r"2 of 4 participants have no folder.*are they the same"):
        study(["sub-01", "sub-02", "sub-03", "sub-04"], rows(["01", "02", "X3", "X4"]))
    everyone = ["01", "02", "03", "04", *range(5, 25)]
    assert len(study([], rows(everyone)).scans) == 4
    assert len(study(["sub-99"], rows(everyone)).scans) == 4


def test_a_session_that_folders_do_not_know_is_passed_over_and_it_is_said(study):
    cohort = study(["sub-1", "sub-2"], "participant_id session age\n1 base 30\n2 base 31\n")
    assert ages(cohort) == {"sub-1": 30, "sub-2": 31}
    assert "participants.tsv has a session, the folders have none" in cohort.notes[0]


def test_columns_of_sessions_that_agree_by_zeros_agree(study):
    table = "participant_id session session_id age\n1 1 ses-01 30\n1 2 ses-02 31\n"
    assert list(ages(study(TWICE, table))) == TWICE


def test_a_session_without_a_row_is_told_with_the_rows_that_are_there(study, tmp_path):
    sessions(tmp_path, "sub-1", "session_id age\nbase 50\nlater 58\n")
    with pytest.raises(TableError, match=r"no row in sub-1_sessions\.tsv.*; it has base, later"):
        study(TWICE, rows([1]))
    sessions(tmp_path, "sub-1", "session_id age\nses-01 50\nn/a 58\n")
    with pytest.raises(TableError, match="line 3: there is no session's id"):
        study(TWICE, rows([1]))


def test_quoted_ids_and_other_separators_are_told_as_what_they_are(study):
    with pytest.raises(TableError, match="stands in quotation marks"):
        study(["sub-1"], 'participant_id age\n"sub-1" 30\n')
    with pytest.raises(TableError, match="columns must be separated by tabs"):
        study(["sub-1"], "participant_id;age\nsub-1;30\n")


def test_a_json_that_is_a_link_to_nowhere_is_named(study, tmp_path):
    (tmp_path / "participants.json").symlink_to("gone")
    with pytest.raises(TableError, match=r"participants\.json: a link to nowhere"):
        study(["sub-1"], rows([1]))


def test_na_of_other_programs_is_missing(study):
    table = "participant_id age site sex\n1 30 NA .\n2 31 A NaN\n"
    cohort = study(["sub-1", "sub-2"], table)
    assert [(scan.site, scan.sex) for scan in cohort.scans] == [(None, None), ("A", None)]


def test_age_0_among_adults_is_a_missing_age_and_among_infants_none(study):
    scans = ["sub-1", "sub-2", "sub-3"]
    with pytest.raises(TableError, match="sub-2: age 0 among adults: write n/a"):
        study(scans, "participant_id age\n1 30\n2 0\n3 40\n")
    infants = study(scans, "participant_id age\n1 0\n2 1.5\n3 1\n", age_unit="years")
    assert list(ages(infants).values()) == [0, 1.5, 1]


def test_a_column_named_for_age_and_unit_is_taken_and_it_is_said(study):
    cohort = study(["sub-1", "sub-2"], "participant_id age_months\n1 360\n2 480\n")
    assert ages(cohort) == {"sub-1": 30, "sub-2": 40}
    assert "columns that are taken for the age: 'age_months'" in cohort.notes[0]
    with pytest.raises(TableError, match="no column 'age'"):
        study(["sub-1"], "participant_id age_days age_months\n1 900 30\n")


def test_a_table_of_another_kind_is_named(study, tmp_path):
    (tmp_path / "participants.xlsx").touch()
    with pytest.raises(TableError, match=r"save participants\.xlsx as participants\.tsv"):
        study(["sub-1"], None)

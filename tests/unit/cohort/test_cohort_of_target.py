"""A cohort read for another target than age: who has one, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cohorts import asked, opened
from targets import POINTS_BLOCK

from contrage.cohort.read import read_cohort
from contrage.cohort.register import COLUMNS, register
from contrage.errors import SettingsError, TableError
from contrage.settings.steps.cohort import CohortStep
from contrage.tables import read_tsv
from contrage.target import TAKEN

VALUES = ["25", "151", "75.5", "141", "206", "135"]


def table(folder: Path, values: list[str], more: dict[str, Any] | None = None, **names: Any):
    """Write a table of two features and the target; return the settings that read it."""
    rng = np.random.default_rng(4)
    columns = {
        "participant_id": [f"p{at}" for at in range(len(values))],
        "bmi": [f"{value:.3f}" for value in rng.normal(25, 4, len(values))],
        "bp": [f"{value:.3f}" for value in rng.normal(90, 9, len(values))],
        "progression": values,
        **(more or {}),
    }
    path = folder / "table.csv"
    lines = [",".join(columns), *(",".join(line) for line in zip(*columns.values(), strict=True))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return asked(**of_table(path, **names), target=POINTS_BLOCK)


def of_table(path: Path, **names: Any) -> dict[str, Any]:
    """Return the part of the block `cohort` that reads a table."""
    names = {"missing": "fail", **names}
    return {"source": "table", "path": str(path), "on_bad_scan": "fail", "table": names}


def refused(settings: CohortStep) -> str:
    with pytest.raises((TableError, SettingsError)) as told:
        read_cohort(settings)
    return str(told.value)


def test_of_age_the_settings_of_a_cohort_are_what_they_were(tmp_path):
    settings = asked(**of_table(tmp_path / "table.csv"), target={"bin": 10})
    assert settings.target is None and settings.columns == ()
    assert settings == asked(**of_table(tmp_path / "table.csv"))


def test_nobody_needs_an_age_and_the_target_is_no_feature(tmp_path):
    settings = table(tmp_path, VALUES)
    cohort = read_cohort(settings)
    assert [scan.age for scan in cohort.scans] == [None] * 6
    assert [scan.columns for scan in cohort.scans] == [{"progression": v} for v in VALUES]
    assert opened(settings).features == ["bmi", "bp"]


def test_ages_are_kept_where_they_are_known(tmp_path):
    ages = {"age": ["31", "", "nobody knows", "44", "400", "50"]}
    cohort = read_cohort(table(tmp_path, VALUES, ages))
    assert [scan.age for scan in cohort.scans] == [31, None, None, 44, None, 50]


def test_the_table_of_scans_has_further_columns_and_then_the_target(tmp_path):
    settings = table(tmp_path, VALUES, {"group": list("HHHAAA"), "age": ["40"] * 6})
    settings = replace(settings, columns=("group", *settings.columns))
    outputs = {name: tmp_path / f"{name}.tsv" for name in ("scans", "excluded")}
    register(settings, **outputs)
    scans = read_tsv(outputs["scans"])
    assert list(scans)[-3:] == ["site", "group", "progression"]
    assert scans["progression"].tolist() == [float(value) for value in VALUES]
    assert scans["age"].tolist() == [40] * 6


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("", "progression is missing"),
        ("severe", "progression 'severe' is not a number"),
        ("401", "target.range: progression 401 is outside 0 to 400"),
    ],
)
def test_a_row_without_a_usable_target_is_a_bad_one(tmp_path, cell, reason):
    settings = table(tmp_path, [*VALUES, cell])
    assert refused(settings) == (
        f"target.column: {settings.path}: sub-p6: {reason}. Mend the table, or set "
        "cohort.on_bad_scan to exclude"
    )
    cohort = read_cohort(replace(settings, on_bad_scan="exclude"))
    assert len(cohort.scans) == 6
    (left_out,) = cohort.excluded
    assert (left_out.scan_id, left_out.stage, left_out.reason) == ("sub-p6", "table", reason)


def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path):
    settings = table(tmp_path, VALUES)
    target = replace(settings.target, column="severity")
    sentence = refused(replace(settings, target=target, columns=("severity",)))
    assert sentence.startswith("target.column: ")
    assert "'severity'" in sentence
    assert "participant_id, bmi, bp, progression" in sentence


def test_the_target_is_not_learned_from_itself(tmp_path):
    settings = table(tmp_path, VALUES, features=["bmi", "progression"])
    assert refused(settings) == (
        f"target.column: {settings.path}: progression is among the features "
        "(cohort.table.features); take it out there"
    )


def test_the_target_in_another_dress_is_no_feature_unless_it_is_said_to_be_one(tmp_path):
    percent = {"percent": [f"{float(value) / 4 - 1:.5f}" for value in VALUES]}
    settings = table(tmp_path, VALUES, percent)
    assert refused(settings).startswith(
        f"target.column: {settings.path}: progression is among the features in another dress: "
        "percent. Name the columns in cohort.table.leave_out"
    )
    assert len(read_cohort(table(tmp_path, VALUES, percent, leave_out=["percent"])).scans) == 6
    assert len(read_cohort(table(tmp_path, VALUES, percent, accept=["percent"])).scans) == 6


@pytest.mark.parametrize("source", ["phantom", "mre134"])
def test_a_source_of_ages_alone_has_no_other_target(source):
    sentence = refused(asked(source=source, target=POINTS_BLOCK))
    assert sentence == f"target.column: {source} has no column 'progression'; set it to age"


def bids(folder: Path, text: str, **others: Any) -> CohortStep:
    for number in range(1, 4):
        image = folder / f"sub-0{number}" / "mre" / f"sub-0{number}_stiffness.nii.gz"
        image.parent.mkdir(parents=True, exist_ok=True)
        image.touch()
    (folder / "participants.tsv").write_text(text.replace(" ", "\t"), encoding="utf-8")
    ordinary = {"source": "bids", "on_bad_scan": "fail", "target": POINTS_BLOCK}
    return asked(**{**ordinary, "path": str(folder), **others})


def test_a_bids_folder_needs_no_ages_for_another_target(tmp_path):
    text = "participant_id progression\nsub-01 20\nsub-02 30\nsub-03 n/a\n"
    cohort = read_cohort(bids(tmp_path, text, on_bad_scan="exclude"))
    assert [scan.columns["progression"] for scan in cohort.scans] == ["20", "30"]
    assert [scan.age for scan in cohort.scans] == [None, None]
    assert [each.reason for each in cohort.excluded] == ["progression is missing"]


def test_a_target_that_no_table_of_a_bids_folder_has_is_named(tmp_path):
    text = "participant_id age\nsub-01 20\nsub-02 30\nsub-03 40\n"
    assert refused(bids(tmp_path, text)) == (
        f"target.column: no table in {tmp_path} has a column 'progression'; mend its name; "
        "there are participant_id, age"
    )


def test_the_target_in_another_unit_and_rounded_is_no_feature(tmp_path):
    rng = np.random.default_rng(1)
    months = rng.uniform(30, 216, 60).round(1)
    other = {"years": [f"{month / 12:.2f}" for month in months], "age": ["9"] * 60}
    other["z"] = [f"{z:.3f}" for z in (months - months.mean()) / months.std()]
    told = refused(table(tmp_path, [str(month) for month in months], other))
    assert told.startswith(f"target.column: {tmp_path}/table.csv: progression is among the feat")
    assert "years (its correlation with progression is 1.0000), z (its" in told
    assert "bmi" not in told and "bp" not in told


def test_two_columns_whose_sum_is_the_target_are_named(tmp_path):
    rng = np.random.default_rng(2)
    parts = rng.integers(0, 200, (2, 40))
    other = {f"part_{at}": [str(value) for value in part] for at, part in enumerate(parts)}
    told = refused(table(tmp_path, [str(value) for value in parts.sum(axis=0)], other))
    assert "it is progression, in 100% of the rows" in told


def test_a_good_predictor_of_another_target_is_a_feature_whatever_its_name(tmp_path):
    rng = np.random.default_rng(3)
    points = rng.uniform(0, 400, 60).round(1)
    near = {
        "age_group": [
            f"{value + off:.1f}" for value, off in zip(points, rng.normal(0, 30, 60), strict=True)
        ]
    }
    assert len(read_cohort(table(tmp_path, [str(value) for value in points], near)).scans) == 60


@pytest.mark.parametrize("name", ["age", "sex", "session", "row", "coverage", "split"])
def test_a_further_column_with_the_name_of_one_of_the_workflow_is_refused(tmp_path, name):
    cohort = {**of_table(tmp_path / "table.csv"), "columns": ["group", name]}
    with pytest.raises(SettingsError, match=rf"^cohort\.columns: {name} is a column of the work"):
        asked(**cohort)
    if name == "split":
        assert asked(**cohort, asked_by={name: "dataset.split.column"})
    else:
        with pytest.raises(SettingsError, match=rf"^dataset\.learn_from: {name} is a column"):
            asked(**cohort, asked_by={name: "dataset.learn_from"})


def test_every_column_of_the_table_of_scans_is_taken():
    assert set(COLUMNS) <= {"age", *TAKEN}


def test_a_missing_column_is_told_with_the_key_that_asks_for_it(tmp_path):
    table(tmp_path, VALUES, {"age": ["40"] * 6})
    cohort = {**of_table(tmp_path / "table.csv"), "columns": ["spl"]}
    of_split = {"spl": "dataset.split.column"}
    assert "no column 'spl' (dataset.split.column)" in refused(asked(**cohort, asked_by=of_split))
    assert "no column 'spl' (cohort.columns)" in refused(asked(**cohort))
    text = "participant_id age\nsub-01 20\nsub-02 30\nsub-03 40\n"
    of_bids = {"target": {}, "columns": ["spl"], "asked_by": of_split}
    told = refused(bids(tmp_path / "bids", text, **of_bids))
    assert told.startswith("dataset.split.column: no table in ")
    told = refused(asked(source="phantom", columns=["dx"], asked_by={"dx": "dataset.learn_from"}))
    assert told.startswith("dataset.learn_from: phantom has no column 'dx'")


def test_ages_outside_the_range_of_the_target_are_bad_rows(tmp_path):
    ages = {"age": ["31", "17", "44", "89", "125", "50"]}
    table(tmp_path, VALUES, ages)
    cohort = of_table(tmp_path / "table.csv", leave_out=["progression"])
    settings = asked(**cohort, target={"range": [18, 88]})
    assert "sub-p1: age 17 is outside 18-88 years; sub-p3: age 89 is" in refused(settings)
    found = read_cohort(replace(settings, on_bad_scan="exclude"))
    assert [scan.age for scan in found.scans] == [31, 44, 50]
    assert len(read_cohort(asked(**cohort, target={"range": None})).scans) == 6


def test_ages_of_a_phantom_are_refused_outside_the_range_of_the_target():
    phantom = {"participants": 20, "seed": 1}
    told = refused(asked(source="phantom", phantom=phantom, target={"range": [18, 30]}))
    assert told.startswith("target.range: phantom has ages outside 18-30 years: sub-")


def test_a_session_without_a_value_has_not_that_of_the_baseline(tmp_path):
    study = of_sessions(tmp_path, "session_id age progression group\n1 30 21 n/a\n2 31 n/a AD\n")
    cohort = read_cohort(study)
    assert {scan.session: scan.columns for scan in cohort.scans} == {
        "1": {"progression": "21", "group": None}
    }
    assert [each.reason for each in cohort.excluded] == ["progression is missing"]


def test_a_session_that_a_table_of_sessions_does_not_have_has_not_the_value_of_the_baseline(
    tmp_path,
):
    cohort = read_cohort(of_sessions(tmp_path, "session_id progression\n2 22\n"))
    assert [(scan.session, *scan.columns.values()) for scan in cohort.scans] == [("2", "22", "HC")]


def test_an_image_without_a_value_in_its_table_of_scans_has_not_that_of_the_baseline(tmp_path):
    study = of_sessions(tmp_path, "session_id progression\n1 21\n2 22\n")
    scans = tmp_path / "sub-01/ses-2/sub-01_ses-2_scans.tsv"
    image = "mre/sub-01_ses-2_stiffness.nii.gz"
    scans.write_text(f"filename\tprogression\tgroup\n{image}\tn/a\tn/a\n")
    found = {scan.session: scan.columns for scan in read_cohort(study).scans}
    assert found["2"] == {"progression": "22", "group": None}  # the session's own stays


def test_another_target_keeps_sessions_without_an_age_and_gives_them_none(tmp_path):
    study = of_sessions(tmp_path, "session_id age progression\n1 300 21\n2 n/a 22\n")
    cohort = read_cohort(replace(study, on_bad_scan="fail"))
    assert [(scan.session, scan.age) for scan in cohort.scans] == [("1", None), ("2", None)]


OWN_KEYS = ("reason", "names", "closed", "above", "unit", "folder", "line", "lacks", "own_age")


def test_a_column_of_any_name_does_not_disturb_the_reading(tmp_path):
    study = of_sessions(tmp_path, f"session_id {' '.join(OWN_KEYS)} progression\n1 {'7 ' * 9}5\n")
    (scan,) = read_cohort(replace(study, columns=(*OWN_KEYS, "progression"))).scans
    assert scan.columns == {**dict.fromkeys(OWN_KEYS, "7"), "progression": "5"}


def of_sessions(folder: Path, sessions: str) -> CohortStep:
    """Write a participant with two sessions; return the settings that read them."""
    for name in ("1", "2"):
        image = folder / f"sub-01/ses-{name}/mre/sub-01_ses-{name}_stiffness.nii.gz"
        image.parent.mkdir(parents=True)
        image.touch()
    people = "participant_id\tage\tprogression\tgroup\nsub-01\t30\t20\tHC\n"
    (folder / "participants.tsv").write_text(people)
    (folder / "sub-01/sub-01_sessions.tsv").write_text(sessions.replace(" ", "\t"))
    further = {"target": POINTS_BLOCK, "columns": ["progression", "group"]}
    return asked(source="bids", path=str(folder), on_bad_scan="exclude", **further)

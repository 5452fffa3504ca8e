"""A cohort read for another target than age: who has one, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from targets import POINTS_BLOCK

from contrage.cohort.read import read_cohort, settings_of
from contrage.cohort.register import register
from contrage.errors import SettingsError, TableError
from contrage.tables import read_tsv

NAMES = {
    "participant": "participant_id",
    "session": "session",
    "age": "age",
    "site": "site",
    "sex": "sex",
    "exclude": {},
    "features": ["*"],
    "leave_out": [],
    "accept": [],
    "missing": "fail",
    "missing_values": [],
}
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
    cohort = {"source": "table", "path": str(path), "on_bad_scan": "fail", "age_unit": "auto"}
    cohort |= {"table": {**NAMES, **names}, "duplicates": "refuse", "columns": []}
    return settings_of(cohort, target=POINTS_BLOCK)


def refused(settings: dict[str, Any]) -> str:
    with pytest.raises((TableError, SettingsError)) as told:
        read_cohort(settings)
    return str(told.value)


def test_of_age_the_settings_of_a_cohort_are_what_they_were(tmp_path):
    settings = table(tmp_path, VALUES)
    cohort = {**settings, "columns": []}
    age = {**POINTS_BLOCK, "column": "age", "unit": "years"}
    assert "target" not in settings_of(cohort, target=age)
    assert settings_of(cohort, target=age)["columns"] == []


def test_nobody_needs_an_age_and_the_target_is_no_feature(tmp_path):
    from contrage.cohort.sources.table import open_table

    settings = table(tmp_path, VALUES)
    cohort = read_cohort(settings)
    assert [scan.age for scan in cohort.scans] == [None] * 6
    assert [scan.columns for scan in cohort.scans] == [{"progression": v} for v in VALUES]
    assert open_table(settings).features == ["bmi", "bp"]


def test_ages_are_kept_where_they_are_known(tmp_path):
    ages = {"age": ["31", "", "nobody knows", "44", "400", "50"]}
    cohort = read_cohort(table(tmp_path, VALUES, ages))
    assert [scan.age for scan in cohort.scans] == [31, None, None, 44, None, 50]


def test_the_table_of_scans_has_further_columns_and_then_the_target(tmp_path):
    settings = table(tmp_path, VALUES, {"group": list("HHHAAA"), "age": ["40"] * 6})
    settings["columns"] = ["group", *settings["columns"]]
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
        ("401", "target.range: progression 401 is outside 0 to 400 points"),
    ],
)
def test_a_row_without_a_usable_target_is_a_bad_one(tmp_path, cell, reason):
    settings = table(tmp_path, [*VALUES, cell])
    assert refused(settings) == (
        f"target.column: {settings['path']}: sub-p6: {reason}. Mend the table, or set "
        "cohort.on_bad_scan to exclude"
    )
    cohort = read_cohort({**settings, "on_bad_scan": "exclude"})
    assert len(cohort.scans) == 6
    (left_out,) = cohort.excluded
    assert (left_out.scan_id, left_out.stage, left_out.reason) == ("sub-p6", "table", reason)


def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path):
    settings = table(tmp_path, VALUES)
    settings["target"] = {**POINTS_BLOCK, "column": "severity"}
    settings["columns"] = ["severity"]
    sentence = refused(settings)
    assert sentence.startswith("target.column: ")
    assert "'severity'" in sentence
    assert "participant_id, bmi, bp, progression" in sentence


def test_the_target_is_not_learned_from_itself(tmp_path):
    settings = table(tmp_path, VALUES, features=["bmi", "progression"])
    assert refused(settings) == (
        f"target.column: {settings['path']}: progression is among the features "
        "(cohort.table.features); take it out there"
    )


def test_the_target_in_another_dress_is_no_feature_unless_it_is_said_to_be_one(tmp_path):
    percent = {"percent": [f"{float(value) / 4 - 1:.5f}" for value in VALUES]}
    settings = table(tmp_path, VALUES, percent)
    assert refused(settings).startswith(
        f"target.column: {settings['path']}: progression is among the features in another dress: "
        "percent. Name the columns in cohort.table.leave_out"
    )
    assert len(read_cohort(table(tmp_path, VALUES, percent, leave_out=["percent"])).scans) == 6
    assert len(read_cohort(table(tmp_path, VALUES, percent, accept=["percent"])).scans) == 6


@pytest.mark.parametrize("source", ["phantom", "mre134"])
def test_a_source_of_ages_alone_has_no_other_target(source):
    sentence = refused({"source": source, "target": POINTS_BLOCK, "columns": ["progression"]})
    assert sentence == f"target.column: {source} has no column 'progression'; set it to age"


def bids(folder: Path, text: str, **others: Any) -> dict[str, Any]:
    for number in range(1, 4):
        image = folder / f"sub-0{number}" / "mre" / f"sub-0{number}_stiffness.nii.gz"
        image.parent.mkdir(parents=True, exist_ok=True)
        image.touch()
    (folder / "participants.tsv").write_text(text.replace(" ", "\t"), encoding="utf-8")
    settings = {"source": "bids", "image": "stiffness", "anatomical": "T1w", "path": str(folder)}
    needs = {"needs_anatomical": False, "needs_mask": False, "on_bad_scan": "fail"}
    return {**settings, **needs, "target": POINTS_BLOCK, "columns": ["progression"], **others}


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
    near = {"age_group": [f"{value + off:.1f}" for value, off in zip(points, rng.normal(0, 30, 60))]}
    assert len(read_cohort(table(tmp_path, [str(value) for value in points], near)).scans) == 60

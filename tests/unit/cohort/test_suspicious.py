"""Columns that look like features and are none are named; features are left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from contrage.cohort.suspicious import check_features, findings, says_age
from contrage.errors import TableError

TABLE = Path("table.csv")


@pytest.fixture
def ages(rng) -> np.ndarray:
    return rng.uniform(20, 80, 60).round(1)


def kinds(name: str, column, ages, rows: int | None = None) -> list[str]:
    values = np.asarray(column, float)[:, None]
    return [finding.kind for finding in findings([name], values, ages, rows)]


@pytest.mark.parametrize(
    "dress",
    [
        lambda age: np.round(12 * age),
        lambda age: np.round(365.25 * age),
        lambda age: 2020 - np.floor(age),
        lambda age: -age,
        lambda age: age**2,
        lambda age: np.log(age),
        lambda age: np.exp(age / 5),
        lambda age: np.floor(age / 10),
        lambda age: np.digitize(age, [30, 55]),
        lambda age: 3.0 * np.round(age) + 7,
    ],
)
def test_age_in_another_dress_is_found_whatever_its_name(ages, dress):
    assert kinds("x7", dress(ages), ages) == ["age"]


def test_age_is_found_where_some_of_its_values_are_missing(ages):
    column = np.where(np.arange(60) % 3 == 0, np.nan, 12 * ages)
    assert kinds("x7", column, ages) == ["age"]
    assert kinds("x7", 12 * ages, [None, *ages[1:]]) == ["age"]


def test_years_of_birth_are_found_where_scans_span_years(ages, rng):
    born = rng.integers(2005, 2020, 60) - ages.round()
    assert kinds("birth_year", born, ages) == ["age"]
    assert kinds("thickness", born, ages) == []


@pytest.mark.parametrize(
    "name",
    ["age", "Age_months", "AgeAtScan", "ageYears", "age2", "brainage", "predicted age", "BrainAge",
     "birth_year", "YOB", "dob", "yearOfBirth", "age_group", "ageband", "date of birth"],
)  # fmt: skip
def test_names_that_speak_of_age_are_understood(name):
    assert says_age(name)


@pytest.mark.parametrize(
    "name",
    ["lesionage", "average", "image", "coverage", "stage", "lh_percentage", "language", "cartilage",
     "hemorrhage", "voltage", "f1", ""],
)  # fmt: skip
def test_names_that_only_have_its_letters_are_not(name):
    assert not says_age(name)


def test_a_name_alone_is_no_reason(ages, rng):
    assert kinds("age_of_onset", rng.normal(size=60), ages) == []


@pytest.mark.parametrize("people", [6, 8, 12, 30, 100, 1000])
def test_features_are_left_alone_however_few_people_there_are(people):
    """Random ones of many kinds, and such as follow age with correlations of up to 0.9."""
    chance, wrong, tried = np.random.default_rng(people), 0, 0
    for _ in range(10):
        ages = chance.uniform(20, 80, people)
        z = (ages - ages.mean()) / ages.std()
        real = [
            r * z[:, None] + np.sqrt(1 - r**2) * chance.normal(size=(people, 10))
            for r in (0.6, 0.7, 0.8, 0.9)
        ]
        columns = [
            chance.normal(size=(people, 100)),
            chance.integers(0, 2, (people, 20)),
            chance.integers(0, 4, (people, 20)),
            chance.integers(-10, 11, (people, 20)),
            chance.lognormal(3, 1.5, (people, 20)).round(),
            chance.poisson(1.0, (people, 20)),
            *real,
        ]
        values = np.hstack(columns).astype(float)
        names = [f"f{number}" for number in range(values.shape[1])]
        wrong += len(findings(names, values, ages))
        tried += len(names)
    assert wrong <= tried / 2000


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "Unnamed: 0.1"])
def test_a_column_without_a_name_is_asked_about(name, ages, rng):
    assert kinds(name, rng.normal(size=60), ages) == ["rows"]


@pytest.mark.parametrize("column", [range(60), range(1, 61), range(60, 0, -1), range(100, 160)])
def test_a_column_that_counts_the_rows_is_asked_about(column, ages):
    assert kinds("index", column, ages) == ["rows"]


def test_rows_are_counted_with_gaps_where_some_are_excluded(ages):
    kept = np.sort(np.random.default_rng(1).permutation(150)[:60])
    assert kinds("id", kept, ages, rows=150) == ["rows"]
    assert kinds("volume", 1_000_000 + 731 * kept, ages, rows=150) == []


def test_ranks_of_a_feature_count_no_rows(ages, rng):
    assert kinds("rank", rng.permutation(60), ages) == []


@pytest.mark.parametrize("code", [-9, -99, -999, -9999, -99999, -888, 999, 9999, 99999, 888])
def test_codes_of_missing_values_are_counted(code, rng, ages):
    column = rng.uniform(0, 30, 60).round(2)
    column[[4, 17]] = code
    found = findings(["volume"], column[:, None], ages)
    assert [each.seen for each in found] == [f"{code} in 2 rows"]


def test_two_codes_in_one_column_are_both_named(rng, ages):
    column = rng.uniform(1, 3, 60)
    column[:3], column[7] = -999, 888
    assert findings(["f"], column[:, None], ages)[0].seen == "-999 in 3 rows, 888 in 1 row"


def test_a_code_among_scores_of_either_sign_is_found_by_its_distance(rng, ages):
    column = rng.normal(size=60)
    column[3] = -999
    assert kinds("z", column, ages) == ["code"]


@pytest.mark.parametrize(
    "column",
    [
        np.arange(60)[::-1] * 2.0 - 9,  # -9 among its like
        np.tile([-1.0, 0.0, 1.0], 20),
        np.tile([0.0, 99.0, 30.0, 40.0], 15),
        np.tile([0.0, 999.0], 30),
        np.tile([950.0, 999.0, 1010.0], 20),
        np.tile([-9.0, 0.0, 4.0, 3.0, 5.0], 12),  # a scale of few steps
    ],
)
def test_values_that_only_look_like_codes_are_left_alone(column, ages):
    assert kinds("f", column, ages) == []


def test_the_error_names_columns_what_was_seen_and_the_answers(ages, rng):
    volume = rng.uniform(1, 3, 60)
    volume[0] = -999
    values = np.column_stack([np.arange(60), 12 * ages, volume, rng.normal(size=60)])
    names = ["", "age_months", "volume", "thickness"]
    with pytest.raises(TableError) as caught:
        check_features(TABLE, names, values, ages)
    text = str(caught.value)
    assert text.startswith("table.csv: age is among the features: 'age_months' (its correlation")
    assert "1.0000" in text and "'' (it has no name)" in text and "-999 in 1 row" in text
    for key in ("leave_out", "accept", "missing_values"):
        assert f"cohort.table.{key}" in text
    assert "thickness" not in text


def test_what_is_accepted_is_not_asked_about(ages, rng):
    values = np.column_stack([12 * ages, rng.normal(size=60)])
    check_features(TABLE, ["age_months", "thickness"], values, ages, accept=["age_*"])
    with pytest.raises(TableError, match="age_months"):
        check_features(TABLE, ["age_months", "thickness"], values, ages, accept=["thick*"])


def test_sound_features_pass(ages, rng):
    check_features(TABLE, ["a", "b"], rng.normal(size=(60, 2)).tolist(), ages.tolist())

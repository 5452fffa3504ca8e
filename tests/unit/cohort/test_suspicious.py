"""Columns that look like features and are none are named; features are left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from contrage.cohort.ages.names import says_age
from contrage.cohort.suspicious import check_features, findings
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


@pytest.mark.parametrize("years", [15, 30])
@pytest.mark.parametrize("name", ["birth_year", "YOB", "born", "birth_yr", "geb_jahr", "naissance"])
def test_years_of_birth_are_found_by_name_where_scans_span_years(name, years, ages, rng):
    born = rng.integers(2020 - years, 2020, 60) - ages.round()
    assert kinds(name, born, ages) == ["age"]
    assert kinds("thickness", born, ages) == []


@pytest.mark.parametrize("name", ["Alter", "alter_jahre", "edad", "âge (ans)", "brain_age", "AGE"])
def test_age_with_much_noise_is_found_by_name(name, ages, rng):
    assert kinds(name, ages + rng.normal(0, 10, 60), ages) == ["age"]
    assert kinds("thickness", ages + rng.normal(0, 10, 60), ages) == []


def test_age_with_a_year_of_noise_is_found_among_thirty_people(ages, rng):
    assert kinds("x7", ages + rng.normal(0, 1, 60), ages) == ["age"]


@pytest.mark.parametrize("dress", [lambda age: age, np.floor, lambda age: np.round(12 * age)])
def test_a_few_wrong_cells_hide_no_copy_of_age(dress, rng):
    ages = rng.uniform(20, 80, 40).round(1)
    column = dress(ages)
    column[[3, 20, 33]] = column[[30, 1, 7]]
    assert kinds("x7", column, ages) == ["age"]
    column[5] = 40_000
    assert kinds("x7", column, ages) == ["age"]


@pytest.mark.parametrize(
    "name",
    ["age", "Age_months", "AgeAtScan", "ageYears", "age2", "brainage", "predicted age", "BrainAge",
     "birth_year", "YOB", "dob", "yearOfBirth", "age_group", "ageband", "date of birth", "birth_yr",
     "Geburtsjahr", "gebJahr", "geb. datum", "ALTER", "alterJahre", "année_naissance", "Âge",
     "a\u0302ge", "fecha_nacimiento", "Edad", "età", "ålder", "født_fødselsår", "leeftijd"],
)  # fmt: skip
def test_names_that_speak_of_age_are_understood(name):
    assert says_age(name)


@pytest.mark.parametrize(
    "name",
    ["lesionage", "average", "image", "coverage", "stage", "lh_percentage", "language", "cartilage",
     "hemorrhage", "voltage", "f1", "", "birth_weight", "birthOrder", "birth_gestational_weeks",
     "preterm_birth", "Geburtsgewicht", "geburt_gewicht", "alteration", "beta", "theta", "gebiet"],
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


def pair(ages: np.ndarray, columns: list[np.ndarray]) -> list[tuple[str, str]]:
    """Return what is found of columns among features: their names and what was seen."""
    others = np.random.default_rng(7).normal(size=(len(ages), 4))
    values = np.column_stack([others[:, :2], *columns, others[:, 2:]])
    names = ["f1", "f2", *(f"x{n}" for n in range(len(columns))), "f3", "f4"]
    return [
        (each.column, each.seen) for each in findings(names, values, ages) if each.kind == "age"
    ]


@pytest.mark.parametrize("people", [20, 60, 500])
@pytest.mark.parametrize(
    ("unit", "of_year"),
    [("years", 1), ("months", 12), ("days", 365.25), ("YYYYMM", 100), ("YYYYMMDD", 10_000)],
)
def test_two_columns_that_are_age_together_are_found_whatever_their_names(people, unit, of_year):
    chance = np.random.default_rng(people)
    ages = chance.uniform(20, 80, people)
    scan = np.floor(chance.uniform(1980, 2020, people) * of_year)
    born = np.floor(scan - ages * of_year)
    assert pair(ages, [born]) == [] and pair(ages, [scan]) == []
    seen = f"taken from 'x0' it is age in {unit}, in 100% of the rows"
    assert pair(ages, [scan, born]) == [("x1", seen)]
    assert pair(ages, [born, scan]) == [("x0", seen.replace("x0", "x1"))]


def test_sums_of_two_columns_count_and_broken_numbers_do(ages, rng):
    onset = ages * rng.uniform(0.3, 1, 60)
    assert pair(ages, [onset, ages - onset])[0][1].startswith("plus 'x")
    gap = rng.normal(0, 8, 60)
    assert pair(ages, [ages + gap, gap])[0] == (
        "x0",
        "minus 'x1' it is age in years, in 100% of the rows",
    )


def test_a_few_wrong_or_missing_cells_hide_no_pair(ages, rng):
    scan = rng.integers(1980, 2020, 60).astype(float)
    born = np.floor(scan + 0.5 - ages)
    born[[4, 30, 50]], born[[10, 20]], scan[:8] = 1900, np.nan, np.nan
    assert [column for column, _ in pair(ages, [scan, born])] == ["x1"]


@pytest.mark.parametrize("people", [10, 20, 60])
def test_pairs_of_features_in_the_range_of_ages_are_left_alone(people):
    """Scores, years and predictions, of adults and children, that follow age up to 0.95."""
    chance, wrong, tried = np.random.default_rng(people), 0, 0
    for low, high in [(20, 80), (20, 24), (5, 18), (0, 2)] * 5:
        ages = chance.uniform(low, high, people)
        z, sd = (ages - ages.mean()) / ages.std(), ages.std()
        values = [
            centre + spread * (r * z + np.sqrt(1 - r**2) * chance.normal(size=people))
            for r in (0, 0.5, 0.8, 0.95)
            for centre in (0, ages.mean(), 2 * ages.mean(), 100, 2000)
            for spread in (sd, 12 * sd)
        ]
        values = np.stack([*values, *(np.round(each) for each in values)], axis=1)
        names = [f"f{number}" for number in range(values.shape[1])]
        found = [each for each in findings(names, values, ages) if "it is age in" in each.seen]
        wrong += len(found)
        tried += len(names) * (len(names) - 1)
    assert wrong <= tried / 20_000


@pytest.mark.parametrize("correlation", [0.95, 0.98])
@pytest.mark.parametrize("people", [8, 10, 30, 100])
def test_excellent_predictors_are_left_alone(people, correlation):
    chance = np.random.default_rng(people)
    ages = chance.uniform(20, 80, people)
    z = (ages - ages.mean()) / ages.std()
    noise = chance.normal(size=(people, 4000))
    values = correlation * z[:, None] + np.sqrt(1 - correlation**2) * noise
    assert len(findings([f"f{n}" for n in range(4000)], values, ages)) <= 2


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


@pytest.mark.parametrize(
    "code",
    [-9, -99, -999, -9999, -99999, -888, 999, 9999, 99999, 888, -4, -996, -997, -998, -99.9, -999.9,
     997, 998, 9998, 1e10, -1e10, 3.4028235e38, -32768, 2147483647],
)  # fmt: skip
def test_codes_of_missing_values_are_counted(code, rng, ages):
    column = rng.uniform(0, 30, 60).round(2)
    column[[4, 17]] = code
    found = findings(["volume"], column[:, None], ages)
    assert [each.seen for each in found] == [f"{code:.6g} in 2 rows"]


@pytest.mark.parametrize("code", [-4, -8, -9, -98])
def test_a_code_among_whole_numbers_stands_apart_or_is_frequent(code, rng, ages):
    far = rng.integers(1000, 2000, 60)
    far[3] = code
    assert kinds("volume", far, ages) == ["code"]
    near = rng.permutation(120)[:60]
    near[3] = code / 2 if code == -98 else code
    assert kinds("score", near, ages) == []
    near[3:6] = code
    assert kinds("score", near, ages) == ["code"]


@pytest.mark.parametrize(("mean", "sd"), [(60, 25), (50, 20), (5, 3), (2000, 800)])
def test_scores_that_fall_below_zero_by_chance_are_rarely_taken_for_codes(mean, sd, ages, rng):
    names, found = [f"f{n}" for n in range(100)], 0
    for _ in range(20):
        found += len(findings(names, rng.normal(mean, sd, (60, 100)).round(), ages))
    assert found <= 40


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

"""OASIS-3 of nobody: days in place of dates, diagnoses as flags."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contrage.tables import read_table, read_tsv

WINDOW = 180


def table(path):
    return pd.DataFrame(read_table(path).rows)


@pytest.fixture(scope="module")
def folder(study):
    return study / "oasis3"


@pytest.fixture(scope="module")
def truth(study):
    found = read_tsv(study / "truth.tsv")
    return found[found["cohort"] == "oasis3"].set_index("participant_id")


@pytest.fixture(scope="module")
def images(folder):
    found = table(folder / "OASIS3_MR_json.csv")
    return found.assign(day=found["label"].str.extract(r"_MR_d(\d{4})$")[0].astype(int))


@pytest.fixture(scope="module")
def diagnoses(folder):
    return table(folder / "OASIS3_UDSd1_diagnoses.csv")


def test_sessions_are_days_since_entry(images, folder):
    assert images["label"].str.fullmatch(r"OAS3\d{4}_MR_d\d{4}").all()
    regions = read_tsv(folder / "neuromorphometrics_cat12_vbm_roi.tsv")
    label = "sub-" + images["subject_id"]
    assert regions["participant_id"].tolist() == label.tolist()
    assert regions["session"].tolist() == [f"d{day:04d}" for day in images["day"]]


def test_age_at_scan_follows_from_entry_and_day(folder, images, truth):
    people = table(folder / "OASIS3_demographics.csv").set_index("OASISID")
    entry = people.loc[images["subject_id"], "AgeatEntry"].astype(float).to_numpy()
    age = entry + images["day"].to_numpy() / 365.25
    assert np.allclose(age, truth.loc[images["subject_id"], "age"], atol=2e-6)
    assert truth["age"].between(41.9, 92.1).all()
    assert people["GENDER"].map({"1": "M", "2": "F"}).tolist() == truth["sex"].tolist()


def test_one_site_is_told_by_the_scanner(images, truth):
    assert set(images["ManufacturersModelName"]) == set(truth["site"])
    assert truth["site"].nunique() == 1 and set(truth["shift"]) == {1.5}


def state(row):
    """Return the state that a row of D1 tells, by the rule of the specification."""
    found = []
    if row["NORMCOG"] == "1":
        found.append("HC")
    if "1" in [row[flag] for flag in ("MCIAMEM", "MCIAPLUS", "MCINON1", "MCINON2")]:
        found.append("MCI")
    if row["DEMENTED"] == "1":
        pairs = (("PROBAD", "PROBADIF"), ("POSSAD", "POSSADIF"), ("alzdis", "alzdisif"))
        is_primary = any(row[flag] == "1" and row[by] != "2" for flag, by in pairs)
        found.append("AD" if is_primary else "other")
    return found[0] if len(found) == 1 else "conflicting"


def test_groups_follow_from_the_diagnosis_nearest_to_the_scan(images, diagnoses, truth):
    told = {}
    for image in images.itertuples():
        visits = diagnoses[diagnoses["OASISID"] == image.subject_id]
        apart = (visits["days_to_visit"].astype(int) - image.day).abs()
        assert apart.min() <= WINDOW
        told[image.subject_id] = state(visits.loc[apart.idxmin()])
    groups = truth["group"].replace({"contributing": "other"})
    assert told == groups.to_dict()
    assert groups.value_counts().to_dict() == {"HC": 120, "AD": 40, "other": 2, "conflicting": 1}


def test_one_person_has_the_disease_as_a_contributing_cause(diagnoses, truth):
    (person,) = set(diagnoses.loc[diagnoses["PROBADIF"] == "2", "OASISID"])
    assert truth.loc[person, "group"] == "contributing"


def test_what_was_skipped_is_blank(diagnoses):
    healthy = diagnoses[(diagnoses["NORMCOG"] == "1") & (diagnoses["DEMENTED"] == "0")]
    assert set(healthy["PROBAD"]) == {""} and set(diagnoses["alzdis"]) == {""}


def test_words_of_the_rating_say_other_things_than_the_diagnosis(folder, truth):
    ratings = table(folder / "OASIS3_UDSb4_cdr.csv")
    with_the_word = ratings.loc[ratings["dx1"].str.contains("AD"), "OASISID"]
    assert set(truth.loc[list(with_the_word), "group"]) > {"AD"}
    assert not ratings["dx1"].str.contains("MCI").any()

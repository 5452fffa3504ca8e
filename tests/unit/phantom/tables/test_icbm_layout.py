"""ICBM of nobody: the list of images and a table of regions."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from contrage.tables import read_table, read_tsv


@pytest.fixture(scope="module")
def images(study):
    return pd.DataFrame(read_table(study / "icbm/ICBM_T1_7_01_2020.csv").rows)


@pytest.fixture(scope="module")
def truth(study):
    found = read_tsv(study / "truth.tsv")
    return found[found["cohort"] == "icbm"].reset_index(drop=True)


def test_ages_stand_in_whole_years(images, truth):
    ages = truth.groupby("participant_id")["age"].first()
    told = images["Age"].astype(int)
    assert (told == np.floor(ages.loc[images["Subject"]].to_numpy())).all()
    assert ages.between(18, 80).all() and (ages % 1 > 0.01).mean() > 0.9


def test_everybody_is_healthy_and_of_one_site(images, truth):
    assert images["Subject"].nunique() == 120
    assert set(truth["group"]) == {"HC"} and truth["site"].nunique() == 1
    assert set(images["Sex"]) == {"F", "M"}


def test_one_person_has_two_images_of_one_day(images):
    (person,) = images["Subject"][images["Subject"].duplicated()]
    two = images[images["Subject"] == person]
    assert two["Acq Date"].nunique() == 1 and two["Image Data ID"].nunique() == 2


def test_sessions_are_dates(images, study):
    regions = read_tsv(study / "icbm/neuromorphometrics_cat12_vbm_roi.tsv")
    days = {
        ("sub-" + person.replace("_", ""), f"{datetime.strptime(day, '%m/%d/%Y'):%Y%m%d}")
        for person, day in zip(images["Subject"], images["Acq Date"], strict=True)
    }
    assert set(zip(regions["participant_id"], regions["session"], strict=True)) == days
    assert len(regions) == len(images) == 121

"""ADNI of nobody: ADNIMERGE, DXSUM, the list of images and a table of regions."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
import region_tables

from contrage.cohort.phantom.tables.people.adni import CENSORED, REVERTED
from contrage.tables import read_table, read_tsv


def table(path):
    return pd.DataFrame(read_table(path).rows)


@pytest.fixture(scope="module")
def folder(study):
    return study / "adni"


@pytest.fixture(scope="module")
def truth(study):
    found = read_tsv(study / "truth.tsv")
    return found[found["cohort"] == "adni"].reset_index(drop=True)


@pytest.fixture(scope="module")
def merged(folder):
    found = table(folder / "ADNIMERGE_01Jul2020.csv")
    return found.assign(day=pd.to_datetime(found["EXAMDATE"], format="%Y-%m-%d"))


@pytest.fixture(scope="module")
def diagnoses(folder):
    found = table(folder / "DXSUM_01Jul2020.csv")
    return found.assign(day=pd.to_datetime(found["EXAMDATE"], format="%Y-%m-%d"))


@pytest.fixture(scope="module")
def images(folder):
    found = table(folder / "ADNI_T1_7_01_2020.csv")
    day = [datetime.strptime(each, "%m/%d/%Y") for each in found["Acq Date"]]
    return found.assign(day=day, number=found["Image Data ID"].str[1:].astype(int))


@pytest.fixture(scope="module")
def nearest(images, diagnoses):
    """Return how many days each image is from the nearest visit, and what was found there."""
    days, found = [], []
    by_person = dict(iter(diagnoses.groupby("PTID")))
    for image in images.itertuples():
        visits = by_person[image.Subject]
        apart = (visits["day"] - image.day).dt.days.abs()
        days.append(apart.min())
        found.append(visits.loc[apart.idxmin(), "DIAGNOSIS"])
    return images.assign(apart=days, found=found)


def test_there_are_two_thousand_scans_of_five_hundred_people(truth):
    clean = truth[truth["group"].isin(["HC", "sMCI", "pMCI", "AD"]) & (truth["run"] == 1)]
    assert len(clean) == 2000
    assert clean.groupby("group")["participant_id"].nunique().to_dict() == {
        "AD": 140,
        "HC": 160,
        "pMCI": 100,
        "sMCI": 100,
    }
    assert set(clean.groupby("participant_id").size()) == {3, 4, 5}
    assert clean["years"].max() <= 4.5
    assert clean.groupby("participant_id")["site"].first().nunique() == 8


def test_ids_begin_with_a_zero_and_belong_to_the_tables_person(merged):
    assert merged["PTID"].str.fullmatch(r"\d{3}_S_\d{4}").all()
    assert merged["PTID"].str.startswith("0").any()
    assert (merged["PTID"].str[-4:].astype(int) == merged["RID"].astype(int)).all()
    assert (merged["PTID"].str[:3].astype(int) == merged["SITE"].astype(int)).all()


def test_the_age_of_the_table_is_that_at_entry_on_every_row(merged):
    people = merged.groupby("PTID")
    assert (people["AGE"].nunique() == 1).all()
    assert (people["day"].agg(np.ptp).dt.days > 600).all()
    ages = merged["AGE"].astype(float)
    assert ages.between(55, 92).all() and 72 < ages.mean() < 76


def test_age_at_scan_follows_from_entry_and_date(merged, images, truth):
    entry = merged[merged["VISCODE"] == "bl"].set_index("PTID")
    days = images["day"].to_numpy() - entry.loc[images["Subject"], "day"].to_numpy()
    age = entry.loc[images["Subject"], "AGE"].astype(float).to_numpy()
    age = age + days / np.timedelta64(1, "D") / 365.25
    assert (images["Age"].astype(int) == np.floor(age)).all()
    told = images.assign(age=age, session=images["day"].dt.strftime("%Y%m%d"))
    told = told.groupby(["Subject", "session"])["age"].first()
    wanted = told.loc[list(zip(truth["participant_id"], truth["session"], strict=True))]
    assert np.allclose(wanted, truth["age"], atol=2e-6)


def test_sex_is_told_in_two_ways(merged, images):
    assert set(merged["PTGENDER"]) == {"Female", "Male"} and set(images["Sex"]) == {"F", "M"}
    one = merged.groupby("PTID")["PTGENDER"].first().str[0]
    assert (one.loc[images["Subject"]].to_numpy() == images["Sex"]).all()


def test_both_tables_tell_the_same_diagnoses(merged, diagnoses):
    words = merged["DX"].map({"CN": "1", "MCI": "2", "Dementia": "3"})
    assert words.tolist() == diagnoses["DIAGNOSIS"].tolist()
    assert merged["EXAMDATE"].tolist() == diagnoses["EXAMDATE"].tolist()
    assert set(merged["DX_bl"]) == {"CN", "SMC", "EMCI", "LMCI", "AD"}


def group_of(visits, first_scan):
    """Return a person's group by the rule of the specification."""
    found = visits["DIAGNOSIS"].tolist()
    months = (visits["day"] - first_scan).dt.days / 365.25 * 12
    if set(found) == {"1"}:
        return "HC"
    if found[0] == "3":
        return "AD" if set(found) == {"3"} else "unstable"
    if "1" in found:
        return REVERTED
    if "3" in visits.loc[months <= 36, "DIAGNOSIS"].tolist():
        return "pMCI"
    return "sMCI" if "3" not in found and months.max() >= 36 else CENSORED


def test_groups_follow_from_diagnoses_with_one_censored_and_one_reverted(truth, images, diagnoses):
    groups = truth.groupby("participant_id")["group"].first()
    first = images.groupby("Subject")["day"].min()
    for person, visits in diagnoses.groupby("PTID"):
        assert group_of(visits, first[person]) == groups[person]
    assert (groups == CENSORED).sum() == (groups == REVERTED).sum() == 1


def test_one_scan_is_170_and_one_200_days_from_a_visit(nearest):
    far = nearest[nearest["apart"] > 60].sort_values("apart")
    assert far["apart"].tolist() == [170, 200]


def test_most_scans_precede_or_follow_their_visit(nearest):
    assert (nearest["apart"] > 7).mean() > 0.5


def test_one_session_has_two_images_whose_numbers_are_no_text(images, folder):
    sessions = images.groupby(["Subject", "Acq Date"])["Image Data ID"].apply(list)
    (two,) = [ids for ids in sessions if len(ids) > 1]
    assert sorted(two) == ["I100000", "I99999"]
    regions = read_tsv(folder / "neuromorphometrics_cat12_vbm_roi.tsv")
    assert (regions["run"] == 2).sum() == 1
    twice = regions[regions["run"] == 2].iloc[0]
    alike = (regions["participant_id"] == twice["participant_id"]) & (
        regions["session"] == twice["session"]
    )
    assert regions.loc[alike, "run"].tolist() == [1, 2]
    assert regions.loc[alike, "lReg01_GM_Vol"].nunique() == 2


def test_every_image_has_its_row_of_regions(images, folder):
    regions = read_table(folder / "neuromorphometrics_cat12_vbm_roi.tsv")
    assert regions.columns[:4] == ["participant_id", "session", "run", "tiv"]
    rows = [(row["participant_id"], row["session"]) for row in regions.rows]
    label = "sub-" + images["Subject"].str.replace("_", "")
    wanted = zip(label, images["day"].dt.strftime("%Y%m%d"), strict=True)
    assert sorted(rows) == sorted(wanted)


def test_regions_are_named_as_in_openbhb_but_stand_in_another_order(folder, study):
    regions = [name for name in read_table(folder / region_tables.REGIONS).columns if "Reg" in name]
    names = region_tables.names(study)
    assert sorted(regions) == sorted(names) and regions != names

"""OpenBHB of nobody: participants.tsv, an array per scan, the challenge's packing."""

from __future__ import annotations

import numpy as np
import pytest
import region_tables

from contrage import modalities
from contrage.tables import read_table, read_tsv

SITES = {"train": range(1, 17), "internal_test": range(1, 17), "external_test": range(101, 107)}


@pytest.fixture(scope="module")
def people(study):
    return read_tsv(study / "openbhb/participants.tsv")


@pytest.fixture(scope="module")
def truth(study):
    found = read_tsv(study / "truth.tsv")
    return found[found["cohort"] == "openbhb"].reset_index(drop=True)


def test_everybody_stands_in_the_table_once_with_split_and_site(people):
    assert people["participant_id"].is_unique
    assert people["split"].value_counts().to_dict() == {
        "train": 400,
        "internal_test": 96,
        "external_test": 96,
    }
    for split, rows in people.groupby("split"):
        counts = rows["siteXacq"].value_counts()
        assert set(counts.index) == set(SITES[split]) and counts.nunique() == 1
    assert set(people["diagnosis"]) == {"control"}
    assert set(people["sex"]) == {"female", "male"}


def test_ids_are_text_of_twelve_digits_and_one_begins_with_a_zero(study):
    table = read_table(study / "openbhb/participants.tsv")
    ids = [row["participant_id"] for row in table.rows]
    assert all(len(each) == 12 and each.isdigit() for each in ids)
    assert sum(each.startswith("0") for each in ids) == 1


def test_hospitals_are_no_sites_external_people_are_from_known_ones(people):
    hospitals = people.groupby("split")["site"].agg(set)
    assert hospitals["external_test"] <= hospitals["train"]
    assert people.groupby("site")["siteXacq"].nunique().max() > 1


def test_the_table_tells_what_is_true(people, truth):
    assert people["participant_id"].tolist() == truth["participant_id"].tolist()
    assert people["split"].tolist() == truth["part"].tolist()
    assert people["siteXacq"].astype(str).tolist() == truth["site"].tolist()
    assert np.allclose(people["age"], truth["age"], atol=1e-6)
    assert people["sex"].str[0].str.upper().tolist() == truth["sex"].tolist()


def test_every_scan_has_an_array_of_regions_where_the_owners_put_it(study, people):
    folders = {"train": "train", "internal_test": "val", "external_test": "val"}
    found = set((study / "openbhb").glob("*/derivatives/**/*.npy"))
    ending = modalities.load("vbm_roi").ending
    for person, split in zip(people["participant_id"], people["split"], strict=True):
        home = study / f"openbhb/{folders[split]}/derivatives/sub-{person}/ses-1"
        path = home / f"sub-{person}_{ending}"
        array = np.load(path, allow_pickle=False)
        assert array.shape == (1, 1, 284) and array.dtype == np.float32
        found.remove(path)
    assert not found


def test_the_resources_name_grey_matter_first(study):
    names = region_tables.names(study)
    assert len(set(names)) == 284
    assert all(name.endswith("_GM_Vol") for name in names[:142])
    assert [name.replace("_CSF_", "_GM_") for name in names[142:]] == names[:142]


def test_ages_are_of_the_young_with_a_fifth_of_all_ages(truth):
    ages = truth.loc[truth["part"] == "train", "age"]
    assert ages.min() > 6 and ages.max() > 80
    assert 25 < ages.median() < 31
    assert 0.19 < (ages > 42).mean() < 0.35


def test_external_sites_look_older_or_younger_by_turns(truth):
    outside = truth["part"] == "external_test"
    assert set(truth.loc[~outside, "shift"]) == {0.0}
    odd = truth["site"].astype(int) % 2 == 1
    assert set(truth.loc[outside & odd, "shift"]) == {5.0}
    assert set(truth.loc[outside & ~odd, "shift"]) == {-5.0}


@pytest.mark.parametrize("split", SITES)
def test_the_packing_of_the_challenge_holds_the_same_regions(study, split):
    folder = study / "openbhb/challenge"
    rows = np.load(folder / f"{split}.npy", mmap_mode="r", allow_pickle=False)
    people = read_tsv(folder / f"{split}.tsv")
    assert rows.shape == (2, 3_659_572) and rows.dtype == np.float32
    assert list(people) == ["participant_id", "age", "site", "split"] and len(people) == 2
    start = 519_945 + 1_827_095 + 1_310_736
    for person, row in zip(people["participant_id"], rows, strict=True):
        (path,) = (study / "openbhb").glob(region_tables.ROI.format(person))
        assert np.array_equal(row[start : start + 284], np.load(path).ravel())
        assert not row[start - 1000 : start].any() and not row[start + 284 :].any()


def test_the_packing_takes_no_room_for_what_it_does_not_hold(study):
    sizes = [path.stat() for path in (study / "openbhb/challenge").glob("*.npy")]
    assert all(size.st_size > 29e6 and size.st_blocks * 512 < 1e6 for size in sizes)

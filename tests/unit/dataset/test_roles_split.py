"""Whoever is not learned from leaves no trace in what a split file says of training."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from forms import VOLUME
from parts import ALL, SPLIT
from targets import LEARNED

from contrage.dataset.inner_split import inner_split
from contrage.dataset.split import split
from contrage.errors import LeakageError, SettingsError
from contrage.files import read_json
from contrage.tables import read_tsv, write_tsv

ROLES = {"1": "train", "02": "val", "3": "test", "4": "external", "5": "predict", "n/a": "none"}
VALUES = ["1", "1", "1", "1", "1", "1", "02", "3", "4", "5"]


def cohort(people: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    values = [VALUES[n % len(VALUES)] for n in range(people)]
    return pd.DataFrame(
        {
            "scan_id": [f"sub-{n:02d}" for n in range(people)],
            "participant_id": [f"sub-{n:02d}" for n in range(people)],
            "age": rng.uniform(18, 90, people),
            "site": ["far" if value == "4" else "near" for value in values],
            "part": values,
            "diagnosis": ["AD" if value == "5" else "HC" for value in values],
            "row": range(people),
        }
    )


@pytest.fixture
def images(rng) -> np.ndarray:
    images = rng.normal(3, 1, (60, 1, 3, 4, 5)).astype(np.float32)
    images[:, :, 0] = 0
    return images


def run(folder, table, images, part=None, **changes) -> list[dict]:
    """Split; return the folds."""
    folder.mkdir(exist_ok=True)
    write_tsv(folder / "scans.tsv", table)
    np.save(folder / "array.npy", images)
    settings = {"target": LEARNED, "seed": 0, "normalisation": "train", "field_of_view": "own"}
    settings |= {
        "form": VOLUME,
        "batch_size": 4,
        **ALL,
        "split": {**SPLIT, **(part or {})},
        **changes,
    }
    inputs = {"scans": folder / "scans.tsv", "array": folder / "array.npy"}
    split(settings, **inputs, output=folder / "split.json")
    return read_json(folder / "split.json")["folds"]


GIVEN = {"scheme": "given", "column": "part", "roles": ROLES}
TRAINING = ("train", "test", "train_rows", "mean", "sd", "dominant", "age_mean", "age_sd")


def test_values_are_labels_and_no_numbers(tmp_path, images):
    (fold,) = run(tmp_path, cohort(), images, GIVEN)
    counts = {role: len(fold[role]) for role in ("train", "val", "test", "external", "predict")}
    assert counts == {"train": 36, "val": 6, "test": 6, "external": 6, "predict": 6}
    assert list(fold)[:7] == ["fold", "name", "train", "val", "test", "external", "predict"]


def test_a_role_that_nobody_plays_is_not_in_the_file(tmp_path, images):
    table = cohort().assign(part=["1", "3"] * 30)
    (fold,) = run(tmp_path, table, images, GIVEN)
    assert not {"val", "external", "predict", "none"} & set(fold)


def test_scans_without_a_part_are_in_no_role(tmp_path, images):
    table = cohort()
    table.loc[[0, 7], "part"] = None
    (fold,) = run(tmp_path, table, images, GIVEN)
    assert not {"sub-00", "sub-07"} & {
        scan for role in ROLES.values() for scan in fold.get(role, [])
    }


@pytest.mark.parametrize("normalisation", ["train", "cohort", "image"])
@pytest.mark.parametrize("field_of_view", ["own", "common"])
def test_deleting_all_who_are_only_predicted_changes_no_bit_of_training(
    tmp_path, images, normalisation, field_of_view
):
    table, settings = cohort(), {"normalisation": normalisation, "field_of_view": field_of_view}
    images[table.index[table["diagnosis"] == "AD"]] *= 1000
    for scheme in ("holdout", "kfold"):
        part = {"scheme": scheme, "stratify_by_age": True}
        learn = {"learn_from": {"diagnosis": ["HC"]}}
        both = run(tmp_path / "both", table, images, part, **learn, **settings)
        healthy = table[table["diagnosis"] == "HC"]
        alone = run(tmp_path / "alone", healthy, images, part, **settings)
        for fold, expected in zip(both, alone, strict=True):
            assert {key: fold[key] for key in TRAINING} == {key: expected[key] for key in TRAINING}
        predicted = sorted(scan for fold in both for scan in fold.get("predict", []))
        assert predicted == table["scan_id"][table["diagnosis"] == "AD"].tolist()


@pytest.mark.parametrize("normalisation", ["train", "cohort"])
def test_external_people_shuffled_among_external_sites_change_no_bit_of_training(
    tmp_path, images, rng, normalisation
):
    table = cohort()
    external = table.index[table["part"] == "4"]
    found = []
    for name in ("first", "second"):
        table.loc[external, "site"] = rng.permutation(["x", "x", "y", "y", "z", "z"])
        images[external] = images[rng.permutation(external)] * rng.uniform(1, 3)
        found.append(run(tmp_path / name, table, images, GIVEN, normalisation=normalisation))
    assert found[0] == found[1]


def test_fewer_scans_to_learn_from_than_a_batch_are_refused(tmp_path, images):
    table = cohort().assign(diagnosis=["HC"] * 10 + ["AD"] * 50)
    told = r"dataset\.learn_from: diagnosis: HC leaves 8 scans .*training\.batch_size: 9"
    with pytest.raises(SettingsError, match=told):
        run(tmp_path, table, images, learn_from={"diagnosis": ["HC"]}, batch_size=9)


def test_a_column_that_the_scans_have_not_is_named(tmp_path, images):
    table = cohort().drop(columns="diagnosis")
    with pytest.raises(
        SettingsError, match=r"cohort\.columns: the scans have no column 'diagnosis'"
    ):
        run(tmp_path, table, images, learn_from={"diagnosis": ["HC"]})


def test_two_scans_of_a_person_in_two_roles_are_leakage(tmp_path, images):
    table = cohort()
    table.loc[7, "participant_id"] = "sub-00"
    with pytest.raises(LeakageError, match="sub-00 in training and in test"):
        run(tmp_path, table, images, GIVEN)


def test_statistics_are_those_of_the_rows_that_a_subset_and_gaps_leave(tmp_path, images):
    table = cohort()
    chosen = {
        "missing_targets": [[40, 60]],
        "subset": {"fraction": 0.5, "seed": 0, "stratify": None},
    }
    (fold,) = run(tmp_path, table, images, **chosen)
    (whole,) = run(tmp_path, table, images)
    ages = table.set_index("scan_id")["age"]
    assert fold["test"] == whole["test"] and set(fold["train"]) < set(whole["train"])
    kept = ages[fold["train"]]
    assert not ((kept >= 40) & (kept < 60)).any()
    left = ages[whole["train"]]
    assert len(kept) == -(-int((~((left >= 40) & (left < 60))).sum()) // 2)
    voxels = images[fold["train_rows"]]
    assert fold["mean"] == pytest.approx([voxels[voxels != 0].mean()], rel=1e-6)
    assert fold["age_mean"] == pytest.approx(kept.mean())


def test_an_inner_split_has_the_people_of_role_val_and_nobody_else_of_the_fold(tmp_path, images):
    table = cohort()
    (outer,) = run(tmp_path, table, images, GIVEN)
    inner_split(
        {
            **{"purpose": "search", "fraction": 0.25, "seed": 0, "target": LEARNED},
            **{"normalisation": "train", "field_of_view": "own", "batch_size": 4},
            "form": VOLUME,
        },
        scans=tmp_path / "scans.tsv",
        array=tmp_path / "array.npy",
        split=tmp_path / "split.json",
        fold=0,
        inner_scans=tmp_path / "inner.tsv",
        output=tmp_path / "inner.json",
    )
    (inner,) = read_json(tmp_path / "inner.json")["folds"]
    assert sorted(inner["train"] + inner["test"]) == sorted(outer["train"])
    assert inner["val"] == outer["val"] and not {"external", "predict"} & set(inner)
    told = set(read_tsv(tmp_path / "inner.tsv")["scan_id"])
    assert told == {*outer["train"], *outer["val"]}

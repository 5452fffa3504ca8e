"""Ages permuted among the training participants, and nobody else's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from targets import AGE

from contrage.dataset.null_ages import null_ages, permuted
from contrage.files import write_json
from contrage.settings.steps.dataset import NullAgesStep
from contrage.tables import read_tsv, write_tsv
from contrage.target import Target


@pytest.fixture
def table(rng):
    people = [f"sub-{number:02d}" for number in range(20)]
    return pd.DataFrame(
        {
            "scan_id": people,
            "participant_id": people,
            "age": rng.uniform(20, 80, 20).round(2),
            "site": "n/a",
            "row": range(20),
        }
    )


def written(tmp_path, table, seed=0, fold=0):
    scans, split, output = (tmp_path / name for name in ("scans.tsv", "split.json", "null.tsv"))
    write_tsv(scans, table)
    train, test = table["scan_id"].tolist()[:15], table["scan_id"].tolist()[15:]
    write_json(split, {"folds": [{"fold": 0, "train": train, "test": test}]})
    asked = NullAgesStep(seed, AGE.learned)
    null_ages(asked, scans=scans, split=split, fold=fold, output=output)
    return read_tsv(output)


def test_training_ages_are_the_same_ones_in_another_order(tmp_path, table):
    found = written(tmp_path, table)
    before, after = table["age"][:15], found["age"][:15]
    assert sorted(after) == sorted(before)
    assert (after.to_numpy() != before.to_numpy()).sum() >= 12


def test_whoever_is_tested_on_keeps_age_and_line(tmp_path, table):
    found = written(tmp_path, table)
    pd.testing.assert_frame_equal(found[15:], read_tsv(tmp_path / "scans.tsv")[15:])
    pd.testing.assert_frame_equal(
        found.drop(columns="age"), read_tsv(tmp_path / "scans.tsv").drop(columns="age")
    )


def test_every_seed_has_an_order_of_its_own_and_always_the_same(tmp_path, table):
    first, again, other = (written(tmp_path, table, seed)["age"].tolist() for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_scans_of_one_participant_stay_as_far_apart_in_age(table):
    later = table.assign(
        scan_id=table["scan_id"] + "_ses-b", age=table["age"] + np.arange(1, 21) / 4
    )
    both = pd.concat([table, later], ignore_index=True)
    ages = permuted(both, set(both["scan_id"]), np.random.default_rng(0), "age")
    gaps = [ages[f"{name}_ses-b"] - ages[name] for name in table["scan_id"]]
    np.testing.assert_allclose(gaps, np.arange(1, 21) / 4, atol=1e-9)
    assert np.mean(list(ages.values())) == pytest.approx(both["age"].mean())


def test_sides_are_dealt_to_other_people_and_all_scans_of_one_have_one(tmp_path, table):
    sides = ["AD" if number % 3 else "HC" for number in range(20)]
    first = table.assign(group=sides)
    later = first.assign(scan_id=first["scan_id"] + "_ses-b", row=range(20, 40))
    both = pd.concat([first, later], ignore_index=True)
    scans, split, output = (tmp_path / name for name in ("scans.tsv", "split.json", "null.tsv"))
    write_tsv(scans, both)
    learned = both["participant_id"] < "sub-15"
    told = {"train": both.loc[learned, "scan_id"].tolist()}
    write_json(
        split, {"folds": [{"fold": 0, **told, "test": both.loc[~learned, "scan_id"].tolist()}]}
    )
    target = Target("group", "binary", "AD", "HC")
    null_ages(NullAgesStep(0, target), scans=scans, split=split, fold=0, output=output)
    found = read_tsv(output)
    assert found.loc[~learned, "group"].equals(both.loc[~learned, "group"])
    assert (found.groupby("participant_id")["group"].nunique() == 1).all()
    own = found.loc[learned, "group"]
    assert own.value_counts().to_dict() == both.loc[learned, "group"].value_counts().to_dict()
    assert (own != both.loc[learned, "group"]).sum() >= 6
    assert found.drop(columns="group").equals(read_tsv(scans).drop(columns="group"))

"""Errors by how many training people are alike."""

from __future__ import annotations

import numpy as np
import pytest
from tested_rows import RowsOnTest

LEARNED = np.repeat([20.5, 30.5, 40.5], [6, 3, 1])
TESTED = np.array([20.2, 20.9, 30.1, 40.0, 50.0])
AGES = np.concatenate([LEARNED, TESTED])
FOLD = [{"train": np.arange(10), "test": np.arange(10, 15)}]
OFF = {"exp": 1.0, "l1": 2.0}


@pytest.fixture
def study(tmp_path):
    """Errors grow by a year from test person to test person."""
    by_person = np.concatenate([np.zeros(10), [1, 2, 3, 4, 5]])
    rows = {row: lambda ages, _, k=k: ages + k * by_person for row, k in OFF.items()}
    told = {"evaluations": {"shots": {"many": 5, "few": 3}}}
    return RowsOnTest(tmp_path / "x", AGES, FOLD, rows, told=told)


def test_each_group_has_the_errors_of_its_test_people(study):
    found = study.table("shots").set_index(["shots", "row"])
    for row, scale in OFF.items():
        errors = {"all": 3, "many": 1.5, "medium": 3, "few": 4.5, "none": 5}
        for group, mae in errors.items():
            assert found.loc[(group, row), "mae_mean"] == pytest.approx(scale * mae), group
    people = found["n_participants"].xs("exp", level="row").to_dict()
    assert people == {"all": 5, "many": 2, "medium": 1, "few": 2, "none": 1}
    assert found["note"].isna().all()


def test_counted_are_the_training_people_of_the_fold_that_tests(study):
    """The second fold learned from nobody of twenty, so that its test of twenty has none."""
    folds = [
        {"train": np.arange(10), "test": np.arange(12, 15)},
        {"train": np.arange(6, 10), "test": np.arange(10, 12)},
    ]
    found = (
        RowsOnTest(study.folder, AGES, folds, study.rows, told=study.told)
        .table("shots")
        .set_index(["shots", "row"])
    )
    assert found.loc[("none", "exp"), "n_participants"] == 3
    assert found.loc[("many", "exp"), "note"] == "nobody of it was tested"


def test_the_width_of_a_bin_is_the_targets(study):
    told = {**study.told, "target": {"bin": 100}}
    found = RowsOnTest(study.folder, AGES, FOLD, study.rows, told=told).table("shots")
    known = found[found["note"].isna()]
    assert set(known["shots"]) == {"all", "many"} and (known["n_participants"] == 5).all()


def test_the_geometric_mean_is_never_above_the_mean_nor_that_above_the_root(study):
    found = study.table("shots")
    assert (found["gm"] <= found["mae_mean"] + 1e-9).all()
    assert (found["mae_mean"] <= found["rmse_mean"] + 1e-9).all()

"""Lipschitz factors of rows, from files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tested_rows import RowsOnTest, halves

from contrage.evaluation.statistics.lipschitz import factors

AGES = np.random.default_rng(1).uniform(20, 80, 60).round(1)


def along_age(noise: float):
    def made(ages, chance):
        return np.column_stack([ages, ages**2 / 50]) + chance.normal(0, noise, (len(ages), 2))

    return made


def off(sd: float):
    return lambda ages, chance: ages + chance.normal(0, sd, len(ages))


@pytest.fixture
def study(tmp_path):
    rows = {"l1": off(8), "exp": off(2)}
    features = {"l1": along_age(25), "exp": along_age(1)}
    told = {"evaluations": {"lipschitz": {"draws": 30}}}
    return RowsOnTest(tmp_path / "x", AGES, halves(60), rows, features, seeds=2, told=told)


def test_a_smoother_row_has_smaller_factors_and_a_gap_above_zero(study):
    found = study.table("lipschitz").set_index("row")
    assert found.loc["exp", "median"] < found.loc["l1", "median"] / 2
    assert found.loc["exp", "z"] > 0 and found.loc["exp", "r_gap"] > 0
    assert found.loc["exp", "z_low"] <= found.loc["exp", "z"] <= found.loc["exp", "z_high"]
    assert -1 <= found.loc["exp", "rho"] <= 1 and found.loc["exp", "n_draws"] == 30
    assert found.loc["l1", ["z", "r_gap", "rho", "reference"]].isna().all()
    assert (found["n"] == 60).all() and (found["skipped"] == 0).all()
    assert (found["n_seeds"] == 2).all() and found.loc["exp", "reference"] == "l1"


def test_factors_are_of_the_test_people_of_a_fold_alone(study):
    people = study.table("lipschitz_people")
    chance = np.random.default_rng([0, len("exp")])
    study.rows["exp"](AGES, chance)
    first = along_age(1)(AGES, chance)
    own = people[(people["row"] == "exp") & (people["seed"] == 0) & (people["fold"] == 0)]
    wanted = pd.Series(factors(first[30:], AGES[30:]), study.ids[30:])
    assert own.set_index("scan_id")["factor"].to_dict() == pytest.approx(wanted.to_dict())


def test_the_draws_are_those_that_the_table_sums_up(study):
    draws = study.table("lipschitz_draws")
    line = study.table("lipschitz").set_index("row").loc["exp"]
    assert set(draws["row"]) == {"exp"} and len(draws) == 30
    assert np.corrcoef(draws["z"], draws["r_gap"])[0, 1] == pytest.approx(line["rho"], abs=1e-4)


def test_without_a_reference_there_are_factors_and_no_gap(study):
    told = {"evaluations": {"lipschitz": {"reference": None}}}
    alone = RowsOnTest(study.folder, AGES, study.folds, study.rows, study.features, told=told)
    found = alone.table("lipschitz")
    assert found["median"].notna().all() and found["z"].isna().all()
    assert len(alone.table("lipschitz_draws")) == 0


def test_a_person_has_one_factor_however_many_scans(study):
    people = [f"sub-{n // 2:03d}" for n in range(60)]
    study = RowsOnTest(
        study.folder, AGES, study.folds, study.rows, study.features, told=study.told, people=people
    )
    assert (study.table("lipschitz")["n"] == 30).all()


def test_people_all_alike_are_told(study):
    flat = {row: lambda ages, _: np.ones((len(ages), 2)) for row in study.rows}
    same = RowsOnTest(study.folder, AGES, study.folds, study.rows, flat, told=study.told)
    found = same.table("lipschitz")
    assert (found["note"] == "no two test people have different features").all()
    assert (found["n"] == 0).all() and (found["skipped"] == 60).all()

"""The paired t-test beside the permutation test."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_rel
from tested_rows import RowsOnTest, halves

AGES = np.linspace(20, 80, 40)


def test_the_test_is_of_people_over_all_seeds(tmp_path):
    rows = {
        "exp": lambda ages, chance: ages + chance.normal(0, 2, len(ages)),
        "l1": lambda ages, chance: ages + chance.normal(0, 6, len(ages)),
    }
    told = {"evaluations": {"paired_t": {}}}
    study = RowsOnTest(tmp_path / "x", AGES, halves(40), rows, seeds=2, told=told)
    found = study.table("paired_t").set_index("row")
    errors = {}
    for row, predict in rows.items():
        seeds = [predict(AGES, np.random.default_rng([seed, len(row)])) for seed in (0, 1)]
        errors[row] = np.abs(np.array(seeds) - AGES).mean(0)
    wanted = ttest_rel(errors["l1"], errors["exp"])
    assert found.loc["l1", "t"] == pytest.approx(wanted.statistic)
    assert found.loc["l1", "p_t"] == pytest.approx(wanted.pvalue)
    assert found.loc["exp", ["t", "p_t", "p_paired"]].isna().all()
    assert found.loc["l1", "p_paired"] < 0.05 and (found["n_participants"] == 40).all()

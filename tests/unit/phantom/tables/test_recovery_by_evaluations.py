"""What is planted in the cohorts of region tables is found by the evaluations, from files."""

from __future__ import annotations

import numpy as np
import pytest
import region_tables as rt
from groups_study import GroupsStudy

GROUPS = ["HC", "sMCI", "pMCI", "AD"]
TOLD = {"gap": {}, "roc": {}, "slopes": {}}


@pytest.fixture(scope="module")
def adni(study, tmp_path_factory) -> GroupsStudy:
    """ADNI by the ridge of its own controls, and by that of the controls of all cohorts."""
    planted = rt.read(study)
    patients, controls = (planted.where(cohort="adni", group=g) for g in (rt.GROUPS, "HC"))
    healthy = planted.where(group="HC") & ~planted.where(part=("internal_test", "external_test"))
    predictions, folds = {}, {}
    for row, learn in (("alone", controls), ("merged", healthy)):
        folds[row] = rt.folds_of(planted, learn, patients)
        predictions[row] = rt.predicted(planted, learn, folds[row], planted.ages)[patients]
    scans = planted.truth[patients].reset_index(drop=True)
    named = scans["participant_id"] + "_" + scans["session"]
    scans = scans.assign(
        scan_id=named,
        fold=folds["alone"][patients],
        split=np.where(controls[patients], "test", "predict"),
    )
    kept = ["scan_id", "participant_id", "group", "sex", "age", "years", "fold", "split"]
    rows = {row: lambda table, seed, told=told: told for row, told in predictions.items()}
    alone, merged = (
        GroupsStudy(
            tmp_path_factory.mktemp(row) / "study",
            scans[kept].assign(fold=folds[row][patients]),
            {row: rows[row]},
            TOLD,
        )
        for row in rows
    )
    return {"alone": alone, "merged": merged}


@pytest.fixture(scope="module")
def tables(adni):
    return {(row, name): adni[row].table(name) for row in adni for name in TOLD}


def of(table, row, key="kind", kind="cole"):
    return table[(table["row"] == row) & (table[key] == kind)].set_index("group")


@pytest.mark.parametrize(("row", "limit"), [("alone", 1.9), ("merged", 1.3)])
def test_gaps_of_groups_are_found(tables, row, limit):
    found = of(tables[row, "gap"], row)
    assert found.loc["AD", "difference"] == pytest.approx(6, abs=limit)
    assert found.loc["AD", "matched"] == pytest.approx(6, abs=limit)
    assert found.loc["pMCI", "difference"] == pytest.approx(4, abs=1.5)
    assert found.loc["sMCI", "difference"] == pytest.approx(1, abs=1.2)
    assert found.loc[GROUPS, "mean"].is_monotonic_increasing
    assert found.loc["HC", "mean"] == pytest.approx(0, abs=0.25)
    assert found["n"].tolist() == [160, 100, 100, 140]


def test_a_cohort_alone_shrinks_ages_and_its_residuals_by_as_much(tables):
    cole, residual = (of(tables["alone", "gap"], "alone", kind=k) for k in ("cole", "residual"))
    beta, told = cole.loc["HC", "beta"], residual.loc["AD", "difference"]
    assert 0.65 < beta < 0.9 and of(tables["merged", "gap"], "merged").loc["HC", "beta"] > 0.85
    assert told < 5.5
    assert told / cole.loc["AD", "difference"] == pytest.approx(beta, abs=0.08)


@pytest.mark.parametrize("row", ["alone", "merged"])
def test_the_gap_tells_dementia_and_neither_age_nor_noise_does(tables, row):
    table = tables[row, "roc"]
    own, noise = (table[table["row"] == name].set_index("score") for name in (row, "mean"))
    assert (own.loc[["cole", "raw"], "auc"] > 0.80).all()
    assert own.loc["cole", "p_age"] < 0.001 and 0.4 < own.loc["age", "auc"] < 0.6
    assert 0.4 < noise.loc["raw", "auc"] < 0.6
    assert np.isnan(noise.loc["cole", "auc"])


@pytest.mark.parametrize("row", ["alone", "merged"])
def test_slopes_of_groups_are_found(tables, row):
    found = of(tables[row, "slopes"], row)
    assert found.loc["AD", "difference"] == pytest.approx(1.5, abs=0.25)
    assert found.loc["pMCI", "difference"] == pytest.approx(1, abs=0.2)
    assert found.loc["sMCI", "difference"] == pytest.approx(0, abs=0.15)
    assert found.loc["HC", "slope"] == pytest.approx(0, abs=0.15)


def test_raw_slopes_are_attenuated(tables):
    raw = of(tables["alone", "slopes"], "alone", kind="raw")
    assert raw.loc["AD", "difference"] < 1.35

"""Calibration of a binary target, its curve, and its scores by fold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from evaluation_steps import evaluation_of
from forms import TABLE
from given import block
from scipy.special import expit
from targets import SIDES

from contrage.evaluation.evaluate import evaluate
from contrage.evaluation.statistics.calibration import calibration_curve
from contrage.layout import Results
from contrage.tables import read_tsv, write_rows

COLUMNS = [
    "participant_id",
    "diagnosis",
    "score",
    "probability",
    "split",
    "scan_id",
    "site",
    "fold",
]
TOLD = {"statistics": block("statistics", bootstrap=200, permutations=500)}


@pytest.fixture
def run(tmp_path):
    """Write what rows predict of 200 test people and 40 external ones; return what evaluates it."""

    def table(name: str, sharp: float = 1.0, seeds: int = 1, sides=None):
        place, files = Results.at(str(tmp_path / "x")), []
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            chance = rng.uniform(0.05, 0.95, 240)
            side = (rng.random(240) < chance).astype(int) if sides is None else sides
            odds = sharp * np.log(chance / (1 - chance))
            played = [("test", n, n % 4) for n in range(200)]
            played += [("external", n, fold) for n in range(200, 240) for fold in range(4)]
            lines = [
                [who := f"sub-{n:03d}", side[n], odds[n], expit(odds[n]), role, who, "n/a", fold]
                for role, n, fold in played
            ]
            files.append(Path(place.predictions.format(row="l1", seed=seed)))
            files[-1].parent.mkdir(parents=True, exist_ok=True)
            write_rows(
                files[-1], COLUMNS, [dict(zip(COLUMNS, line, strict=True)) for line in lines]
            )
        block_of = "calibration" if name.startswith("calibration") else name
        told = {f"evaluations.{block_of}": {}, **(TOLD if block_of == "calibration" else {})}
        step = replace(evaluation_of(name, TABLE, ("l1",), told), target=SIDES.learned)
        evaluate(step, table=tmp_path / "t.tsv", predictions=files)
        return read_tsv(tmp_path / "t.tsv")

    return table


def test_true_probabilities_are_as_far_off_as_chance_and_sharper_ones_further(run):
    true, sharp = run("calibration").iloc[0], run("calibration", sharp=5.0).iloc[0]
    assert true["ece"] < true["null_high"] and true["p"] > 0.05
    assert sharp["ece"] > sharp["null_high"] and sharp["p"] < 0.01
    assert true["n_participants"] == 200 and true["null_mean"] == pytest.approx(0.06, abs=0.02)


def test_the_curve_is_that_of_the_people_with_the_bounds_of_chance(run):
    curve = run("calibration_curve")
    assert curve["n"].sum() == 200
    inside = (curve["null_low"] <= curve["observed"]) & (curve["observed"] <= curve["null_high"])
    assert inside.mean() >= 0.8
    assert (curve["null_low"] <= curve["probability"]).all()
    assert (curve["probability"] <= curve["null_high"]).all()
    assert len(calibration_curve([0, 1], [0.1, 0.9])) == 2


def test_several_seeds_are_a_mean(run):
    found, curves = run("calibration", seeds=3).iloc[0], run("calibration_curve", seeds=3)
    assert found["n_seeds"] == 3 and found["ece_sd"] > 0
    assert sorted(curves["seed"].unique()) == [0, 1, 2]


def test_each_fold_has_scores_and_external_people_are_told_by_all(run):
    found = run("sides_by_fold").set_index("role")
    assert found["n_fits"].tolist() == [4, 4]
    assert found["n_participants"].tolist() == [200, 40]
    assert 0.6 < found.loc["test", "bacc_mean"] < 0.9 and found.loc["test", "bacc_sd"] > 0
    assert found.loc["external", "bacc_sd"] == pytest.approx(0)
    assert (found["auc_mean"] > found["bacc_mean"] - 0.05).all()


def test_a_fold_without_one_side_is_told(run):
    sides = np.array([0 if n % 4 == 2 else n % 3 == 0 for n in range(240)], int)
    found = run("sides_by_fold", sides=sides).set_index("role")
    assert np.isnan(found.loc["test", "bacc_mean"])
    assert found.loc["test", "note"].startswith("fold 2 has nobody of class AD to be tested")

"""How well two sides are told apart, by person, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import roc_auc_score

from contrage.dataset.roles import REPORTED
from contrage.errors import TableError
from contrage.evaluation.statistics.tested import by_baseline, check_same_scans
from contrage.settings.blocks.statistics import StatisticsSettings

Floats = NDArray[np.float64]

THRESHOLD = 0.5
CHANCE = 0.5
"""Balanced accuracy of whoever says the same of everyone."""
CHUNK = 200


def by_person(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the mean probability over each participant's scans, beside the truth.

    Whoever has scans on both sides is two people here: once on each.

    Parameters
    ----------
    frame : DataFrame
        participant_id, target (0 or 1), predicted (the probability of 1).

    Returns
    -------
    DataFrame
        participant_id, target, predicted; one line per participant and side.
    """
    keys = ["participant_id", "target"]
    return frame.groupby(keys, as_index=False, sort=True)["predicted"].mean()


def balanced_accuracy(true: ArrayLike, probability: ArrayLike) -> float:
    """Return the mean of sensitivity and specificity at .5; NaN where a side has nobody."""
    return float(np.mean(sensitivity_specificity(true, probability)))


def sensitivity_specificity(true: ArrayLike, probability: ArrayLike) -> tuple[float, float]:
    """Return the part of either side that is recognised at .5, which counts as positive."""
    sides, said = np.asarray(true), np.asarray(probability) >= THRESHOLD
    right = (sides == 1) == said
    first, second = (right[sides == side] for side in (1, 0))
    return tuple(float(part.mean()) if len(part) else float("nan") for part in (first, second))


def area(true: ArrayLike, probability: ArrayLike) -> float:
    """Return the area under the ROC curve; NaN where a side has nobody."""
    sides = np.asarray(true)
    known = len(np.unique(sides)) == 2
    return float(roc_auc_score(sides, probability)) if known else float("nan")


def side_scores(frame: pd.DataFrame) -> dict[str, float]:
    """Return bacc, auc, sensitivity and specificity by person; columns as of `by_person`."""
    people = by_person(frame)
    true, probability = people["target"], people["predicted"]
    sensitivity, specificity = sensitivity_specificity(true, probability)
    return {
        "bacc": float(np.mean([sensitivity, specificity])),
        "auc": area(true, probability),
        "sensitivity": sensitivity,
        "specificity": specificity,
    }


def bacc_table(
    predictions: Mapping[str, Sequence[pd.DataFrame]], settings: StatisticsSettings
) -> pd.DataFrame:
    """Compare rows by how well they tell the sides of test participants apart.

    Parameters
    ----------
    predictions : mapping of str to sequence of DataFrame
        Per row one predictions table per training seed, as
        `contrage.evaluation.predictions.read` gives them.
    settings : StatisticsSettings

    Returns
    -------
    DataFrame
        In the order given, one line per row; means and SDs are over seeds: loss, bacc_mean,
        bacc_sd, auc_mean, auc_sd, n_seeds, n_participants, ci_low, ci_high (of bacc_mean,
        bootstrap over the participants of each side), bacc_baseline (saying the same of everyone),
        sensitivity_mean, specificity_mean, bacc_fold_sd and auc_fold_sd (over the folds of a seed,
        mean over seeds; NaN of fewer than two that have both sides), and bacc_own where a loss
        predicts the side itself.

    Raises
    ------
    TableError
        If there is nothing to compare, or rows were not tested on the same scans.
    """
    if not predictions:
        raise TableError("there are no predictions to compare: benchmark.losses is empty")
    check_same_scans(predictions)
    return pd.DataFrame([_row(name, frames, settings) for name, frames in predictions.items()])


def _row(name: str, frames: Sequence[pd.DataFrame], settings: StatisticsSettings) -> dict[str, Any]:
    if not frames:
        raise TableError(f"there are no predictions of '{name}'")
    tests = [frame[frame["split"] == REPORTED] for frame in frames]
    seeds = pd.DataFrame([side_scores(test) for test in tests])
    people = [by_person(test) for test in tests]
    low, high = bacc_interval(people, settings)
    row = {
        "loss": name,
        "bacc_mean": seeds["bacc"].mean(),
        "bacc_sd": seeds["bacc"].std(ddof=1),
        "auc_mean": seeds["auc"].mean(),
        "auc_sd": seeds["auc"].std(ddof=1),
        "n_seeds": len(frames),
        "n_participants": len(set().union(*(each["participant_id"] for each in people))),
        "ci_low": low,
        "ci_high": high,
        "bacc_baseline": CHANCE,
        "sensitivity_mean": seeds["sensitivity"].mean(),
        "specificity_mean": seeds["specificity"].mean(),
        **over_folds(tests),
    }
    if all("own_prediction" in test for test in tests):
        row["bacc_own"] = float(np.mean([own_accuracy(test) for test in tests]))
    return row


def over_folds(tests: Sequence[pd.DataFrame]) -> dict[str, float]:
    """Return the SD of accuracy and area over folds, mean over seeds.

    A fold that has nobody of a side has neither measure, and no part in it.
    """
    folds = [
        pd.DataFrame([side_scores(part) for _, part in test.groupby("fold")]) for test in tests
    ]
    return {
        f"{name}_fold_sd": float(np.mean([each[name].std(ddof=1) for each in folds]))
        for name in ("bacc", "auc")
    }


def own_accuracy(test: pd.DataFrame) -> float:
    """Return the balanced accuracy, by person, of what a loss predicts without the probe."""
    people = by_person(test.assign(predicted=test["own_prediction"]))
    return balanced_accuracy(people["target"], people["predicted"])


def bacc_interval(
    seeds: Sequence[pd.DataFrame], settings: StatisticsSettings
) -> tuple[float, float]:
    """Return a percentile bootstrap interval of the mean over seeds of the balanced accuracy.

    Participants are drawn within each side, so that no draw lacks one; what all seeds predict for
    a participant is drawn together.

    Parameters
    ----------
    seeds : sequence of DataFrame
        As `by_person` returns them, of each seed.
    settings : StatisticsSettings

    Returns
    -------
    (float, float)
        NaN with fewer than two participants of a side.
    """
    stacked = pd.concat([each.assign(seed=number) for number, each in enumerate(seeds)])
    stacked["right"] = (stacked["predicted"] >= THRESHOLD) == (stacked["target"] == 1)
    chance, draws = np.random.default_rng(settings.seed), settings.bootstrap
    found = np.zeros((draws, len(seeds)))
    for side in (1, 0):
        part = stacked[stacked["target"] == side]
        right = part.pivot(index="participant_id", columns="seed", values="right")
        if len(right) < 2:
            return float("nan"), float("nan")
        right = right.reindex(columns=range(len(seeds))).astype(float)
        found += _drawn(right.to_numpy(), draws, chance) / 2
    outside = (1 - settings.confidence) / 2
    found = found[np.isfinite(found).any(1)]  # a draw may miss all test participants of a side
    means = np.nanmean(found, axis=1)
    low, high = np.quantile(means, [outside, 1 - outside])
    return float(low), float(high)


def _drawn(right: Floats, draws: int, chance: np.random.Generator) -> Floats:
    """Return the part that is right (draws, seeds) of resampled people, from (people, seeds)."""
    people = len(right)
    there = np.isfinite(right).astype(float)
    known = np.where(there > 0, right, 0.0)
    parts = []
    for start in range(0, draws, CHUNK):
        size = min(CHUNK, draws - start)
        times = chance.multinomial(people, np.full(people, 1 / people), size).astype(float)
        counts = times @ there
        parts.append(np.where(counts > 0, times @ known / np.maximum(counts, 1), np.nan))
    return np.concatenate(parts)


def side_baselines(
    frames: Sequence[pd.DataFrame],
    settings: StatisticsSettings,
    nulls: Mapping[str, Sequence[pd.DataFrame]],
) -> pd.DataFrame:
    """Summarise the baselines as the losses are summarised, the best first.

    Parameters
    ----------
    frames : sequence of DataFrame
        One table per seed: predictions with a column baseline.
    settings : StatisticsSettings
    nulls : mapping of str to sequence of DataFrame
        Rows that learned permuted sides, which stand among the baselines, seed by seed.

    Returns
    -------
    DataFrame
        baseline, and the columns of `bacc_table` from bacc_mean to ci_high.
    """
    table = bacc_table({**by_baseline(frames), **nulls}, settings).rename(
        columns={"loss": "baseline"}
    )
    kept = table.loc[:, "baseline":"ci_high"]
    return kept.sort_values("bacc_mean", ascending=False, kind="stable", ignore_index=True)

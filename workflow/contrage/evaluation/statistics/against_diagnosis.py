"""Whether models that predict age better also tell a diagnosis better."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import linregress, pearsonr

from contrage.evaluation.statistics.people import Floats, bootstrap_interval
from contrage.settings.blocks.statistics import StatisticsSettings

NOTHING = 1e-12
"""Part of a variance below which a number is rounding."""
FEWEST = 5
"""Trainings below which a bootstrap of them says little: two of them have three different draws."""


@dataclass(frozen=True)
class Association:
    """A line through the points of a row, and how close they lie to it.

    Attributes
    ----------
    n, n_clusters : int
        Points, and the trainings that they come from.
    r : float
        Pearson's correlation.
    fisher_low, fisher_high : float
        Its interval by Fisher's z, as if points were independent.
    r_low, r_high : float
        Its interval by a bootstrap of trainings.
    slope : float
        Accuracy per unit of the target.
    slope_low, slope_high : float
        Its interval by the same bootstrap.
    """

    n: int
    n_clusters: int
    r: float
    fisher_low: float
    fisher_high: float
    r_low: float
    r_high: float
    slope: float
    slope_low: float
    slope_high: float


def association(
    errors: ArrayLike,
    accuracies: ArrayLike,
    clusters: Sequence[Hashable],
    settings: StatisticsSettings,
) -> Association:
    """Return how accuracy of a diagnosis goes with the error of age.

    Points of one training (its checkpoints) are alike, so that the bootstrap draws trainings, each
    with all its points. Fisher's interval (Fisher, Metron 1:3, 1921) is shown beside it: of five
    points, the r of −.92 that Barbano et al. ("Robust brain age estimation from structural MRI with
    contrastive learning", figure 4) print has one from −.99 to −.20.

    Parameters
    ----------
    errors : array of shape (n,)
        n at least 1. Mean absolute error of age on a fold's test controls, in the target's unit.
    accuracies : array of shape (n,)
        Of the diagnosis, from 0 to 1.
    clusters : sequence of hashable, length n
        The training of each point: its seed and fold.
    settings : StatisticsSettings

    Returns
    -------
    Association
        r and slope are NaN with fewer than three points; so is r where all errors or all accuracies
        are equal, and the slope where all errors are. No bootstrap interval with fewer than
        `FEWEST` trainings; draws in which a number is undefined do not count.
    """
    x, y = np.asarray(errors, float), np.asarray(accuracies, float)
    training, names = pd.factorize(pd.Series(list(clusters), dtype=object))
    r, low, high = _correlation(x, y, settings.confidence)
    sums = _sums(x, y, training, len(names))
    of_r, of_slope = (
        bootstrap_interval([len(names)], lambda drawn, at=at: _of_draws(sums, drawn)[at], settings)
        if len(names) >= FEWEST
        else (float("nan"), float("nan"))
        for at in range(2)
    )
    known = len(x) > 2 and np.ptp(x) > 0
    return Association(
        n=len(x),
        n_clusters=len(names),
        r=r,
        fisher_low=low,
        fisher_high=high,
        r_low=of_r[0],
        r_high=of_r[1],
        slope=float(linregress(x, y).slope) if known else float("nan"),
        slope_low=of_slope[0],
        slope_high=of_slope[1],
    )


def _correlation(x: Floats, y: Floats, confidence: float) -> tuple[float, float, float]:
    """Return r and Fisher's interval; of three points it is all from −1 to 1."""
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan"), float("nan"), float("nan")
    found = pearsonr(x, y)
    low, high = found.confidence_interval(confidence)
    return float(found.statistic), float(low), float(high)


def _sums(x: Floats, y: Floats, training: NDArray[np.int_], count: int) -> Floats:
    """Return of each training (count, 6) n, Σx, Σy, Σxx, Σyy, Σxy, both without their means.

    From these any draw of trainings is measured without going through its points.
    """
    x, y = (values - values.mean() for values in (x, y))
    parts = (np.ones_like(x), x, y, x * x, y * y, x * y)
    return np.stack([np.bincount(training, part, count) for part in parts], axis=1)


def _of_draws(sums: Floats, drawn: NDArray[np.int_]) -> tuple[Floats, Floats]:
    """Return r and slope (draws,) of the trainings drawn (draws, trainings); NaN if undefined."""
    n, x, y, xx, yy, xy = np.moveaxis(sums[drawn].sum(-2), -1, 0)
    spread_x, spread_y = xx - x * x / n, yy - y * y / n
    together = xy - x * y / n
    total = sums.sum(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        varies_x, varies_y = spread_x > NOTHING * total[3], spread_y > NOTHING * total[4]
        slope = np.where(varies_x, together / spread_x, np.nan)
        r = np.where(varies_x & varies_y, together / np.sqrt(spread_x * spread_y), np.nan)
    return r, slope

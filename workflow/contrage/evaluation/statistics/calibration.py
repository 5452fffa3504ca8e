"""Whether probabilities mean what they say: calibration errors, and those that chance gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from contrage.errors import TableError
from contrage.settings.blocks.statistics import StatisticsSettings

Floats = NDArray[np.float64]

BINS = 10
CHUNK = 200
HIGH = 0.95
"""Quantile of chance that a calibration error is shown against."""
NOTHING = 1e-12


@dataclass(frozen=True)
class Calibration:
    """Calibration errors, and those of a model whose probabilities are true.

    Attributes
    ----------
    ece : float
        Expected calibration error: bins weigh by their people.
    ace : float
        Average calibration error: bins with anybody in them weigh alike.
    n : int
        People.
    null_mean, null_high : float
        Mean and 95th percentile of the expected calibration error by chance.
    p : float
        How often chance gives as large a one; never 0.
    """

    ece: float
    ace: float
    n: int
    null_mean: float
    null_high: float
    p: float


def calibration_curve(true: ArrayLike, probability: ArrayLike) -> pd.DataFrame:
    """Return the points of a calibration curve, over ten bins of equal width.

    `sklearn.calibration.calibration_curve` has the same points, but not how many people are in
    each, without which they cannot be weighed.

    Parameters
    ----------
    true : array of shape (n,)
        0 or 1, one a person.
    probability : array of shape (n,)
        Of 1.

    Returns
    -------
    DataFrame
        low, high (edges; a bin has its upper edge, the first both), n, probability (mean), observed
        (part of 1); bins without anybody are left out.
    """
    chance, bins = _checked(probability)
    frame = pd.DataFrame({"bin": bins, "probability": chance, "observed": np.asarray(true, float)})
    found = frame.groupby("bin").agg(
        n=("bin", "size"), probability=("probability", "mean"), observed=("observed", "mean")
    )
    edges = np.linspace(0, 1, BINS + 1)
    found.insert(0, "low", edges[found.index])
    found.insert(1, "high", edges[found.index + 1])
    return found.reset_index(drop=True)


def calibration(
    true: ArrayLike, probability: ArrayLike, settings: StatisticsSettings
) -> Calibration:
    """Return how far probabilities are from what is observed, beside what chance gives.

    ECE = Σ n_b/n |mean y − mean p| (Naeini et al., AAAI 2015; Guo et al., ICML 2017, equation 3).
    It falls only as n^-½ where nothing is wrong, so that it says nothing without its null: outcomes
    drawn from the probabilities themselves (the consistency resampling of Bröcker and Smith,
    Weather Forecast 22:651, 2007).

    Parameters
    ----------
    true, probability
        As of `calibration_curve`.
    settings : StatisticsSettings
        `permutations` are the draws of the null.

    Raises
    ------
    TableError
        If there is nobody, or a probability is outside 0 to 1.
    """
    chance, bins = _checked(probability)
    gaps = _bin_sums(bins, np.asarray(true, float) - chance)
    people = np.bincount(bins, minlength=BINS)
    there = people > 0
    ece = float(np.abs(gaps).sum() / len(chance))
    null = null_errors(chance, settings.permutations, settings.seed)
    as_large = int((null >= ece - NOTHING).sum())
    return Calibration(
        ece=ece,
        ace=float(np.mean(np.abs(gaps[there]) / people[there])),
        n=len(chance),
        null_mean=float(null.mean()),
        null_high=float(np.quantile(null, HIGH)),
        p=(1 + as_large) / (1 + len(null)),
    )


def null_errors(probability: ArrayLike, draws: int, seed: int) -> Floats:
    """Return expected calibration errors (draws,) of outcomes drawn from the probabilities."""
    chance, bins = _checked(probability)
    rng = np.random.default_rng(seed)
    parts = []
    for start in range(0, draws, CHUNK):
        size = min(CHUNK, draws - start)
        outcomes = rng.random((size, len(chance))) < chance
        gaps = _bin_sums(bins, outcomes - chance)
        parts.append(np.abs(gaps).sum(-1) / len(chance))
    return np.concatenate(parts)


def _checked(probability: ArrayLike) -> tuple[Floats, NDArray[np.int_]]:
    """Return probabilities, and the bin of each; bins as scikit-learn has them."""
    chance = np.asarray(probability, float)
    if not chance.size:
        raise TableError("no calibration error: there is nobody")
    if not ((chance >= 0) & (chance <= 1)).all():
        raise TableError("no calibration error: there are probabilities outside 0 to 1")
    return chance, np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], chance)


def _bin_sums(bins: NDArray[np.int_], values: Floats) -> Floats:
    """Return the sums (…, bins) of values (…, n) over the people of each bin."""
    return values @ (bins[:, None] == np.arange(BINS)).astype(float)


def null_band(probability: ArrayLike, settings: StatisticsSettings) -> tuple[Floats, Floats]:
    """Return within which bounds the points of a curve lie by chance if probabilities are true.

    Parameters
    ----------
    probability : array of shape (n,)
        As of `calibration_curve`, whose points these are.
    settings : StatisticsSettings
        `permutations` are the draws, `confidence` how many of them lie within.

    Returns
    -------
    (ndarray, ndarray)
        Low and high part of 1 in each bin that has anybody.
    """
    chance, bins = _checked(probability)
    people = np.bincount(bins, minlength=BINS)
    rng = np.random.default_rng(settings.seed)
    parts = []
    for start in range(0, settings.permutations, CHUNK):
        size = min(CHUNK, settings.permutations - start)
        outcomes = rng.random((size, len(chance))) < chance
        parts.append(_bin_sums(bins, outcomes.astype(float))[:, people > 0] / people[people > 0])
    outside = (1 - settings.confidence) / 2
    low, high = np.quantile(np.concatenate(parts), [outside, 1 - outside], axis=0)
    return low, high

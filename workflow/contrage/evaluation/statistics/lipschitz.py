"""How smoothly the target changes over a representation: normalised Lipschitz factors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from contrage.evaluation.statistics.metrics import within_folds_r

Floats = NDArray[np.float64]

TOGETHER = 1e-12
"""Distance below which two points are one, and have no factor."""
AT_ONCE = 4_000_000
"""Distances at a time: 32 MB."""


@dataclass(frozen=True)
class FactorSpread:
    """A distribution of factors.

    Attributes
    ----------
    n : int
        Factors.
    mean, sd, median : float
        In the target's unit; the SD with n below the root.
    skewness : float
        Of small factors and a few large ones it is above 0.
    """

    n: int
    mean: float
    sd: float
    median: float
    skewness: float


def factors(features: ArrayLike, targets: ArrayLike) -> Floats:
    """Return each point's normalised Lipschitz factor against its nearest neighbour.

    L = |Δy| / ‖Δz‖ · √d, with z the z-scores of the features over these points (SD with n below
    the root, constant coordinates left out), d how many of them there are, and of neighbours as
    near as each other the first (Wu et al., "SupReMix", equation 7 and the steps after it). The
    text prints d without a root; the source of the measure has it, and without it factors grow with
    the size of the network.

    Parameters
    ----------
    features : array of shape (n, d)
        Of test people.
    targets : array of shape (n,)
        In the target's unit.

    Returns
    -------
    ndarray of shape (n,)
        In the target's unit; NaN of a point whose nearest neighbour is as good as the same point,
        and of all where there are fewer than two, or no coordinate differs.
    """
    values, y = np.asarray(features, float), np.asarray(targets, float)
    spread = values.std(axis=0)
    varies = spread > TOGETHER * np.abs(values).max(axis=0, initial=0)
    if len(values) < 2 or not varies.any():
        return np.full(len(values), np.nan)
    z = (values[:, varies] - values[:, varies].mean(axis=0)) / spread[varies]
    nearest, distance = _nearest(z)
    found = np.full(len(values), np.nan)
    apart = distance >= TOGETHER
    gap = np.abs(y - y[nearest])[apart]
    found[apart] = gap / distance[apart] * np.sqrt(varies.sum())
    return found


def _nearest(z: Floats) -> tuple[NDArray[np.int_], Floats]:
    """Return the nearest other point of each (n,), the first of several, and how far it is."""
    from scipy.spatial.distance import cdist

    size = max(1, AT_ONCE // len(z))
    nearest, distances = [], []
    for start in range(0, len(z), size):
        away = cdist(z[start : start + size], z)
        own = np.arange(len(away))
        away[own, start + own] = np.inf
        nearest.append(away.argmin(axis=1))
        distances.append(away.min(axis=1))
    return np.concatenate(nearest), np.concatenate(distances)


def spread_of(found: ArrayLike) -> FactorSpread:
    """Return what a distribution of factors comes to, those that are NaN left out."""
    from scipy.stats import skew

    known = np.asarray(found, float)
    known = known[np.isfinite(known)]
    if not known.size:
        return FactorSpread(0, *[float("nan")] * 4)
    skewness = float(skew(known)) if np.ptp(known) > 0 else float("nan")
    mean, sd = _mean_and_sd(known)
    return FactorSpread(len(known), mean, sd, float(np.median(known)), skewness)


def z_gap(others: ArrayLike, own: ArrayLike) -> float:
    """Return Z, how much smaller factors are than a reference's.

    (mean of the reference − mean) / √(variance of the reference + variance): above 0 where these
    are the smaller ones. It has no n in it, so that it is no test.

    Parameters
    ----------
    others : array of shape (m,)
        The reference's; NaN does not count.
    own : array of shape (n,)
    """
    (mean, sd), (own_mean, own_sd) = (_mean_and_sd(each) for each in (others, own))
    width = np.hypot(sd, own_sd)
    return float((mean - own_mean) / width) if width > 0 else float("nan")


def _mean_and_sd(found: ArrayLike) -> tuple[float, float]:
    values = np.asarray(found, float)
    known = values[np.isfinite(values)]
    return (float(known.mean()), float(known.std())) if known.size else (float("nan"),) * 2


@dataclass(frozen=True)
class RowOnTest:
    """What a row comes to on the test people of a seed, in the same order as other rows.

    Attributes
    ----------
    factors, target, predicted : ndarray of shape (n,)
    fold : ndarray of shape (n,)
        In which each one was tested.
    """

    factors: Floats
    target: Floats
    predicted: Floats
    fold: NDArray[np.int_]

    @property
    def r(self) -> float:
        """Correlation of predicted with true, within folds."""
        return within_folds_r(self.target, self.predicted, self.fold)

    def take(self, drawn: NDArray[np.int_]) -> RowOnTest:
        """Return the people who were drawn, each with the factor that is theirs.

        Neighbours are not looked for again: whoever is drawn twice would be nearest to oneself.
        """
        parts = (self.factors, self.target, self.predicted, self.fold)
        return RowOnTest(*(each[drawn] for each in parts))


def gaps(other: RowOnTest, own: RowOnTest) -> tuple[float, float]:
    """Return Z and the gap in r of a row to a reference: above 0 where the row is the better."""
    return z_gap(other.factors, own.factors), own.r - other.r


def bootstrapped_gaps(other: RowOnTest, own: RowOnTest, draws: int, seed: int) -> Floats:
    """Return Z and the gap in r (draws, 2) of a row to a reference, in drawn people.

    Both see the same people in a draw. Figure 7 B of Wu et al. has these points, with 100 draws.
    """
    rng = np.random.default_rng(seed)
    found = np.empty((draws, 2))
    for draw in range(draws):
        drawn = rng.integers(len(own.target), size=len(own.target))
        theirs, ours = other.take(drawn), own.take(drawn)
        found[draw] = gaps(theirs, ours)
    return found

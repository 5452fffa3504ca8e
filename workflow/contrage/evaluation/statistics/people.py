"""What the formulas on groups of people share: the first scan of each, and draws of people."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from contrage.settings.blocks.statistics import StatisticsSettings

Floats = NDArray[np.float64]

BATCH = 100
"""Draws at a time: of 20,000 people they take 16 MB."""


def first_scans(participants: ArrayLike, times: ArrayLike) -> NDArray[np.int_]:
    """Return where each person's first scan stands.

    Parameters
    ----------
    participants : array of shape (n,)
        Whose scan each one is.
    times : array of shape (n,)
        When it was made: an age or a date; of equal ones the first in the order given is taken.

    Returns
    -------
    ndarray of shape (people,)
        Indices in ascending order.
    """
    people = np.asarray(participants).astype(str)
    in_time = np.argsort(np.asarray(times), kind="stable")
    return np.sort(in_time[np.unique(people[in_time], return_index=True)[1]])


def scan_weights(participants: ArrayLike) -> Floats:
    """Return the weight (n,) of each scan where a person's scans weigh 1 together."""
    people = np.asarray(participants).astype(str)
    _, person, scans = np.unique(people, return_inverse=True, return_counts=True)
    return 1 / scans[person]


def bootstrap_interval(
    sizes: Sequence[int], statistic: Callable[..., Floats], settings: StatisticsSettings
) -> tuple[float, float]:
    """Return a percentile bootstrap interval over people, who are drawn within their group.

    Parameters
    ----------
    sizes : sequence of int
        People of each group; whoever is drawn together (a cluster) is one of them.
    statistic : callable
        Called with the indices (draws, size) of whom was drawn of each group; returns (draws,). A
        draw in which it is undefined (NaN) does not count.
    settings : StatisticsSettings

    Returns
    -------
    (float, float)
        NaN where a group has fewer than two people, or no draw is defined.
    """
    from scipy.stats import bootstrap

    if min(sizes) < 2:
        return float("nan"), float("nan")
    draws = bootstrap(
        [np.arange(size) for size in sizes],
        lambda *drawn, axis: statistic(*drawn),
        n_resamples=settings.bootstrap,
        method="percentile",
        vectorized=True,
        axis=-1,
        batch=BATCH,
        rng=settings.seed,
    ).bootstrap_distribution
    # SciPy's own interval is NaN as soon as one draw is.
    known = draws[np.isfinite(draws)]
    if not known.size:
        return float("nan"), float("nan")
    outside = (1 - settings.confidence) / 2
    low, high = np.quantile(known, [outside, 1 - outside])
    return float(low), float(high)

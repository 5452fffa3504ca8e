"""What regions add to predictions: their shares, and what they explain of people's differences."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contrage.settings.blocks.statistics import StatisticsSettings

Floats = NDArray[np.float64]

AT_ONCE = 256
"""Regions whose draws are in memory together."""
TOLERANCE = 0.05
"""How far sums of integrated gradients may be off, as a part of what they are to add up to."""


def explained(values: Floats, wanted: Floats) -> Floats:
    """Return which part of the differences between predictions each region makes.

    That is the covariance over people of what the region adds with the prediction, over the
    variance of the prediction: mean over seeds. Where what regions add is all of the prediction,
    the parts are 1 together; a region that works against the others has a negative one.

    Parameters
    ----------
    values : ndarray of shape (seeds, people, regions)
        What each region adds; NaN where a seed does not test somebody.
    wanted : ndarray of shape (seeds, people)
        f(image) − f(baseline).

    Returns
    -------
    ndarray of shape (regions,)
        NaN where all predictions are alike.
    """
    f = wanted[..., None]
    around = f - np.nanmean(f, axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = np.nanmean(around * values, axis=1) / np.nanmean(around**2, axis=1)
    return np.nanmean(parts, axis=0)


def intervals(
    values: Floats, wanted: Floats, settings: StatisticsSettings
) -> tuple[Floats, Floats]:
    """Return percentile bootstrap intervals over people of what regions explain.

    All regions are measured in the same draws, by products of matrices: a thousand features would
    take minutes one by one.

    Parameters
    ----------
    values : ndarray of shape (seeds, people, regions)
        As of `explained`.
    wanted : ndarray of shape (seeds, people)
    settings : StatisticsSettings

    Returns
    -------
    (low, high)
        Each an ndarray of shape (regions,); NaN with fewer than two people.
    """
    people, regions = values.shape[1:]
    if people < 2:
        return np.full(regions, np.nan), np.full(regions, np.nan)
    chance = np.random.default_rng(settings.seed)
    drawn = chance.integers(0, people, (settings.bootstrap, people))
    times = np.zeros(drawn.shape)
    np.add.at(times, (np.arange(len(drawn))[:, None], drawn), 1)
    outside = (1 - settings.confidence) / 2
    found = [
        np.nanquantile(
            _in_draws(values[..., at : at + AT_ONCE], wanted, times), [outside, 1 - outside], axis=0
        )
        for at in range(0, regions, AT_ONCE)
    ]
    low, high = np.concatenate(found, axis=1)
    return low, high


def _in_draws(values: Floats, wanted: Floats, times: Floats) -> Floats:
    """Return what regions explain (draws, regions); `times` is how often a draw has each person."""
    parts = []
    for a, f in zip(values, wanted, strict=True):
        known = np.isfinite(f)
        weight = times[:, known] / np.maximum(times[:, known].sum(axis=1, keepdims=True), 1)
        f, a = f[known] - f[known].mean(), a[known]
        mean_f = weight @ f
        together = weight @ (f[:, None] * a) - mean_f[:, None] * (weight @ a)
        varied = weight @ f**2 - mean_f**2
        with np.errstate(invalid="ignore", divide="ignore"):
            parts.append(together / np.where(varied > 0, varied, np.nan)[:, None])
    return np.nanmean(parts, axis=0) if len(parts) > 1 else parts[0]


def shares(values: Floats) -> Floats:
    """Return each region's share of the absolute sum, mean over people and seeds.

    Parameters
    ----------
    values : ndarray of shape (seeds, people, regions)
        NaN where a seed does not test somebody; somebody to whom nothing is added does not count.

    Returns
    -------
    ndarray of shape (regions,)
    """
    sizes = np.abs(values)
    whole = sizes.sum(axis=2, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.nanmean(sizes / np.where(whole > 0, whole, np.nan), axis=(0, 1))


def incompleteness(values: Floats, wanted: Floats) -> float:
    """Return how far sums of attributions are off, as a part of what they should add up to.

    Parameters
    ----------
    values : ndarray of shape (seeds, people, regions)
    wanted : ndarray of shape (seeds, people)
        f(image) − f(baseline). Everybody's together: one whose prediction is the baseline's has
        nothing to be a part of.
    """
    whole = np.nansum(np.abs(wanted))
    off = np.nansum(np.abs(values.sum(axis=2) - wanted))
    return float(off / whole) if whole else 0.0

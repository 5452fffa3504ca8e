"""What regions add to predictions: their shares, and what they explain of people's differences."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TOLERANCE = 0.05
"""How far sums of integrated gradients may be off, as a part of what they are to add up to."""


def explained(values: Floats, wanted: Floats) -> Floats:
    """Return which part of the differences between predictions each region makes.

    That is the covariance over people of what the region adds with the prediction, over the
    variance of the prediction: mean over seeds. Where what regions add is all of the prediction,
    the parts are 1 together; a region that works against the others has a negative one.

    Parameters
    ----------
    values : ndarray of shape (seeds, people, …)
        What each region adds; NaN where a seed does not test somebody.
    wanted : ndarray of shape (seeds, people), or with further axes as `values` has but its last
        f(image) − f(baseline).

    Returns
    -------
    ndarray of shape (…)
        NaN where all predictions are alike.
    """
    f = wanted[..., None]
    around = f - np.nanmean(f, axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = np.nanmean(around * values, axis=1) / np.nanmean(around**2, axis=1)
    return np.nanmean(parts, axis=0)


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

"""Whether distances of a representation follow distances of the target."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def ordinality(points: ArrayLike, targets: ArrayLike) -> float:
    """Return Spearman's correlation of ‖Δz‖ with |Δy| over all pairs.

    Parameters
    ----------
    points : array of shape (n, d)
        Features or embeddings of test people.
    targets : array of shape (n,)
        True ones, in the target's unit.

    Returns
    -------
    float
        NaN with fewer than three people, or where all distances of either kind are equal.
    """
    from scipy.spatial.distance import pdist
    from scipy.stats import spearmanr

    values, y = np.asarray(points, float), np.asarray(targets, float)[:, None]
    if len(values) < 3:
        return float("nan")
    apart, gap = pdist(values), pdist(y, "cityblock")
    if np.ptp(apart) == 0 or np.ptp(gap) == 0:
        return float("nan")
    return float(spearmanr(apart, gap).statistic)


def unit(points: ArrayLike) -> Floats:
    """Return points (n, d) divided by their length; one at the origin stays there."""
    values = np.asarray(points, float)
    length = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(length > 0, length, 1)

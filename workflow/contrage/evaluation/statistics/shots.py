"""How many training rows are like a test row: many, medium, few shots."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import ArrayLike, NDArray

MANY, MEDIUM, FEW = "many", "medium", "few"
ROUNDING = 1e-9  # of a bin: 23.3 / 0.1 is a little less than 233


def bins(targets: ArrayLike, width: float) -> NDArray[np.int_]:
    """Return the number (n,) of each target's bin; `width` is in the targets' unit."""
    return np.floor(np.asarray(targets, float) / width + ROUNDING).astype(int)


def training_counts(learned: ArrayLike, tested: ArrayLike, width: float) -> NDArray[np.int_]:
    """Return how many training rows are in the bin of each test row.

    Parameters
    ----------
    learned : array of shape (m,)
        Targets of the training rows.
    tested : array of shape (n,)
        Targets of the test rows, in the same unit.
    width : float
        Of a bin, in it.

    Returns
    -------
    ndarray of shape (n,)
    """
    there = Counter(bins(learned, width).tolist())
    return np.array([there[each] for each in bins(tested, width).tolist()], dtype=int)


def shots(counts: ArrayLike, many: int, few: int) -> NDArray[np.str_]:
    """Return the group (n,) of bins with so many training rows.

    Many have more than `many`, few less than `few` (0 is one of these), medium all others: the
    groups of Yang et al. (ICML 2021, "Delving into deep imbalanced regression", section 4).
    """
    rows = np.asarray(counts, int)
    return np.where(rows > many, MANY, np.where(rows < few, FEW, MEDIUM))

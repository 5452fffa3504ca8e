"""The geometric mean of absolute errors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import gmean

FLOOR = 1e-6
"""The smallest error that is told from none, in the target's unit."""


def geometric_mean_error(true: ArrayLike, predicted: ArrayLike) -> tuple[float, int]:
    """Return the geometric mean of the absolute errors, and how many of them were raised for it.

    exp(mean ln max(|e|, 1e-6)): one exact hit would make a plain geometric mean 0 (in the library
    that the paper's code follows it does). It is never above the mean absolute error, but for
    errors that are below the floor altogether. Yang et al. (ICML 2021, "Delving into deep
    imbalanced regression", section 4) measure regression by it, and so do Wu et al. ("SupReMix").

    Parameters
    ----------
    true, predicted : array of shape (n,)
        In the target's unit, n at least 1.

    Returns
    -------
    (float, int)
        The first in the target's unit.
    """
    errors = np.abs(np.asarray(predicted, float) - np.asarray(true, float))
    return float(gmean(np.maximum(errors, FLOOR))), int((errors < FLOOR).sum())


def geometric_means(seeds: Sequence[tuple[ArrayLike, ArrayLike]]) -> dict[str, float | int]:
    """Return what tables say of it: gm, the mean over seeds, and gm_floored, of all seeds.

    Parameters
    ----------
    seeds : sequence of (array, array)
        True and predicted, as of `geometric_mean_error`.
    """
    found = [geometric_mean_error(*each) for each in seeds]
    means, floored = zip(*found, strict=True)
    return {"gm": float(np.mean(means)), "gm_floored": int(sum(floored))}

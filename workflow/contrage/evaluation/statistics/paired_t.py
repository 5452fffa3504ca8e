"""The paired t-test of errors, as the third paper prints it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def paired_t(errors: ArrayLike, others: ArrayLike) -> tuple[float, float]:
    """Return t and two-sided p of paired errors.

    Wu et al. ("SupReMix") star their tables by such tests, of units that they do not state; here
    the unit is a test person. Errors are not normal, and of few people the p of sign flips beside
    it (`contrage.evaluation.statistics.intervals.permutation_p`) is the one to trust.

    Parameters
    ----------
    errors, others : array of shape (people,)
        Mean absolute error of each person by one row and by another.

    Returns
    -------
    (float, float)
        NaN with fewer than two people, or where all differences are equal.
    """
    from scipy.stats import ttest_rel

    ours, theirs = np.asarray(errors, float), np.asarray(others, float)
    if len(ours) < 2 or np.ptp(ours - theirs) == 0:
        return float("nan"), float("nan")
    found = ttest_rel(ours, theirs)
    return float(found.statistic), float(found.pvalue)

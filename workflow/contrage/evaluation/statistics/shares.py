"""How certain a share of people is: exact, and where people of one site are more alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def share_interval(is_in: ArrayLike, confidence: float) -> tuple[float, float]:
    """Return the exact interval of a share (Clopper and Pearson 1934).

    Parameters
    ----------
    is_in : array of shape (people,)
        Whether each one counts.
    confidence : float
    """
    from scipy.stats import binomtest

    counted = np.asarray(is_in, bool)
    found = binomtest(int(counted.sum()), len(counted)).proportion_ci(confidence, "exact")
    return float(found.low), float(found.high)


def share_interval_of_sites(
    is_in: ArrayLike, sites: ArrayLike, confidence: float
) -> tuple[float, float]:
    """Return the interval of a share where people of one site are more alike than people of two.

    Korn and Graubard 1998 ("Confidence intervals for proportions with small expected number of
    positive counts estimated from survey data"): Clopper's and Pearson's of as many people as would
    be as certain. That is p (1 - p) over the variance of the share, taken over sites by
    linearisation, times (t of n - 1 / t of K - 1)², for a variance of few sites is uncertain
    itself; and never more than there are people.

    Parameters
    ----------
    is_in : array of shape (people,)
        Whether each one counts.
    sites : array of shape (people,)
        Where each was scanned.
    confidence : float

    Returns
    -------
    (float, float)
        From 0 to 1 where there is one site alone: nothing is known of others.
    """
    from scipy.stats import beta, t

    counted = np.asarray(is_in, float)
    _, site = np.unique(np.asarray(sites), return_inverse=True)
    people, several = len(counted), int(site.max()) + 1
    if several < 2:
        return 0.0, 1.0
    share = counted.mean()
    apart = np.bincount(site, counted - share) / people
    variance = several / (several - 1) * float(apart @ apart)
    worth = share * (1 - share) / variance if variance > 0 else float(people)
    outside = (1 - confidence) / 2
    fewer = (t.ppf(outside, people - 1) / t.ppf(outside, several - 1)) ** 2
    worth = min(float(people), worth * fewer)
    held = share * worth
    low = beta.ppf(outside, held, worth - held + 1) if share > 0 else 0.0
    high = beta.ppf(1 - outside, held + 1, worth - held) if share < 1 else 1.0
    return float(low), float(high)

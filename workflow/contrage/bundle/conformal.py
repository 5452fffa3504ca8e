"""Split-conformal intervals: as wide as covers the share asked for of people who were not seen.

With n residuals that could as well be the new person's, an interval of half the width of the
⌈(n + 1) · level⌉-th smallest absolute one holds the target of the new person with a probability of
`level` at least (Lei et al., J Am Stat Assoc 113:1094, 2018).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def half_width(residuals: ArrayLike, level: float) -> float | None:
    """Return half the width of an interval; None where so few people tell of no end.

    Parameters
    ----------
    residuals : array of shape (n,)
        Of people whom the model has not seen; their signs do not count.
    level : float
        Share of new people whose target the interval is to hold.
    """
    errors = np.sort(np.abs(np.asarray(residuals, float)))
    rank = math.ceil(round((len(errors) + 1) * level, 9))
    return float(errors[rank - 1]) if rank <= len(errors) else None


def half_width_of_new_site(sites: Sequence[ArrayLike], level: float) -> float | None:
    """Return half the width of an interval for people of a site that nobody has seen.

    Of each site the width that covers its own people is taken, and of these the
    ⌈(K + 1) · level⌉-th smallest; with fewer sites than that takes, the widest.

    Parameters
    ----------
    sites : sequence of array
        Residuals of each site's people, of models that have not seen the site.
    level : float

    Returns
    -------
    float or None
        None where fewer than two sites have an end.
    """
    widths = sorted(w for w in (half_width(each, level) for each in sites) if w is not None)
    if len(widths) < 2:
        return None
    rank = math.ceil(round((len(widths) + 1) * level, 9))
    return widths[min(rank, len(widths)) - 1]

"""How wide an interval around a prediction has to be: conformal half widths, and what was measured.

An interval is the prediction ± a half width, the same for everyone, made of absolute residuals of
people whom the models have not seen. Nothing is assumed of errors but who is exchangeable with
whom: people with people (`half_width`), or sites with sites (`half_width_of_new_sites`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

PEOPLE, SITE = "people", "site"
"""The two intervals: for another person of the same sites, and for a person of another site."""
NOTHING = 9
"""Decimals of a rank or a weight that are more than rounding: 0.55 · 100 is 55."""


@dataclass(frozen=True)
class Measured:
    """How many of some people an interval held.

    Attributes
    ----------
    interval : {"people", "site"}
        Which half width.
    new : {"person", "site", "external"}
        To whom the people it is made of are new: other test people, other sites, or all of the
        test people for external ones.
    part : {"all", "band", "site"}
        Of which part of them.
    value : str
        Which band or site; "all" of all.
    people, sites, covered : int
        How many there are, at how many sites, and how many of them the interval held.
    share : float or None
        Part of the people that it held; None where the interval has no end.
    low, high : float or None
        Interval of the share.
    half_width : float or None
        In the target's unit, of part "all" that of everybody together, which new people will have,
        of others the median of those used; None where the interval has no end.
    seen : {"all", "some", "none"}
        Whether the models had learned from other people of their sites.
    note : str
        Why there is no number.
    """

    interval: str
    new: str
    part: str
    value: str
    people: int
    sites: int
    covered: int
    share: float | None
    low: float | None
    high: float | None
    half_width: float | None
    seen: str
    note: str


@dataclass(frozen=True)
class Intervals:
    """The half widths that held-out people give, and what they were measured to cover.

    Attributes
    ----------
    level : float
        Part of new people that an interval is to hold.
    people, sites : int
        Of whom the half widths are made.
    half_width, half_width_of_new_sites : float or None
        For another person of the same sites, and of another site, in the target's unit; None where
        there are too few for the level, so that no end can be given.
    measured : tuple of Measured
    """

    level: float
    people: int
    sites: int
    half_width: float | None
    half_width_of_new_sites: float | None
    measured: tuple[Measured, ...]


def rank(people: int, level: float) -> int:
    """Return which smallest residual is the half width: the ⌈(n + 1) · level⌉-th."""
    return math.ceil(round((people + 1) * level, NOTHING))


def half_width(residuals: ArrayLike, level: float) -> float:
    """Return the half width of an interval for one more person: the split-conformal quantile.

    The ⌈(n + 1) · level⌉-th smallest of n absolute residuals holds that of one more exchangeable
    person with a probability of at least the level (Papadopoulos et al. 2002; Lei et al. 2018,
    "Distribution-free predictive inference for regression", theorem 2.2), and if all differ of
    less than level + 1 / (n + 1). The plain quantile would hold too few of few.

    Scans of one person are more alike than scans of two, so that each person has **one** residual
    (here that of the first scan, `contrage.evaluation.held_out`): the mean of several would be
    smaller than that of the one scan that is to be predicted, and all of them would count whoever
    came often for several people.

    Parameters
    ----------
    residuals : array of shape (people,)
        Absolute residuals, one of each person.
    level : float
        Between 0 and 1.

    Returns
    -------
    float
        Infinite where there are too few people: fewer than level / (1 - level), nine for 90 %.
    """
    ordered = np.sort(_absolute(residuals))
    place = rank(len(ordered), level)
    return float(ordered[place - 1]) if place <= len(ordered) else math.inf


def half_width_of_new_sites(residuals: ArrayLike, sites: ArrayLike, level: float) -> float:
    """Return the half width of an interval for a person of one more site.

    Sites are exchangeable, and the people within a site. Each of K sites weighs 1 / (K + 1), its
    people alike within it, and the rest, 1 / (K + 1), stands for the new site's and is infinite:
    the smallest residual up to which the weights come to the level. So it holds one person of one
    more site with a probability of at least the level: HCP of Lee, Barber and Willett 2023
    ("Distribution-free inference with hierarchical data", theorem 1), which makes exact what Dunn,
    Wasserman and Ramdas 2022 ("Distribution-free prediction sets for two-layer hierarchical
    models") show of the mean of the sites' distributions. It says nothing of one site by itself: a
    tenth of the sites may lie outside with all of their people.

    Parameters
    ----------
    residuals : array of shape (people,)
        Absolute residuals, one of each person.
    sites : array of shape (people,)
        Where each was scanned.
    level : float
        Between 0 and 1.

    Returns
    -------
    float
        Infinite where there are too few sites: fewer than level / (1 - level), nine for 90 %. Where
        each site has one person it is `half_width`.
    """
    values = _absolute(residuals)
    if not len(values):
        return math.inf
    _, site, people = np.unique(np.asarray(sites), return_inverse=True, return_counts=True)
    order = np.argsort(values, kind="stable")
    weights = 1 / (people[site[order]] * (len(people) + 1))
    reached = np.flatnonzero(np.round(np.cumsum(weights) - level, NOTHING) >= 0)
    return float(values[order[reached[0]]]) if len(reached) else math.inf


def without_each(residuals: ArrayLike, level: float) -> Floats:
    """Return for each person the half width (people,) that all others give.

    Over all people it holds ⌈n · level⌉ of n wherever residuals differ, whatever the errors are
    like: that is what the construction says, and no finding. What it holds of a part of them is.
    """
    values = _absolute(residuals)
    order = np.argsort(values, kind="stable")
    place = rank(len(values) - 1, level)  # among the others
    found = np.full(len(values), math.inf)
    if place < len(values):
        found[order[:place]] = values[order[place]]  # one below is gone: the next one counts
        found[order[place:]] = values[order[place - 1]]
    return found


def without_each_site(
    residuals: ArrayLike, sites: ArrayLike, level: float, interval: str
) -> Floats:
    """Return for each person the half width (people,) that all other sites give.

    Parameters
    ----------
    residuals, sites : array of shape (people,)
    level : float
    interval : {"people", "site"}
        `half_width` of the people of the other sites, or `half_width_of_new_sites`.
    """
    values, names = _absolute(residuals), np.asarray(sites)
    found = np.full(len(values), math.inf)
    for site in np.unique(names):
        own = names == site
        if interval == SITE:
            found[own] = half_width_of_new_sites(values[~own], names[~own], level)
        else:
            found[own] = half_width(values[~own], level)
    return found


def _absolute(residuals: ArrayLike) -> Floats:
    return np.abs(np.asarray(residuals, float))

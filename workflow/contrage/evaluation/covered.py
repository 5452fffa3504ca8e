"""What intervals hold of held-out people: of all, of bands of the target, of each site.

Each person's interval is made of other people: for a new person of the others one by one, for a
new site of the people of the other sites alone, for external people of all test people.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contrage.evaluation.held_out import RESIDUAL
from contrage.evaluation.predictions import TRUE
from contrage.evaluation.statistics.bands import bands
from contrage.evaluation.statistics.conformal import (
    PEOPLE,
    SITE,
    Intervals,
    Measured,
    half_width,
    half_width_of_new_sites,
    without_each,
    without_each_site,
)
from contrage.evaluation.statistics.shares import share_interval, share_interval_of_sites

PERSON, EXTERNAL = "person", "external"
ALL, BAND = "all", "band"
TOO_FEW = {
    PEOPLE: "too few people for an interval of this level",
    SITE: "too few sites for an interval of this level",
}


@dataclass(frozen=True)
class AskedIntervals:
    """What intervals are asked for.

    Attributes
    ----------
    level : float
        Part of new people that they are to hold.
    edges : tuple of float or None
        Of bands of the target; None for multiples of `width`.
    width : float
        In the target's unit.
    confidence : float
        Of the intervals of what was measured.
    """

    level: float
    edges: tuple[float, ...] | None
    width: float
    confidence: float


@dataclass(frozen=True)
class _Tried:
    """Half widths that are tried on people who are new to them.

    Attributes
    ----------
    interval, new : str
        As of `Measured`.
    widths : ndarray of shape (people,)
        What each person is tried with.
    of_all : float
        The half width that everybody together gives, which new people will have.
    """

    interval: str
    new: str
    widths: NDArray[np.float64]
    of_all: float


def intervals(people: pd.DataFrame, external: pd.DataFrame, asked: AskedIntervals) -> Intervals:
    """Return the half widths that held-out people give, with what they were measured to cover.

    Parameters
    ----------
    people, external : DataFrame
        Test people and external ones, as `contrage.evaluation.held_out.held_out` returns them.
    asked : AskedIntervals
    """
    made = {kind: _ended(width) for kind, width in _half_widths(people, asked.level).items()}
    found = tuple(measured(people, external, asked))
    sites = people["site"].nunique()
    return Intervals(asked.level, len(people), sites, made[PEOPLE], made[SITE], found)


def measured(
    people: pd.DataFrame, external: pd.DataFrame, asked: AskedIntervals
) -> Iterator[Measured]:
    """Yield what each interval holds, of all and of each part.

    New sites need two sites at least, of people whose site is told.
    """
    if not len(people):
        return
    made = _half_widths(people, asked.level)
    own = without_each(people[RESIDUAL], asked.level)
    yield from _parts(people, _Tried(PEOPLE, PERSON, own, made[PEOPLE]), asked)
    told = people[people["site"].notna()]
    if told["site"].nunique() > 1:
        for kind, width in made.items():
            own = without_each_site(told[RESIDUAL], told["site"], asked.level, kind)
            yield from _parts(told, _Tried(kind, SITE, own, width), asked)
    if len(external):
        for kind, width in made.items():
            same = np.full(len(external), width)
            yield from _parts(external, _Tried(kind, EXTERNAL, same, width), asked)


def _half_widths(people: pd.DataFrame, level: float) -> dict[str, float]:
    """Return both half widths of everybody; that of new sites is of those whose site is told."""
    told = people[people["site"].notna()]
    return {
        PEOPLE: half_width(people[RESIDUAL], level),
        SITE: half_width_of_new_sites(told[RESIDUAL], told["site"], level),
    }


def _parts(people: pd.DataFrame, tried: _Tried, asked: AskedIntervals) -> Iterator[Measured]:
    """Yield what half widths hold of all people, of each band and of each site."""
    told = people.assign(width=tried.widths)
    yield _of(told, tried, asked.confidence, ALL, ALL)
    number, names = bands(told[TRUE], asked.edges, asked.width)
    for at, name in enumerate(names):
        yield _of(told[number == at], tried, asked.confidence, BAND, name)
    sites = told.groupby("site")
    if len(sites) > 1:
        for name, own in sites:
            yield _of(own, tried, asked.confidence, SITE, str(name))


def _of(people: pd.DataFrame, tried: _Tried, confidence: float, part: str, value: str) -> Measured:
    """Return what half widths hold of some people."""
    is_in = (people[RESIDUAL] <= people["width"]).to_numpy()
    has_end = bool(np.isfinite(people["width"]).all())
    low, high = _certain(people, is_in, confidence, tried.new, part) if has_end else (None, None)
    return Measured(
        interval=tried.interval,
        new=tried.new,
        part=part,
        value=value,
        people=len(people),
        sites=people["site"].nunique(),
        covered=int(is_in.sum()),
        share=float(is_in.mean()) if has_end else None,
        low=low,
        high=high,
        half_width=_ended(tried.of_all if part == ALL else float(people["width"].median())),
        seen=_seen(people["seen"]),
        note="" if has_end else TOO_FEW[tried.interval],
    )


def _certain(
    people: pd.DataFrame, is_in: NDArray[np.bool_], confidence: float, new: str, part: str
) -> tuple[float, float]:
    """Return the interval of a share: over sites where it is to hold for others than these."""
    if new == PERSON or part == SITE or people["site"].nunique() < 2:
        return share_interval(is_in, confidence)
    return share_interval_of_sites(is_in, people["site"].fillna(""), confidence)


def _seen(seen: pd.Series) -> str:
    return "all" if seen.all() else "some" if seen.any() else "none"


def _ended(width: float) -> float | None:
    return width if math.isfinite(width) else None

"""Pairs of features that are age together: year of scan and of birth, onset and duration.

A model adds and subtracts its features, so it finds what no column shows alone. Found are two
columns whose difference or sum is age, in one of `UNITS`, for nearly all rows. Not found are: three
columns or more that are age together, quotients, two columns in different units, and what stands
behind the `MOST` columns that are tried.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING

from contrage.cohort.ages.alone import correlation

if TYPE_CHECKING:
    import numpy as np

UNITS = {"years": 1.0, "months": 12.0, "days": 365.25, "YYYYMM": 100.0, "YYYYMMDD": 10_000.0}
"""Of a year. Dates written as numbers differ by 10,000 in a year, and never by a year too much."""
NEAR_YEARS, NEAR_SD = 1.5, 0.2
"""How far from age, at most so many years and standard deviations: years are rounded twice."""
FEWEST, FEWEST_DISTINCT, SHARE = 10, 5, 0.9
"""Rows and different values, and the share of rows in which the two are age (all, below twenty)."""
FEWEST_FOR_SHARE = 20
MOST = 400
"""Columns that are tried with each other: of more, those of whole numbers come first."""
ANCHORS, FEWEST_ANCHORS, AT_ANCHORS = 11, 4, 0.6
"""Rows on which all pairs are tried, and the share of them on which a pair fits that goes on."""
SMALL = 0.05
"""Standard deviations of age: one of two that varies less leaves the other alone with age."""


def age_by_pairs(
    names: Sequence[str],
    table: np.ndarray,
    ages: np.ndarray,
    leave_out: Container[int] = (),
    word: str = "age",
) -> dict[int, str]:
    """Return which columns are age together with another one, number → with which, and how.

    Of two that are age together one is returned, the one that follows age more closely: without it
    the other says nothing.

    Parameters
    ----------
    names : sequence of str
    table : ndarray of shape (rows, features)
        NaN where a value is missing.
    ages : ndarray of shape (rows,)
        Years, NaN where unknown.
    leave_out : container of int
        Columns that are age by themselves.
    word : str
        Of what the ages are, where they are another target: it is looked for in its own unit.
    """
    import numpy as np

    rows = np.argsort(ages, kind="stable")[: np.isfinite(ages).sum()]
    age = ages[rows]
    if len(age) < FEWEST or age[0] == age[-1]:
        return {}
    places = np.linspace(0, len(age) - 1, ANCHORS).round().astype(int)
    columns = _candidates(table, rows, float(age.std()), leave_out)
    anchors = table[np.ix_(rows[places], columns)]
    found: dict[int, str] = {}
    units = UNITS if word == "age" else {"": 1.0}
    for sign, unit, first, second in _fitting(anchors, age[places], _near(age), units):
        one, other = columns[first], columns[second]
        if one in found or other in found:
            continue
        pair = table[rows, one], table[rows, other]
        if share := _share(*pair, sign, age * units[unit], units[unit] * _near(age)):
            if _follows(pair[1], age) > _follows(pair[0], age):
                one, other = other, one
            how = "plus" if sign > 0 else "minus" if one == columns[first] else "taken from"
            told = f"{word} in {unit}" if unit else word
            found[one] = f"{how} {names[other]!r} it is {told}, in {share:.0%} of the rows"
    return found


def _near(age: np.ndarray) -> float:
    return min(NEAR_YEARS, NEAR_SD * float(age.std()))


def _candidates(
    table: np.ndarray, rows: np.ndarray, spread: float, leave_out: Container[int]
) -> list[int]:
    """Return the columns that vary enough to matter, those of whole numbers first."""
    import numpy as np

    some = table[rows[np.linspace(0, len(rows) - 1, min(len(rows), 200)).astype(int)]]
    low, high = np.fmin.reduce(some, axis=0), np.fmax.reduce(some, axis=0)
    wide = high - low > SMALL * spread
    broken = ((some % 1 != 0) & np.isfinite(some)).any(axis=0)
    order = np.argsort(broken, kind="stable")
    return [int(place) for place in order if wide[place] and place not in leave_out][:MOST]


def _fitting(
    anchors: np.ndarray, age: np.ndarray, near: float, units: Mapping[str, float]
) -> list[tuple[int, str, int, int]]:
    """Return sign, unit, first and second of all pairs that are age on most of a few rows.

    Parameters
    ----------
    anchors : ndarray of shape (rows, columns)
    age : ndarray of shape (rows,)
    near : float
        Years.
    units : mapping of str to float
        Those that are tried, of a year.
    """
    import numpy as np

    known = np.isfinite(anchors).astype(float)
    both = known.T @ known
    found = []
    for sign in (-1, 1):
        together = anchors[:, :, None] + sign * anchors[:, None, :]
        for unit, of_year in units.items():
            fits = np.zeros(both.shape)
            for row, years in zip(together, age, strict=True):
                fits += np.abs(row - of_year * years) <= of_year * near
            good = (both >= FEWEST_ANCHORS) & (fits >= AT_ANCHORS * both)
            good &= ~np.eye(len(good), dtype=bool)
            first, second = np.nonzero(np.triu(good) if sign > 0 else good)
            found += [(sign, unit, int(i), int(j)) for i, j in zip(first, second, strict=True)]
    return found


def _share(x: np.ndarray, y: np.ndarray, sign: int, age: np.ndarray, near: float) -> float | None:
    """Return in which share of the rows two columns are age, None where that is no sign."""
    import numpy as np

    known = np.isfinite(x) & np.isfinite(y)
    x, y, age = x[known], y[known], age[known]
    share = float((np.abs(x + sign * y - age) <= near).mean()) if len(x) >= FEWEST else 0.0
    if share < (SHARE if len(x) >= FEWEST_FOR_SHARE else 1.0):
        return None
    return share if min(len(np.unique(each)) for each in (x, y, age)) >= FEWEST_DISTINCT else None


def _follows(x: np.ndarray, age: np.ndarray) -> float:
    import numpy as np

    known = np.isfinite(x)
    return abs(correlation(x[known], age[known]))

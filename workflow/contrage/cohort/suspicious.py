"""Columns of a table that look like features and are none.

Age in another dress, numbers of rows, and codes of missing values among measurements. Each gives a
report with wonderful or wretched errors and no word of why, so the reader is asked.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from contrage.errors import TableError, few

if TYPE_CHECKING:
    import numpy as np

SAME = 0.999
"""Correlation with age above which a column is age: no measurement of a brain gets there."""
SAME_OF_FEW, FEW = 0.9998, 10
"""The same for fewer rows than ten, which features that age well may follow by chance."""
ALIKE = 0.9
"""Rank correlation with age that is enough where the column's name says age as well."""
CHANCE = 1e-9
"""Of a random column to be in the order of age: thousands of columns may be tried."""
FEWEST_PAIRS, FEWEST_DISTINCT = 6, 5
FEWEST_RANKED, FEWEST_RANKS = 20, 10
MOST_COMMON = 0.6
"""Share of the rows with the commonest value, from which a column of steps says little of age."""

AGE_WORDS = frozenset(
    ("age", "ages", "birth", "birthdate", "birthday", "birthyear", "born", "dob", "yob")
)
AGE_COMPOUND = re.compile(
    r"(brain|predicted|pred|chronological|chron|real|true|scan|current|mean|log|sqrt)ages?"
    r"|age(at|in|of)?(scan|mri|visit|test|baseline|years?|yrs?|months?|mos?|weeks?|days?"
    r"|groups?|bins?|bands?|cat|category|class|range|decade|sq|squared|cubed|log|z|gap)"
)

FEWEST_COUNTED, FEWEST_INCREASING = 5, 10
UNNAMED = re.compile(r"|Unnamed: \d+(\.\d+)*")

NEGATIVE_CODES = (-9.0, -99.0, -999.0, -9999.0, -99999.0, -8.0, -88.0, -888.0, -8888.0, -1.0)
NEGATIVE_CODES += (-77.0, -777.0, -7777.0, -32768.0, -2147483648.0)
POSITIVE_CODES = (99.0, 999.0, 9999.0, 99999.0, 999999.0, 888.0, 8888.0, 777.0, 7777.0, 1e20, 1e30)
FAR = 5.0
"""How many times the largest of the other values a code is at least."""
FEWEST_OTHERS = 2
"""Different values beside a positive code: 0, 1 and 99 are asked about, 0 and 99 are not."""
SHORT, FEWEST_BESIDE_SHORT = -10.0, 10
"""Codes of one digit may be values of a scale: so many others, and different ones, are asked."""


@dataclass(frozen=True)
class Finding:
    """A column and what was seen of it.

    Attributes
    ----------
    column : str
    kind : str
        "age", "rows" or "code".
    seen : str
        Of it, for a message.
    """

    column: str
    kind: str
    seen: str


ANSWERS = {
    "age": "age is among the features: {}. Name the columns in cohort.table.leave_out",
    "rows": "a column counts the rows: {}. Name it in cohort.table.leave_out",
    "code": (
        "numbers look like codes of a missing value: {}. Name the numbers in "
        "cohort.table.missing_values, or the columns in cohort.table.leave_out"
    ),
}
ALL_THE_SAME = "(or in cohort.table.accept, if they are features all the same)"


def check_features(
    path: Path,
    names: Sequence[str],
    values: Sequence[Sequence[float]] | np.ndarray,
    ages: Sequence[float | None] | np.ndarray,
    *,
    accept: Iterable[str] = (),
    rows: int | None = None,
) -> None:
    """Refuse a table of which some features are none, and name them.

    Parameters
    ----------
    path : Path
        Of the table, named in the error.
    names : sequence of str
        Of the features.
    values : array-like of shape (rows, features)
        NaN where one is missing; codes of missing values that are known are NaN by now.
    ages : array-like of shape (rows,)
        Years; NaN or None where it is not known.
    accept : iterable of str
        Columns, by name or pattern, that are not asked about.
    rows : int, optional
        How many the file has with those that are excluded.

    Raises
    ------
    TableError
        With a sentence per kind: which columns, what was seen, what to do.
    """
    patterns = list(accept)
    found = [
        finding
        for finding in findings(names, values, ages, rows)
        if not any(fnmatchcase(finding.column, pattern) for pattern in patterns)
    ]
    if not found:
        return
    sentences = []
    for kind, answer in ANSWERS.items():
        seen = [f"{each.column!r} ({each.seen})" for each in found if each.kind == kind]
        if seen:
            sentences.append(answer.format(few(seen)))
    raise TableError(f"{path}: {'; '.join(sentences)} {ALL_THE_SAME}")


def findings(
    names: Sequence[str],
    values: Sequence[Sequence[float]] | np.ndarray,
    ages: Sequence[float | None] | np.ndarray,
    rows: int | None = None,
) -> list[Finding]:
    """Return all that is suspicious about features, column by column; see `check_features`."""
    import numpy as np

    table = np.asarray(values, dtype=float)
    years = np.array([math.nan if age is None else age for age in ages], dtype=float)
    total = max(rows or 0, len(years))
    found = []
    for name, column in zip(names, table.T, strict=True):
        if seen := counts_rows(name, column, total):
            found.append(Finding(name, "rows", seen))
        elif seen := is_age(name, column, years):
            found.append(Finding(name, "age", seen))
        elif seen := has_codes(column):
            found.append(Finding(name, "code", seen))
    return found


def is_age(name: str, column: np.ndarray, ages: np.ndarray) -> str | None:
    """Say by what a column is known to be age, None where it is not.

    It is where it goes with age in a straight line, in the same order, or in steps of the same
    order that chance would hardly give; or nearly so, and its name says age.
    """
    import numpy as np

    known = np.isfinite(column) & np.isfinite(ages)
    x, age = column[known], ages[known]
    if len(x) < FEWEST_PAIRS or np.ptp(x) == 0 or np.ptp(age) == 0:
        return None
    distinct = min(len(np.unique(x)), len(np.unique(age)))
    straight = correlation(x, age)
    if abs(straight) > (SAME if len(x) >= FEW else SAME_OF_FEW) and distinct >= FEWEST_DISTINCT:
        return f"its correlation with age is {straight:.4f}"
    ranked = correlation(ranks(x), ranks(age))
    enough = len(x) >= FEWEST_RANKED and distinct >= FEWEST_RANKS
    if abs(ranked) > SAME and enough:
        return f"its rank correlation with age is {ranked:.4f}"
    if abs(ranked) > 0.5 and in_order(x if ranked > 0 else -x, age):
        return f"it never {'falls' if ranked > 0 else 'rises'} as age rises"
    if says_age(name) and abs(ranked) > ALIKE:
        return f"its name, and a rank correlation with age of {ranked:.2f}"
    return None


def correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Return Pearson's r of two arrays of shape (n,) that vary."""
    import numpy as np

    x, y = x - x.mean(), y - y.mean()
    x, y = x / np.abs(x).max(), y / np.abs(y).max()
    return float(x @ y / math.sqrt((x @ x) * (y @ y)))


def ranks(x: np.ndarray) -> np.ndarray:
    """Return the ranks of values of shape (n,), equal ones with their mean rank."""
    import numpy as np

    _, place, count = np.unique(x, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return (last - (count - 1) / 2)[place]


def in_order(x: np.ndarray, ages: np.ndarray) -> bool:
    """Return whether values never fall as age rises, and a random order would hardly do so.

    Of n! orders of the rows those are in order that exchange rows of equal values; where one age
    has several values, also those that exchange rows of equal age.
    """
    import numpy as np

    order = np.lexsort((x, ages))
    sizes = np.unique(x, return_counts=True)[1]
    if (np.diff(x[order]) < 0).any() or len(sizes) < 3 or sizes.max() > MOST_COMMON * len(x):
        return False
    same_age = np.diff(ages[order]) == 0
    is_function = not np.diff(x[order])[same_age].any()
    of_age = np.unique(ages, return_counts=True)[1]
    exchanged = _log_factorials(sizes) + (0 if is_function else _log_factorials(of_age))
    return math.log(2) + exchanged - math.lgamma(len(x) + 1) < math.log(CHANCE)


def _log_factorials(counts: np.ndarray) -> float:
    return sum(math.lgamma(count + 1) for count in counts.tolist())


def says_age(name: str) -> bool:
    """Return whether a column's name speaks of age: one of its words does, not a part of a word."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    words = [word for word in re.split(r"[^a-z]+", text.lower()) if word]
    joined = [first + second for first, second in pairwise(words)]
    return any(word in AGE_WORDS or AGE_COMPOUND.fullmatch(word) for word in [*words, *joined])


def counts_rows(name: str, column: np.ndarray, rows: int) -> str | None:
    """Say by what a column is known to number the rows, None where it does not.

    Parameters
    ----------
    name : str
    column : ndarray of shape (n,)
        In the file's order.
    rows : int
        Of the file: with those that are excluded, numbers have gaps.
    """
    import numpy as np

    if UNNAMED.fullmatch(name):
        return "it has no name"
    whole = np.isfinite(column).all() and not (column % 1).any()
    if not whole or len(column) < FEWEST_COUNTED:
        return None
    steps = np.diff(column)
    if (steps == 1).all() or (steps == -1).all():
        return f"{column[0]:.0f}, {column[1]:.0f}, {column[2]:.0f} …"
    dense = abs(column[-1] - column[0]) < rows
    if len(column) >= FEWEST_INCREASING and dense and ((steps > 0).all() or (steps < 0).all()):
        return f"{column[0]:.0f}, {column[1]:.0f}, {column[2]:.0f} … in the order of the rows"
    return None


def has_codes(column: np.ndarray) -> str | None:
    """Say which numbers of a column are no measurements, and how often they occur.

    Negative ones where nothing else is, or that are far below; positive ones far above the rest.
    """
    import numpy as np

    known = column[np.isfinite(column)]
    candidates = np.isin(known, [*NEGATIVE_CODES, *POSITIVE_CODES])
    if not candidates.any():
        return None
    codes = [float(code) for code in np.unique(known[candidates]) if _is_code(float(code), known)]
    counted = [f"{code:.6g} in {_rows(int((known == code).sum()))}" for code in codes]
    return ", ".join(counted) or None


def _is_code(code: float, known: np.ndarray) -> bool:
    """Judge a candidate against the values that are none themselves, or are smaller ones."""
    import numpy as np

    others = known[~np.isin(known, NEGATIVE_CODES)]
    others = others[~(np.isin(others, POSITIVE_CODES) & (others >= abs(code) / FAR))]
    others = others[others != code]
    distinct = len(np.unique(others))
    if distinct < (FEWEST_OTHERS if code > 0 else 1) or not others.any():
        return False
    far = abs(code) >= FAR * float(np.abs(others).max())
    if code > 0 or far:
        return far
    if code > SHORT and (len(others) < FEWEST_BESIDE_SHORT or distinct < FEWEST_BESIDE_SHORT):
        return False
    return bool((others >= 0).all())


def _rows(count: int) -> str:
    return f"{count} row{'' if count == 1 else 's'}"

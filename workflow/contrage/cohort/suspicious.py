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
from pathlib import Path
from typing import TYPE_CHECKING

from contrage.cohort.ages.alone import age_by_itself
from contrage.cohort.ages.pairs import age_by_pairs
from contrage.cohort.missing_codes import has_codes, may_have_codes
from contrage.errors import TableError, few

if TYPE_CHECKING:
    import numpy as np

FEWEST_COUNTED, FEWEST_INCREASING = 5, 10
UNNAMED = re.compile(r"|Unnamed: \d+(\.\d+)*")


@dataclass(frozen=True)
class Suspicion:
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
) -> list[Suspicion]:
    """Return all that is suspicious about features, column by column; see `check_features`."""
    import numpy as np

    table = np.asarray(values, dtype=float)
    years = np.array([math.nan if age is None else age for age in ages], dtype=float)
    total = max(rows or 0, len(years))
    head = np.diff(table[:FEWEST_COUNTED], axis=0)
    counted = (head > 0).all(axis=0) | (head < 0).all(axis=0)
    age = age_by_itself(names, table, years)
    age = {**age_by_pairs(names, table, years, leave_out=age), **age}
    coded = may_have_codes(table)
    found = []
    for number, name in enumerate(names):
        column = table[:, number]
        may_count = counted[number] or UNNAMED.fullmatch(name)
        if may_count and (seen := counts_rows(name, column, total)):
            found.append(Suspicion(name, "rows", seen))
        elif number in age:
            found.append(Suspicion(name, "age", age[number]))
        elif coded[number] and (seen := has_codes(column)):
            found.append(Suspicion(name, "code", seen))
    return found


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

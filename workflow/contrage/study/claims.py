"""What a study expected, compared with what was found, line by line."""

from __future__ import annotations

import fnmatch
import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from contrage.errors import TableError, few
from contrage.settings.steps.study import ClaimAsked
from contrage.study.words import label, shown

COLUMNS = ("claim", "line", "found", "holds")
YES, NO, UNKNOWN = "yes", "no", "n/a"
VALUE, OVERLAY = "value", "overlay"
"""What a cell may say besides columns of its table, and the column of experiments."""


def compared(
    claims: Mapping[str, ClaimAsked],
    tables: Mapping[str, pd.DataFrame],
    rows: Mapping[str, Sequence[str]],
    labels: Mapping[str, str],
    away: Mapping[str, Sequence[str]],
) -> pd.DataFrame:
    """Return a line for each claim and line of its table.

    Parameters
    ----------
    claims : mapping of str to ClaimAsked
    tables : mapping of str to DataFrame
        Tables and curves of the study, a line for each cell (`contrage.study.cells.tidy`).
    rows : mapping of str to sequence of str
        Of each of them, the columns that say the line.
    labels : mapping of str to str
    away : mapping of str to sequence of str
        Of each table, its overlays that are not here.

    Returns
    -------
    DataFrame
        claim, line, found (the numbers in words), holds ("yes", "no"; missing without numbers).

    Raises
    ------
    TableError
        If a claim names a column that its table does not have, or a cell of overlays that are here.
    """
    found = []
    for name, claim in claims.items():
        frame = tables[claim.table]
        for cell in (*claim.rising, claim.of):
            _check_there(name, claim, frame, cell, away[claim.table])
        keys = [each for each in rows[claim.table] if not _says(claim, each)]
        if not keys:
            found.append({"claim": name, "line": "", **_judged(name, claim, frame)})
            continue
        for line, part in frame.groupby(keys, sort=False):
            words = " ".join(label(str(each), labels) for each in line)
            found.append({"claim": name, "line": words, **_judged(name, claim, part)})
    return pd.DataFrame(found, columns=list(COLUMNS))


def _says(claim: ClaimAsked, column: str) -> bool:
    """Return whether a claim chooses lines by a column itself."""
    return column in claim.of or any(column in cell for cell in claim.rising)


def _judged(name: str, claim: ClaimAsked, frame: pd.DataFrame) -> dict[str, str | None]:
    if claim.within:
        values = _values(name, claim, frame, claim.of)
        return _within(values, *claim.within)
    values = [_one(name, claim, frame, cell) for cell in claim.rising]
    if not np.isfinite(values).all():
        return {"found": " < ".join(map(shown, values)), "holds": None}
    rises = bool((np.diff(values) > 0).all())
    said = [shown(values[0])]
    for before, after in itertools.pairwise(values):
        said += ["<" if before < after else "≥", shown(after)]
    return {"found": " ".join(said), "holds": YES if rises else NO}


def _within(values: Sequence[float], low: float | None, high: float | None) -> dict:
    """Judge whether all values lie between two limits, either of which may be none."""
    known = [each for each in values if np.isfinite(each)]
    if not known:
        return {"found": "–", "holds": None}
    least, most = (-np.inf if low is None else low), (np.inf if high is None else high)
    ends = dict.fromkeys(map(shown, (min(known), max(known))))
    holds = least <= min(known) and max(known) <= most
    return {"found": " to ".join(ends), "holds": YES if holds else NO}


def _values(
    name: str, claim: ClaimAsked, frame: pd.DataFrame, cell: Mapping[str, str]
) -> list[float]:
    """Return the values of all cells that fit, which may have none."""
    value = cell.get(VALUE, claim.value)
    if value not in frame:
        known = few([str(each) for each in frame.columns], most=12)
        raise TableError(f"claims.{name}: {claim.table} has no value {value!r}; it has {known}")
    return [float(each) for each in frame[value][_fit(name, claim, frame, cell)]]


def _fit(name: str, claim: ClaimAsked, frame: pd.DataFrame, cell: Mapping[str, str]) -> np.ndarray:
    """Return which lines of a table a cell is of."""
    fits = np.ones(len(frame), bool)
    for column, pattern in cell.items():
        if column == VALUE:
            continue
        if column not in frame:
            known = few([str(each) for each in frame.columns], most=12)
            raise TableError(f"claims.{name}: {claim.table} has no {column!r}; it has {known}")
        fits &= [fnmatch.fnmatchcase(str(each), pattern) for each in frame[column]]
    return fits


def _check_there(
    name: str,
    claim: ClaimAsked,
    frame: pd.DataFrame,
    cell: Mapping[str, str],
    away: Sequence[str],
) -> None:
    """Refuse a cell without a line, unless an overlay that is not here could have it."""
    overlay = cell.get(OVERLAY, "*")
    waits = any(fnmatch.fnmatchcase(each, overlay) for each in away)
    if len(frame) and not waits and not _fit(name, claim, frame, cell).any():
        raise TableError(f"claims.{name}: no cell of {claim.table} fits {_told(cell)}")


def _one(name: str, claim: ClaimAsked, frame: pd.DataFrame, cell: Mapping[str, str]) -> float:
    values = _values(name, claim, frame, cell)
    if len(values) > 1:
        raise TableError(f"claims.{name}: {len(values)} cells of {claim.table} fit {_told(cell)}")
    return values[0] if values else float("nan")


def _told(cell: Mapping[str, str]) -> str:
    return ", ".join(f"{key} {value}" for key, value in cell.items()) or "it"

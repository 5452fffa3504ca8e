"""Numbers of finished tables of several experiments, as the cells of one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from contrage.errors import TableError, few
from contrage.settings.steps.study import CurveAsked, StudyOverlay, TableAsked
from contrage.tables import read_tsv

ROW = "row"
SAME = {"loss": ROW, "baseline": ROW}
"""Columns of finished tables that say the row in words of their own."""
MEAN, SD = "_mean", "_sd"


@dataclass(frozen=True)
class Finished:
    """Finished tables of the overlays of a run.

    Attributes
    ----------
    files : dict of str to Path
        "<overlay>/<table>" → file.
    """

    files: Mapping[str, Path]
    _read: dict[str, pd.DataFrame] = field(default_factory=dict)

    def table(self, overlay: StudyOverlay, name: str) -> pd.DataFrame:
        """Return a table of an overlay with columns row, overlay, cohort and keys of its grid."""
        key = f"{overlay.name}/{name}"
        if key not in self.files:
            raise TableError(f"there is no table {name} of {overlay.name} among the study's inputs")
        if key not in self._read:
            frame = read_tsv(self.files[key])
            names = {old: new for old, new in SAME.items() if old in frame and new not in frame}
            frame = _spread(frame.rename(columns=names))
            told = {"overlay": overlay.name, "cohort": overlay.cohort, **overlay.values}
            add = {k: v for k, v in told.items() if k not in frame or k == "overlay"}
            self._read[key] = frame.assign(**add)
        return self._read[key]


def keys_of(frame: pd.DataFrame, names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return what some columns say as text, line by line; of no column empty tuples."""
    if not names:
        return [()] * len(frame)
    return list(frame[list(names)].astype(str).itertuples(index=False, name=None))


def _spread(frame: pd.DataFrame) -> pd.DataFrame:
    """Name values of several columns, which a table has in `column` and `value`, by these."""
    if not {"column", "value"} <= set(frame):
        return frame
    for name in frame["column"].dropna().unique():
        frame[str(name)] = frame["value"].where(frame["column"] == name)
    return frame


def tidy(
    name: str,
    asked: TableAsked | CurveAsked,
    dims: Sequence[str],
    values: Sequence[str],
    overlays: Iterable[StudyOverlay],
    finished: Finished,
) -> pd.DataFrame:
    """Return one line for each cell of a table.

    Parameters
    ----------
    name : str
        The table's key, for messages.
    asked : TableAsked or CurveAsked
    dims : sequence of str
        What rows and columns are for.
    values : sequence of str
        Columns of the finished table, or <other table>.<column>.
    overlays : iterable of StudyOverlay
        All of the study's.
    finished : Finished

    Returns
    -------
    DataFrame
        With `dims`, `values`, and <value>_sd where the finished table has it. Overlays that are
        not here have lines without values.

    Raises
    ------
    TableError
        If a table lacks a column, or has several lines for one cell.
    """
    by_name = {each.name: each for each in overlays}
    here = [by_name[each] for each in asked.overlays if by_name[each].is_here]
    used: set[str] = set()
    parts = [_of_overlay(name, asked, dims, values, each, finished, used) for each in here]
    if unknown := [each for each in asked.where if here and each not in used]:
        raise TableError(f"{name}.where: no table that it reads has a column {unknown[0]!r}")
    parts = [part for part in parts if len(part)]
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(dims))
    away = [by_name[each] for each in asked.overlays if not by_name[each].is_here]
    found = pd.concat([found, *(_empty(found, dims, each) for each in away)], ignore_index=True)
    order = {each: i for i, each in enumerate(asked.overlays)}
    if "overlay" in found:
        found = found.sort_values("overlay", key=lambda names: names.map(order), kind="stable")
    more = [f"{v}{SD}" for v in values if f"{v}{SD}" in found]
    columns = [*dims, *(c for v in values for c in (v, f"{v}{SD}") if c == v or c in more)]
    return found.reindex(columns=columns).reset_index(drop=True)


def _of_overlay(
    name: str,
    asked: TableAsked | CurveAsked,
    dims: Sequence[str],
    values: Sequence[str],
    overlay: StudyOverlay,
    finished: Finished,
    used: set[str],
) -> pd.DataFrame:
    """Return the cells of an overlay that is here; note which columns of `where` there are."""
    first = asked.table[overlay.name]
    cells: pd.DataFrame | None = None
    for table, group in _by_table(values, first).items():
        frame = finished.table(overlay, table)
        used.update(set(frame.columns) & set(asked.where))
        frame = _lines_that_count(frame, asked.where)
        keys = [each for each in dims if each in frame]
        if lacking := [each for each in dims if each not in frame and table == first]:
            raise TableError(_no_column(name, lacking[0], overlay, table, frame))
        own = frame[keys].copy()
        for value, column in group.items():
            _take(own, frame, value, _column(name, column, overlay, table, frame))
        if own.duplicated(keys).any():
            raise TableError(_twice(name, own, keys, overlay, table))
        cells = own if cells is None else cells.merge(own, on=keys, how="left")
    assert cells is not None
    return cells


def _by_table(values: Sequence[str], first: str) -> dict[str, dict[str, str]]:
    """Return table → value → its column; that with the cells comes first."""
    found: dict[str, dict[str, str]] = {first: {}}
    for value in values:
        table, dot, column = value.rpartition(".")
        found.setdefault(table if dot else first, {})[value] = column
    return found


def _lines_that_count(frame: pd.DataFrame, where: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    for column, wanted in where.items():
        if column in frame:
            frame = frame[frame[column].astype(str).isin(wanted)]
    return frame


def _column(name: str, column: str, overlay: StudyOverlay, table: str, frame: pd.DataFrame) -> str:
    for each in (column, f"{column}{MEAN}"):
        if each in frame:
            return each
    raise TableError(_no_column(name, column, overlay, table, frame))


def _take(own: pd.DataFrame, frame: pd.DataFrame, value: str, column: str) -> None:
    own[value] = pd.to_numeric(frame[column], errors="coerce")
    sd = f"{column.removesuffix(MEAN)}{SD}"
    if sd in frame:
        own[f"{value}{SD}"] = pd.to_numeric(frame[sd], errors="coerce")


def _no_column(
    name: str, column: str, overlay: StudyOverlay, table: str, frame: pd.DataFrame
) -> str:
    known = few([str(each) for each in frame.columns], most=14)
    return f"{name}: table {table} of {overlay.name} has no column {column!r}; it has {known}"


def _twice(
    name: str, own: pd.DataFrame, keys: Sequence[str], overlay: StudyOverlay, table: str
) -> str:
    line = own[own.duplicated(keys)].iloc[0]
    cell = ", ".join(f"{key} {line[key]}" for key in keys)
    return (
        f"{name}: table {table} of {overlay.name} has several lines for {cell}; say which with "
        "where, or add what they differ in to rows or columns"
    )


def _empty(found: pd.DataFrame, dims: Sequence[str], overlay: StudyOverlay) -> pd.DataFrame:
    """Return lines without values of an overlay that is not here, for every row that there is."""
    told = {"overlay": [overlay.name], "cohort": list(overlay.members or (overlay.cohort,))}
    told |= {key: [value] for key, value in overlay.values.items()}
    lines = pd.DataFrame({"_": [0]})
    for each in dims:
        if each in told:
            values = told[each]
        elif each == ROW and ROW in found:
            values = list(found[ROW].dropna().unique())
        else:
            values = [None]
        lines = lines.merge(pd.DataFrame({each: values}), how="cross")
    return lines.drop(columns="_")

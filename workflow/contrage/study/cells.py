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
ALL = "all"
"""What finished tables call the line of a whole, where there are parts as well."""
MISSING = "–"
FROM = "_from"


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
    told = frame[list(names)].astype(object)
    return list(told.where(told.notna(), MISSING).astype(str).itertuples(index=False, name=None))


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
    printed: Sequence[Mapping[str, str]] = (),
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
    printed : sequence of dict of str to str
        Cells that are printed somewhere: what an overlay that is not here would have.

    Returns
    -------
    DataFrame
        With `dims`, `values`, and <value>_sd where the finished table has it. Overlays that are
        not here have lines without values.

    Raises
    ------
    TableError
        If a table lacks a column, several lines or overlays have a number for one cell, or `where`
        asks for what there is not.
    """
    by_name = {each.name: each for each in overlays}
    here = [by_name[each] for each in asked.overlays if by_name[each].is_here]
    away = [by_name[each] for each in asked.overlays if not by_name[each].is_here]
    seen: dict[str, list[pd.Series]] = {}
    parts = [_of_overlay(name, asked, dims, values, each, finished, seen) for each in here]
    if here:
        _check_where(name, asked.where, seen, complete=not away)
    parts = [part for part in parts if len(part)]
    _check_one_each(name, dims, parts)
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(dims))
    empty = [_empty(found, dims, each, printed) for each in away]
    found = pd.concat([found.drop(columns=FROM, errors="ignore"), *empty], ignore_index=True)
    found = found[~found[list(dims)].astype(str).duplicated()] if dims else found
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
    seen: dict[str, list[pd.Series]],
) -> pd.DataFrame:
    """Return the cells of an overlay that is here; note the columns of `where` that there are."""
    first = asked.table[overlay.name]
    cells: pd.DataFrame | None = None
    for table, group in _by_table(values, first).items():
        frame = finished.table(overlay, table)
        for column in set(frame.columns) & set(asked.where):
            seen.setdefault(column, []).append(frame[column])
        frame = lines_that_count(frame, asked.where)
        keys = [each for each in dims if each in frame]
        if lacking := [each for each in dims if each not in frame and table == first]:
            raise TableError(_no_column(name, lacking[0], overlay, table, frame))
        own = frame[keys].copy()
        for value, column in group.items():
            _take(own, frame, value, _column(name, column, overlay, table, frame))
        if own.duplicated(keys).any():
            raise TableError(_twice(name, own, keys, overlay, table))
        if cells is None:
            cells = own
            continue
        if len(own) and len(cells) and not len(cells.merge(own, on=keys)):
            raise TableError(_no_cell_in_common(name, keys, cells, own, overlay, first, table))
        cells = cells.merge(own, on=keys, how="left")
    assert cells is not None
    return cells.assign(**{FROM: overlay.name})


def _by_table(values: Sequence[str], first: str) -> dict[str, dict[str, str]]:
    """Return table → value → its column; that with the cells comes first."""
    found: dict[str, dict[str, str]] = {first: {}}
    for value in values:
        table, dot, column = value.rpartition(".")
        found.setdefault(table if dot else first, {})[value] = column
    return found


def lines_that_count(frame: pd.DataFrame, where: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return the lines that `where` asks for; a table without one of its columns is taken whole."""
    for column, wanted in where.items():
        if column in frame:
            fits = [_says(frame[column], each) for each in wanted]
            frame = frame[pd.concat(fits, axis=1).any(axis=1)] if fits else frame.iloc[:0]
    return frame


def _says(column: pd.Series, wanted: str) -> pd.Series:
    """Return which lines say a value: 10 is 10.0, and "all" the only one where there is one."""
    told = column.astype(str)
    fits = told == wanted
    if (number := pd.to_numeric(wanted, errors="coerce")) == number:
        fits |= pd.to_numeric(column, errors="coerce") == number
    if wanted == ALL and not fits.any() and told.nunique() == 1:
        return ~fits
    return fits


def _check_where(
    name: str,
    where: Mapping[str, Sequence[str]],
    seen: Mapping[str, Sequence[pd.Series]],
    complete: bool,
) -> None:
    """Refuse columns that no table has, and values that none has where all overlays are here."""
    for column, wanted in where.items():
        if column not in seen:
            raise TableError(f"{name}.where: no table that it reads has a column {column!r}")
        there = [each for each in seen[column] if len(each)]
        for value in wanted if complete and there else ():
            if not any(_says(each, value).any() for each in there):
                known = list(dict.fromkeys(str(each) for each in pd.concat(there)))
                raise TableError(
                    f"{name}.where: no table that it reads has {value!r} in its column {column}; "
                    f"there are {few(known, most=8)}"
                )


def _check_one_each(name: str, dims: Sequence[str], parts: Sequence[pd.DataFrame]) -> None:
    """Refuse numbers of several overlays for one cell."""
    if len(parts) < 2:
        return
    whole = pd.concat([part[[*dims, FROM]] for part in parts], ignore_index=True)
    key = (
        whole[list(dims)].astype(str).agg(" ".join, axis=1) if dims else pd.Series("", whole.index)
    )
    if not (twice := key.duplicated(keep=False)).any():
        return
    same = whole[key == key[twice].iloc[0]]
    cell = ", ".join(f"{each} {same.iloc[0][each]}" for each in dims)
    raise TableError(
        f"{name}.columns: {few(list(same[FROM]))} have a number each for {cell or 'one cell'}; add "
        "overlay, or what else they differ in, to columns or rows"
    )


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


def _no_cell_in_common(
    name: str,
    keys: Sequence[str],
    cells: pd.DataFrame,
    own: pd.DataFrame,
    overlay: StudyOverlay,
    first: str,
    table: str,
) -> str:
    key = next((k for k in keys if not set(cells[k]) & set(own[k])), keys[0])
    return (
        f"{name}: tables {first} and {table} of {overlay.name} have no {key} in common "
        f"({few(sorted(map(str, set(cells[key]))))}; {few(sorted(map(str, set(own[key]))))}); show "
        f"values of {table} in a table of their own"
    )


def _empty(
    found: pd.DataFrame,
    dims: Sequence[str],
    overlay: StudyOverlay,
    printed: Sequence[Mapping[str, str]],
) -> pd.DataFrame:
    """Return lines without values of an overlay that is not here.

    What it does not say itself, as losses and groups, is that of the others, or as printed.
    """
    told = told_of(overlay)
    lines = pd.DataFrame({"_": [0]})
    for each in (name for name in dims if name in told):
        lines = lines.merge(pd.DataFrame({each: told[each]}), how="cross")
    if free := [each for each in dims if each not in told]:
        known = found[free].dropna().drop_duplicates() if len(found) else pd.DataFrame()
        if known.empty:
            own = [{each: cell[each] for each in free} for cell in printed if _fits(cell, told)]
            known = pd.DataFrame(own or [dict.fromkeys(free)]).drop_duplicates()
        lines = lines.merge(known, how="cross")
    return lines[list(dims)]


def told_of(overlay: StudyOverlay) -> dict[str, list[str]]:
    """Return what an overlay says of its cells without a finished table."""
    told = {"overlay": [overlay.name], "cohort": list(overlay.members or (overlay.cohort,))}
    return told | {key: [value] for key, value in overlay.values.items()}


def _fits(cell: Mapping[str, str], told: Mapping[str, Sequence[str]]) -> bool:
    return all(value in told[each] for each, value in cell.items() if each in told)

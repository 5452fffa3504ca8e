"""A file of features: its columns found, its cells as text and as numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from contrage.cohort.scans import Exclusion
from contrage.errors import TableError
from contrage.settings.blocks.table import TableColumnsSettings
from contrage.tables import UNKNOWN, Table, is_missing, read_table

ENDINGS = (".csv", ".tsv")
OPTIONAL = ("session", "site", "sex")
ROLES = ("participant", "age", *OPTIONAL)


@dataclass(frozen=True)
class FeatureTable:
    """A file's cells as text, without those of excluded rows.

    Attributes
    ----------
    path : Path
    names : TableColumnsSettings
        `cohort.table`, with its columns named as they stand in the file.
    further : dict of str to str
        Columns that are kept beside age, sex and site, as they were asked for, to their names in
        the file.
    lines : list of dict
        Column → cell, stripped.
    numbers : list of int
        On which line of the file each stands.
    features : list of str
        The columns that are learned from.
    excluded : list of Exclusion
    """

    path: Path
    names: TableColumnsSettings
    further: dict[str, str]
    lines: list[dict[str, str]]
    numbers: list[int]
    features: list[str]
    excluded: list[Exclusion]


def people(table: FeatureTable) -> list[dict[str, Any]]:
    """Return one row per line: participant_id, session, age, sex and site, as text or None."""
    found, names = [], table.names
    for number, line in zip(table.numbers, table.lines, strict=True):
        row = {name: _label(line, getattr(names, name)) for name in OPTIONAL}
        person, _, session = line[names.participant].partition("_ses-")
        row["session"] = (row["session"] or session or "").removeprefix("ses-") or None
        told = {"participant_id": person, "age": _label(line, names.age), "line": number}
        kept = {asked: _label(line, column) for asked, column in table.further.items()}
        found.append({**row, **told, "columns": kept})
    return found


def _label(line: dict[str, str], column: str) -> str | None:
    cell = line.get(column, "")
    return None if is_missing(cell) else cell


def open_table(
    path: Path,
    asked: TableColumnsSettings,
    columns: Sequence[str],
    asked_by: Mapping[str, str],
    target: str | None,
) -> FeatureTable:
    """Read the file, find its columns and part the excluded rows off.

    Parameters
    ----------
    path : Path
    asked : TableColumnsSettings
    columns : sequence of str
        Further ones that are kept beside age, sex and site, the target's among them.
    asked_by : mapping
        Of these, column → the configuration's key that asks for it, where it is another than
        `cohort.columns`.
    target : str or None
        The column of a target other than age.
    """
    if path.suffix.lower() not in ENDINGS:
        raise TableError(f"{path}: the file's name must end in .csv (commas) or .tsv (tabs)")
    table = read_table(path)
    if len(table.columns) < 2:
        kind = "commas" if path.suffix.lower() == ".csv" else "tabs"
        raise TableError(
            f"{path}: columns must be separated by {kind}; "
            f"its first line is {' '.join(table.columns)[:60]!r}"
        )
    names = _resolved(table, asked, target)
    further = {
        column: _target_column(table, column)
        if column == target
        else table.column(column, asked_by.get(column, "cohort.columns"))
        for column in columns
    }
    lines, numbers, excluded = _exclude(table, names)
    if not lines:
        raise TableError(f"{path}: no row is left; see cohort.table.exclude")
    features = _features(table, lines, names, further)
    return FeatureTable(path, names, further, lines, numbers, features, excluded)


def _resolved(
    table: Table, asked: TableColumnsSettings, target: str | None
) -> TableColumnsSettings:
    """Return `cohort.table` with its columns as the file has them.

    Raises
    ------
    TableError
        For one that is not there. Those of session, site and sex may be absent under their usual
        names.
    """
    names = {}
    optional = (*OPTIONAL, "age") if target else OPTIONAL
    for role in ROLES:
        name = getattr(asked, role)
        if role in optional and name == role:
            names[role] = table.find(role) or role
        else:
            names[role] = table.column(name, f"cohort.table.{role}")
    exclude = {
        table.column(column, "cohort.table.exclude"): values
        for column, values in asked.exclude.items()
    }
    return replace(asked, **names, exclude=exclude)


def _target_column(table: Table, column: str) -> str:
    try:
        return table.column(column)
    except TableError as error:
        raise TableError(f"target.column: {error}") from None


def _exclude(
    table: Table, names: TableColumnsSettings
) -> tuple[list[dict[str, str]], list[int], list[Exclusion]]:
    """Return the rows that are kept, their lines, and those that `exclude` leaves out."""
    reasons: dict[int, str] = {}
    for column, values in names.exclude.items():
        unwanted = [str(value) for value in values]
        unknown = sorted(set(unwanted) - {row[column] for row in table.rows})
        if unknown:
            raise TableError(
                f"{table.path}: no row has {column} {unknown[0]!r} (cohort.table.exclude); mend "
                "its name"
            )
        for number, row in zip(table.numbers, table.rows, strict=True):
            if row[column] in unwanted:
                reasons.setdefault(number, f"{column} is {row[column]}")
    numbered = list(zip(table.numbers, table.rows, strict=True))
    excluded = [
        Exclusion(f"sub-{row[names.participant].removeprefix('sub-')}", "table", reasons[number])
        for column in names.exclude
        for number, row in numbered
        if reasons.get(number, "").startswith(f"{column} is ")
    ]
    kept = [(number, row) for number, row in numbered if number not in reasons]
    return [row for _, row in kept], [number for number, _ in kept], excluded


def _features(
    table: Table,
    lines: list[dict[str, str]],
    names: TableColumnsSettings,
    further: Mapping[str, str],
) -> list[str]:
    """Return the columns to learn from: numbers, asked for and not left out."""
    path, columns = table.path, table.columns
    taken = {*(getattr(names, role) for role in ROLES), *further.values()}
    for key in ("features", "leave_out"):
        for pattern in getattr(names, key):
            if not any(fnmatchcase(column, pattern) for column in columns):
                raise TableError(f"{path}: no column matches {pattern!r} (cohort.table.{key})")
    found = [column for column in columns if column not in taken and _wanted(column, names)]
    found = [column for column in found if _is_numeric(path, column, lines)]
    if not found:
        raise TableError(f"{path}: no column of numbers is left to learn from")
    return found


def _wanted(column: str, names: TableColumnsSettings) -> bool:
    asked = any(fnmatchcase(column, pattern) for pattern in names.features)
    return asked and not any(fnmatchcase(column, pattern) for pattern in names.leave_out)


def _is_numeric(path: Path, column: str, lines: list[dict[str, str]]) -> bool:
    """Return whether a column holds numbers; one of words or nothing at all holds none."""
    cells = [line[column] for line in lines if line[column].lower() not in UNKNOWN]
    words = [cell for cell in cells if not math.isfinite(_number(cell))]
    if words and len(words) < len(cells):
        raise TableError(
            f"{path}: column {column!r} has {words[0]!r} among numbers; "
            "mend it, or name the column in cohort.table.leave_out"
        )
    return bool(cells) and not words


def _number(cell: str) -> float:
    try:
        return math.nan if "_" in cell else float(cell)  # Python takes 1_000 for a number
    except ValueError:
        return math.nan


def _value(cell: str, codes: set[float]) -> float:
    """Return a feature's number, NaN where it is missing or a code that says so."""
    value = math.nan if cell.lower() in UNKNOWN else float(cell)
    return math.nan if value in codes else value


def feature_values(table: FeatureTable) -> list[list[float]]:
    """Return the features, one list per line of the table; NaN where one is missing.

    Raises
    ------
    TableError
        With `missing` "fail" if one is.
    """
    codes = {float(code) for code in table.names.missing_values}
    values = [[_value(line[column], codes) for column in table.features] for line in table.lines]
    empty = [
        column
        for column, column_values in zip(table.features, zip(*values, strict=True), strict=True)
        if any(map(math.isnan, column_values))
    ]
    if empty and table.names.missing == "fail":
        count = sum(math.isnan(value) for row in values for value in row)
        raise TableError(
            f"{table.path}: values are missing ({count} in all), the first in column {empty[0]!r}. "
            "Mend the table, name the columns in cohort.table.leave_out, or set "
            "cohort.table.missing to median (of the training rows)"
        )
    return values

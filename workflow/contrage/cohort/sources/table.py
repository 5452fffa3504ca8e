"""A table of region features: one row per scan, numbers in place of images."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from contrage.cohort.ages.told import described, sex_of, unit_of_ages
from contrage.cohort.duplicates import KEEP, REFUSE, same_rows
from contrage.cohort.match import check_ids
from contrage.cohort.scans import (
    Cohort,
    Exclusion,
    Scan,
    age_as_told,
    age_limits,
    participant_label,
    usable_rows,
)
from contrage.cohort.suspicious import check_features
from contrage.cohort.targets import asked_by, check_leak, other_target
from contrage.errors import TableError
from contrage.scan_ids import scan_id
from contrage.tables import UNKNOWN, Table, is_missing, read_table

COMES_AS, PATH = "table", "file"
SETTINGS = ("path", "on_bad_scan", "age_unit", "table", "duplicates")
ENDINGS = (".csv", ".tsv")
OPTIONAL = ("session", "site", "sex")
ROLES = ("participant", "age", *OPTIONAL)


@dataclass(frozen=True)
class FeatureTable:
    """A file's cells as text, without those of excluded rows.

    Attributes
    ----------
    path : Path
    names : dict
        `cohort.table`, with its columns named as they stand in the file.
    lines : list of dict
        Column → cell, stripped.
    numbers : list of int
        On which line of the file each stands.
    features : list of str
        The columns that are learned from.
    excluded : list of Exclusion
    """

    path: Path
    names: dict[str, Any]
    lines: list[dict[str, str]]
    numbers: list[int]
    features: list[str]
    excluded: list[Exclusion]


def read(settings: dict[str, Any]) -> Cohort:
    """Read who stands in a table of features, and see that the features can be used.

    Parameters
    ----------
    settings : dict
        `path` (the file), `on_bad_scan`, `age_unit`, `columns`, and `table`: names of the columns
        participant, age, session, site and sex; `exclude` (column → values), `features` and
        `leave_out` (patterns), `missing`, `missing_values`, `accept`.

    Raises
    ------
    TableError
        If the file is no table, lacks a column, or a row or a feature cannot be used.
    """
    table = open_table(settings)
    sidecar, files = described(table.path)
    target = other_target(settings)
    unit = unit_of_ages(settings.get("age_unit", "auto"), sidecar, table.names["age"])
    told, values = people(table), feature_values(table)
    ages = [None if target else age_as_told(row["age"]) for row in told]
    everyone = len(table.lines) + len(table.excluded)
    accepted = table.names.get("accept", [])
    check_features(table.path, table.features, values, ages, accept=accepted, rows=everyone)
    if target:
        cells = [row["columns"][target.column] for row in told]
        asked = table.names["features"]
        check_leak(table.path, target, asked, table.features, (values, cells), accepted)
    duplicates = settings.get("duplicates", REFUSE)
    if duplicates == REFUSE:
        check_ids(table.path, [row["participant_id"] for row in told])
    notes = [f"{unit.note}: {unit.source}"] if unit.note else []
    notes += _note_twins(table, told, values, duplicates)
    bad, limits = settings["on_bad_scan"], age_limits(settings)
    rows, excluded = usable_rows(
        told, table.path, bad, any_label=True, unit=unit, needs_age=not target, limits=limits
    )
    scans = [
        Scan(
            participant_id=row["participant_id"],
            age=row["age"],
            session=row["session"],
            sex=sex_of(row["sex"], sidecar, table.names["sex"]),
            site=row["site"],
            columns=row["columns"],
        )
        for row in rows
    ]
    tables = [str(table.path), *map(str, files)]
    return Cohort(scans, [*table.excluded, *excluded], tables, notes)


def _note_twins(
    table: FeatureTable, rows: list[dict[str, Any]], values: list[list[float]], duplicates: str
) -> list[str]:
    """Give rows that two participants have in common a `reason`, or return a line on each."""
    ids = [participant_label(row["participant_id"], table.path, True, row["line"]) for row in rows]
    names = [scan_id(person, row["session"]) for person, row in zip(ids, rows, strict=True)]
    twins = same_rows(names, values)
    if duplicates == KEEP:
        return [f"{name} {reason}" for name, reason in twins.items()]
    for name, row in zip(names, rows, strict=True):
        if name in twins:
            row["reason"] = twins[name]
    return []


def people(table: FeatureTable) -> list[dict[str, Any]]:
    """Return one row per line: participant_id, session, age, sex and site, as text or None."""
    found, names = [], table.names
    for number, line in zip(table.numbers, table.lines, strict=True):
        row = {name: _label(line, names[name]) for name in OPTIONAL}
        person, _, session = line[names["participant"]].partition("_ses-")
        row["session"] = (row["session"] or session or "").removeprefix("ses-") or None
        told = {"participant_id": person, "age": _label(line, names["age"]), "line": number}
        kept = {asked: _label(line, column) for asked, column in names["columns"].items()}
        found.append({**row, **told, "columns": kept})
    return found


def _label(line: dict[str, str], column: str) -> str | None:
    cell = line.get(column, "")
    return None if is_missing(cell) else cell


def open_table(settings: dict[str, Any]) -> FeatureTable:
    """Read the file, find its columns and part the excluded rows off."""
    path = Path(settings["path"])
    if path.suffix.lower() not in ENDINGS:
        raise TableError(f"{path}: the file's name must end in .csv (commas) or .tsv (tabs)")
    table = read_table(path)
    if len(table.columns) < 2:
        kind = "commas" if path.suffix.lower() == ".csv" else "tabs"
        raise TableError(
            f"{path}: columns must be separated by {kind}; "
            f"its first line is {' '.join(table.columns)[:60]!r}"
        )
    names = _resolved(table, settings)
    lines, numbers, excluded = _exclude(table, names)
    if not lines:
        raise TableError(f"{path}: no row is left; see cohort.table.exclude")
    return FeatureTable(path, names, lines, numbers, _features(table, lines, names), excluded)


def _resolved(table: Table, settings: dict[str, Any]) -> dict[str, Any]:
    """Return `cohort.table` with its columns as the file has them; `columns` are further ones.

    Raises
    ------
    TableError
        For one that is not there. Those of session, site and sex may be absent under their usual
        names.
    """
    asked, target = settings["table"], other_target(settings)
    names = dict(asked)
    for role in ROLES:
        optional = (*OPTIONAL, "age") if target else OPTIONAL
        if role in optional and asked[role] == role:
            names[role] = table.find(role) or role
        else:
            names[role] = table.column(asked[role], f"cohort.table.{role}")
    names["exclude"] = {
        table.column(column, "cohort.table.exclude"): values
        for column, values in asked["exclude"].items()
    }
    further = settings.get("columns", [])
    own, keys = target.column if target else None, asked_by(settings)
    names["columns"] = {
        column: _target_column(table, column)
        if column == own
        else table.column(column, keys.get(column, "cohort.columns"))
        for column in further
    }
    return names


def _target_column(table: Table, column: str) -> str:
    try:
        return table.column(column)
    except TableError as error:
        raise TableError(f"target.column: {error}") from None


def _exclude(
    table: Table, names: dict[str, Any]
) -> tuple[list[dict[str, str]], list[int], list[Exclusion]]:
    """Return the rows that are kept, their lines, and those that `exclude` leaves out."""
    reasons: dict[int, str] = {}
    for column, values in names["exclude"].items():
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
        Exclusion(f"sub-{row[names['participant']].removeprefix('sub-')}", "table", reasons[number])
        for column in names["exclude"]
        for number, row in numbered
        if reasons.get(number, "").startswith(f"{column} is ")
    ]
    kept = [(number, row) for number, row in numbered if number not in reasons]
    return [row for _, row in kept], [number for number, _ in kept], excluded


def _features(table: Table, lines: list[dict[str, str]], names: dict[str, Any]) -> list[str]:
    """Return the columns to learn from: numbers, asked for and not left out."""
    path, columns = table.path, table.columns
    taken = {*(names[role] for role in ROLES), *names["columns"].values()}
    for key in ("features", "leave_out"):
        for pattern in names[key]:
            if not any(fnmatchcase(column, pattern) for column in columns):
                raise TableError(f"{path}: no column matches {pattern!r} (cohort.table.{key})")
    found = [column for column in columns if column not in taken and _wanted(column, names)]
    found = [column for column in found if _is_numeric(path, column, lines)]
    if not found:
        raise TableError(f"{path}: no column of numbers is left to learn from")
    return found


def _wanted(column: str, names: dict[str, Any]) -> bool:
    asked = any(fnmatchcase(column, pattern) for pattern in names["features"])
    return asked and not any(fnmatchcase(column, pattern) for pattern in names["leave_out"])


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
    codes = {float(code) for code in table.names.get("missing_values", [])}
    values = [[_value(line[column], codes) for column in table.features] for line in table.lines]
    empty = [
        column
        for column, column_values in zip(table.features, zip(*values, strict=True), strict=True)
        if any(map(math.isnan, column_values))
    ]
    if empty and table.names["missing"] == "fail":
        count = sum(math.isnan(value) for row in values for value in row)
        raise TableError(
            f"{table.path}: values are missing ({count} in all), the first in column {empty[0]!r}. "
            "Mend the table, name the columns in cohort.table.leave_out, or set "
            "cohort.table.missing to median (of the training rows)"
        )
    return values

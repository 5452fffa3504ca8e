"""The rows of a table of features, as a model takes them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from contrage.bundle.facts import BundleFacts
from contrage.bundle.known import YEARS, truth
from contrage.bundle.subject import Subject
from contrage.errors import TableError, few
from contrage.participants.described import AUTO, Unit, described, unit_of_ages
from contrage.scan_ids import scan_id
from contrage.settings.steps.model import TableOfModel
from contrage.tables import Table, is_missing, read_table


def subjects_of_table(facts: BundleFacts, path: Path) -> list[Subject]:
    """Return a subject for each row of a table.

    Raises
    ------
    TableError
        It cannot be read, or lacks a feature that the model takes.
    """
    table, of = read_table(path), facts.seen.table
    lacking = [name for name in facts.features if name not in table.columns]
    if lacking:
        raise TableError(
            f"{path}: {len(lacking)} of the {len(facts.features)} features that this model takes "
            f"are not there: {few(lacking)}; name the columns as the table that it learned from"
        )
    who = table.column(of.participant)
    own = of.age if facts.target.is_age else facts.target.column
    columns = {"sex": table.find(of.sex), "site": table.find(of.site)}
    session, true = table.find(of.session), table.find(own)
    unit = _unit(of, path, true) if facts.target.is_age else YEARS
    found = []
    for number, row in zip(table.numbers, table.rows, strict=True):
        said = {name: _cell(row, column) for name, column in columns.items()}
        cell = _cell(row, true)
        known, notes = (None, ()) if cell is None else truth(cell, facts.target, unit)
        values, problem = _values(facts, of, table, row, number)
        name = _name(row[who], _cell(row, session)) or f"line {number}"
        told = {"values": values, "known": known, "notes": notes, "problem": problem}
        found.append(Subject(name=name, **told, **said))
    return found


def _unit(of: TableOfModel, path: Path, column: str | None) -> Unit:
    """Return the unit of a table's ages: as it says itself, else as that which was learned from."""
    if column is None:
        return YEARS
    columns, _ = described(path)
    said = unit_of_ages(AUTO, columns, column, key="")
    return said if said.source or of.age_unit == AUTO else Unit(of.age_unit, "the model")


def _name(person: str, session: str | None) -> str:
    if not person:
        return ""
    label = person if person.startswith("sub-") else f"sub-{person}"
    return scan_id(label, session.removeprefix("ses-") if session else None)


def _cell(row: Mapping[str, str], column: str | None) -> str | None:
    return None if column is None or is_missing(row[column]) else row[column]


def _values(
    facts: BundleFacts, of: TableOfModel, table: Table, row: Mapping[str, str], number: int
) -> tuple[dict[str, float], str | None]:
    """Return a row's features, NaN where one is missing, and why it cannot be used, if so."""
    values, wrong, missing = {}, [], []
    for name in facts.features:
        cell = row[name]
        value = math.nan if is_missing(cell) else _number(cell)
        if not is_missing(cell) and not math.isfinite(value):
            wrong.append(f"{name} is {cell[:20]!r}")
        if value in of.missing_values:
            value = math.nan
        if math.isnan(value):
            missing.append(name)
        values[name] = value
    where = f"{table.path}: line {number}"
    if wrong:
        return values, f"{where}: {few(wrong)}, and no number"
    if len(missing) == len(facts.features):
        return values, f"{where}: all features are missing"
    if missing and of.missing == "fail":
        return values, f"{where}: {few(missing)} missing, as nowhere in what was learned from"
    return values, None


def _number(cell: str) -> float:
    try:
        return math.nan if "_" in cell else float(cell)  # Python takes 1_000 for a number
    except ValueError:
        return math.nan

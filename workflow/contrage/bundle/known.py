"""What a table knows of whom a model is to predict: the true target, sex, site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contrage.errors import TableError
from contrage.scan_ids import scan_id
from contrage.tables import Table, is_missing, read_table
from contrage.target_words import TargetInWords

WHO = ("participant_id", "scan_id", "scan", "name")
"""Columns that may say whom a row is of."""


@dataclass(frozen=True)
class Known:
    """People by their names, with or without "sub-"; a session's row counts before the person's."""

    people: Mapping[str, dict[str, Any]]

    def of(self, name: str) -> dict[str, Any]:
        """Return known, sex, site and notes of a scan; nothing where the table has none of it."""
        for each in (name, name.partition("_ses-")[0]):
            for label in (each, each.removeprefix("sub-")):
                if label in self.people:
                    return self.people[label]
        return {}


def known_people(path: Path | None, target: TargetInWords) -> Known:
    """Read a table of people.

    Parameters
    ----------
    path : Path or None
    target : TargetInWords
        Whose column is read; a cell that cannot be used becomes a note.

    Raises
    ------
    TableError
        It cannot be read, or says nobody's name.
    """
    if path is None:
        return Known({})
    table = read_table(path)
    who = next((found for name in WHO if (found := table.find(name))), None)
    if who is None:
        raise TableError(f"{path}: no column {WHO[0]!r}, by which scans are told apart")
    session = table.find("session") or table.find("session_id")
    people = {}
    for row in table.rows:
        label = row[who].removeprefix("sub-")
        if session and not is_missing(row[session]):
            label = scan_id(label, row[session].removeprefix("ses-"))
        people[label] = of_row(table, row, target, target.column)
        people[row[who]] = people[label]
    return Known(people)


def of_row(
    table: Table, row: Mapping[str, str], target: TargetInWords, column: str
) -> dict[str, Any]:
    """Return known, sex, site and notes of a row."""
    own = table.find(column)
    known, notes = None, ()
    if own is not None and not is_missing(row[own]):
        known, notes = truth(row[own], target)
    told = {}
    for name in ("sex", "site"):
        found = table.find(name)
        told[name] = None if found is None or is_missing(row[found]) else row[found]
    return {"known": known, "notes": notes, **told}


def truth(cell: str, target: TargetInWords) -> tuple[float | None, tuple[str, ...]]:
    """Return the number that a cell says, or a note on why it says none."""
    try:
        return target.value(cell), ()
    except ValueError as error:
        return None, (f"the {target.word} that is told cannot be used: {error}",)

"""What sub-X_sessions.tsv says of each session of a participant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contrage.errors import TableError, few
from contrage.participants.ages import check_unique
from contrage.participants.match import OTHERWISE, match, told_otherwise
from contrage.participants.tables import Tables
from contrage.tables import is_missing

FACTOR = 5.0
"""Between the ages of a participant in two tables, from which they are in two units."""


def in_two_units(one: float, other: float) -> bool:
    """Return whether two ages of a participant, taken for years, cannot both be years."""
    low, high = sorted((one, other))
    return low > 0 and high / low > FACTOR


def told_of_sessions(
    tables: Tables, path: Path, sessions: list[str]
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Return what sessions.tsv says of each session folder, and why it tells no age where it could.

    Parameters
    ----------
    tables : Tables
    path : Path
        sub-X_sessions.tsv.
    sessions : list of str
        Labels of all session folders, without prefix.

    Returns
    -------
    (said, lacks)
        By label; there are no `lacks` where the table has no column of ages.

    Raises
    ------
    TableError
        If a session stands twice in the table, or it cannot be told which one is meant.
    """
    table = tables.table(path)
    column = table.column("session_id" if table.find("session_id") else "session")
    cells = {}
    for number, row in zip(table.numbers, table.rows, strict=True):
        if is_missing(row[column]):
            raise TableError(f"{path}: line {number}: there is no session's id")
        label = row[column].removeprefix("ses-")
        if label in cells:
            check_unique([f"ses-{label}"] * 2, path)
        cells[label] = row
    meant = match(cells, sessions, path, "ses-")
    if note := told_otherwise(meant, path, "ses-"):
        tables.note(OTHERWISE, note)
    told = {meant[label]: cells[label] for label in meant}
    said = {label: tables.said(table, told.get(label, {})) for label in sessions}
    if table.find("age") is None:
        return said, {}
    lost = [label for label in cells if label not in meant]
    others = f"; it has {few(lost)}" if lost else ""
    where = f"{path.name}, which has a column of ages{others}"
    lacks = {label: "no age in its row of" if label in told else "no row in" for label in sessions}
    return said, {
        label: f"ses-{label} has {lack} {where}"
        for label, lack in lacks.items()
        if "age" not in said[label]
    }

"""The sessions of a participant: folders, and the rows that tables have of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from contrage.cohort.bids_tables import Tables
from contrage.cohort.match import OTHERWISE, match, told_otherwise
from contrage.cohort.names import LABEL, scan_id
from contrage.cohort.tables import FILES, Exclusion, check_unique, no_label
from contrage.tables import nearest

NO_AGES = "sub-X_sessions.tsv: all sessions have the age of participants.tsv"


def rows_of_person(
    tables: Tables, rows: list[dict[str, Any]], excluded: list[Exclusion]
) -> list[dict[str, Any]]:
    """Return one row per session of a participant whose folder is there.

    Parameters
    ----------
    tables : Tables
    rows : list of dict
        What participants.tsv says of the participant, one row, or one per `session`.
    excluded : list of Exclusion
        Sessions that are left out are added.

    Returns
    -------
    list of dict
        With `names`, the listing of the folder, where it is the participant's own, `closed` where
        it may not be read, and a `reason` where a session has no age of its own.
    """
    person = rows[0]["participant_id"]
    home = tables.folder / person
    try:
        names = os.listdir(f"{tables.folder}/{person}")
    except OSError as error:
        closed = f"{person}/ may not be read ({error.strerror})"
        return [{**row, "names": [], "closed": closed} for row in rows]
    found = [name[4:] for name in sorted(names) if name.startswith("ses-")]
    found = [label for label in found if (home / f"ses-{label}").is_dir()]
    sessions = [label for label in found if LABEL.match(label)]
    excluded += [
        Exclusion(scan_id(person, label), FILES, no_label(f"ses-{label}"))
        for label in found
        if label not in sessions
    ]
    if not sessions:
        rows = [{**row, "names": [] if "session" in row else names} for row in rows]
        return [] if found and "session" not in rows[0] else rows
    has_table = f"{person}_sessions.tsv" in names
    if any("session" in row for row in rows):
        rows = _matched(tables, rows, sessions, excluded)
        there = [row for row in rows if row["session"] in sessions]
        lost = [{**row, "names": []} for row in rows if row["session"] not in sessions]
        found_rows = [
            each
            for row in there
            for each in _rows_of_sessions(tables, home, row, [row["session"]], sessions, has_table)
        ]
        return [*found_rows, *lost]
    return [
        each
        for row in rows
        for each in _rows_of_sessions(tables, home, row, sessions, sessions, has_table)
    ]


def _matched(
    tables: Tables,
    rows: list[dict[str, Any]],
    sessions: list[str],
    excluded: list[Exclusion],
) -> list[dict[str, Any]]:
    """Return the rows with the labels of the folders; note the folders that have no row."""
    person, table = rows[0]["participant_id"], tables.folder / "participants.tsv"
    meant = match([row.get("session", "") for row in rows], sessions, table, f"{person}_ses-")
    if note := told_otherwise(meant, table, f"{person}_ses-"):
        tables.note(OTHERWISE, note)
    excluded += [
        Exclusion(scan_id(person, label), "import", f"no row in {table.name}")
        for label in sessions
        if label not in meant.values()
    ]
    labels = [row.get("session", "") for row in rows]
    return [
        {**row, "session": meant.get(label, label) or None}
        for label, row in zip(labels, rows, strict=True)
    ]


def _rows_of_sessions(
    tables: Tables,
    home: Path,
    row: dict[str, Any],
    wanted: list[str],
    sessions: list[str],
    has_table: bool,
) -> list[dict[str, Any]]:
    """Return one row per session folder of a participant, each with what is said of it.

    Parameters
    ----------
    tables : Tables
    home : Path
        The participant's folder.
    row : dict
        What participants.tsv says; with `session` where it says it of one session only.
    wanted : list of str
        Labels of the sessions that the row speaks of, without prefix.
    sessions : list of str
        Those of all session folders.
    has_table : bool
        Whether sub-X_sessions.tsv is there.

    Returns
    -------
    list of dict
        Those whose age cannot be told have a `reason`.

    Raises
    ------
    TableError
        If a session stands twice in sessions.tsv, or it cannot be told which one is meant.
    """
    path = home / f"{home.name}_sessions.tsv"
    if not has_table:
        if len(sessions) > 1 and "session" not in row:
            tables.note(f"several sessions and no {NO_AGES}", f"{home.name} ({len(sessions)})")
        return [{**row, "session": name} for name in wanted]
    table = tables.table(path)
    column = table.column("session_id" if table.find("session_id") else "session")
    labels = [cells[column].removeprefix("ses-") for cells in table.rows]
    check_unique([f"ses-{label}" for label in labels], path)
    meant = match(labels, sessions, path, "ses-")
    check_unique([f"ses-{label}" for label in meant.values()], path)
    if note := told_otherwise(meant, path, "ses-"):
        tables.note(OTHERWISE, note)
    said = {
        meant[label]: tables.said(table, cells)
        for label, cells in zip(labels, table.rows, strict=True)
        if label in meant
    }
    has_ages = table.find("age") is not None
    if not has_ages and "age" in row and len(sessions) > 1:
        close = nearest("age", table.columns)
        guess = f" (did you mean {close!r}?)" if close else ""
        tables.note(f"no column age in a {NO_AGES}", f"{path.name}{guess}")
    return [_of_session(row, name, said.get(name), has_ages, path) for name in wanted]


def _of_session(
    row: dict[str, Any], name: str, said: dict[str, Any] | None, has_ages: bool, path: Path
) -> dict[str, Any]:
    result = {**row, **(said or {}), "session": name}
    told_of_session = "session" in row and "age" in row
    if has_ages and "age" not in (said or {}) and not told_of_session:
        lack = "no age in its row of" if said is not None else "no row in"
        result["reason"] = f"ses-{name} has {lack} {path.name}, which gives others' ages"
    return result

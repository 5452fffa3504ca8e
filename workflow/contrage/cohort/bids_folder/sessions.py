"""The sessions of a participant: folders, and the rows that tables have of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from contrage.cohort.scans import FILES, Exclusion, no_label
from contrage.errors import TableError, few
from contrage.participants.ages import age_as_told
from contrage.participants.match import OTHERWISE, match, told_otherwise
from contrage.participants.sessions import in_two_units, told_of_sessions
from contrage.participants.tables import Tables, filled, nearer
from contrage.scan_ids import LABEL, scan_id

NO_FOLDERS = "participants.tsv has a session, the folders have none: it is passed over"


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
        with os.scandir(home) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        return _closed(rows, f"{person}/ may not be read ({error.strerror})")
    names = [entry.name for entry in entries]
    if not names:
        return _closed(rows, f"{person}/ is empty; fetch it (datalad get), or remove its row")
    sessions = _session_labels(person, entries, excluded)
    had_sessions = any(name.startswith("ses-") for name in names)
    if not sessions:
        return _without_sessions(tables, rows, names, had_sessions)
    above = home / f"{person}_scans.tsv"
    rows = [{**row, "above": str(above)} for row in rows] if above.name in names else rows
    if not any("session" in row for row in rows):
        wanted = [(row, sessions) for row in rows]
        lost: list[dict[str, Any]] = []
    else:
        rows = _matched(tables, rows, sessions, excluded)
        wanted = [(row, [row["session"]]) for row in rows if row["session"] in sessions]
        lost = _closed(
            [row for row in rows if row["session"] not in sessions],
            f"there is no folder of this session in {person}/ (there: {few(sessions)})",
        )
    of_each = [(row, label) for row, labels in wanted for label in labels]
    path = home / f"{person}_sessions.tsv"
    if path.name not in names or not of_each:
        return [*({**row, "session": label} for row, label in of_each), *lost]
    said, lacks = told_of_sessions(tables, path, sessions)
    made = [
        _of_session(tables, row, label, said[label], lacks.get(label), path)
        for row, label in of_each
    ]
    return [*made, *lost]


def _closed(rows: list[dict[str, Any]], reason: str) -> list[dict[str, Any]]:
    """Return rows whose images cannot be looked for."""
    return [{**row, "names": [], "closed": reason} for row in rows]


def _session_labels(
    person: str, entries: list[os.DirEntry[str]], excluded: list[Exclusion]
) -> list[str]:
    """Return the labels of the session folders that can be used; note the others."""
    labels = []
    for entry in entries:
        label = entry.name.removeprefix("ses-")
        if label == entry.name or not (entry.is_symlink() or entry.is_dir()):
            continue
        if not os.path.exists(entry.path):
            reason = f"{entry.name} is a link to nowhere; fetch it (datalad get)"
        elif not LABEL.match(label):
            reason = no_label(entry.name)
        else:
            labels.append(label)
            continue
        excluded.append(Exclusion(scan_id(person, label), FILES, reason))
    return labels


def _without_sessions(
    tables: Tables, rows: list[dict[str, Any]], names: list[str], had_sessions: bool
) -> list[dict[str, Any]]:
    """Return the rows of a participant without session folders."""
    if had_sessions and "session" not in rows[0]:
        return []  # each of them is noted
    if len(rows) == 1 and "session" in rows[0] and not had_sessions:
        row = {key: value for key, value in rows[0].items() if key not in ("session", "own")}
        tables.note(NO_FOLDERS, f"{row['participant_id']} ({rows[0]['session']})")
        return [{**row, "names": names}]
    named = [row for row in rows if "session" in row]
    whole = [{**row, "names": names} for row in rows if "session" not in row]
    return [*whole, *_closed(named, "there is no folder of this session")]


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


def _of_session(
    tables: Tables,
    row: dict[str, Any],
    name: str,
    said: dict[str, Any],
    lacks: str | None,
    path: Path,
) -> dict[str, Any]:
    """Return the row of a session, with its own age or the reason why it has none."""
    own_columns = row.get("own", set())
    columns = nearer(row.get("columns", {}), said["columns"], own_columns)
    result = {**row, **said, "session": name, "columns": columns}
    result["own"] = own_columns | filled(said["columns"])
    own = "age" in said
    if own and "age" in row and not tables.target:
        _check_units(row, said, path)
    told_of_session = "session" in row and "age" in row
    if lacks and not told_of_session:
        result |= {"age": None} if tables.target else {"reason": lacks}
    return result | {"own_age": own or told_of_session}


def _check_units(row: dict[str, Any], said: dict[str, Any], path: Path) -> None:
    """Ask where a session's age and its participant's are in two units."""
    ages = [age_as_told(each["age"]) / each["unit"].per_year for each in (row, said)]
    if in_two_units(*ages):
        raise TableError(
            f"{path}: age {said['age']} ({said['unit'].name}), in participants.tsv {row['age']} "
            f"({row['unit'].name}): are they in one unit? Say Units in sessions.json"
        )


def note_shared_ages(tables: Tables, rows: list[dict[str, Any]]) -> None:
    """Note the participants of whom several sessions have the age of participants.tsv."""
    shared: dict[str, int] = {}
    for row in rows:
        if row.get("session") and not row.get("own_age") and row["age"] is not None:
            shared[row["participant_id"]] = shared.get(row["participant_id"], 0) + 1
    for person, number in shared.items():
        if number > 1:
            tables.note("several sessions have the age of participants.tsv", f"{person} ({number})")

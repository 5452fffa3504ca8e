"""A BIDS folder: participants.tsv and, per participant (and session), a T1 and/or a stiffness map.

BIDS knows no suffix for maps of MR elastography yet: they are looked for as
`mre/…_stiffness.nii[.gz]` and `mre/…_dampingratio.nii[.gz]`. The folder is listed by the BIDS
naming pattern, not indexed, because Snakemake asks for the list each time it starts.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from contrage.cohort.bids_scans import add_scan, check_alike, images_of_row
from contrage.cohort.bids_sessions import rows_of_person
from contrage.cohort.bids_tables import Tables
from contrage.cohort.match import OTHERWISE, match, told_otherwise
from contrage.cohort.names import LABEL, scan_id
from contrage.cohort.tables import Cohort, Exclusion, participant_label, usable_rows
from contrage.errors import SettingsError, TableError, few
from contrage.tables import Table, is_missing


def read(settings: dict[str, Any]) -> Cohort:
    """Read participants.tsv and find the images of every participant and session.

    Parameters
    ----------
    settings : dict
        `path` (the BIDS folder), `image` (T1w, stiffness or dampingratio: the one to learn from),
        `maps`, `anatomical` (T1w or magnitude), `needs_anatomical`, `needs_mask`,
        `needs_magnitude`, `entities`, `columns`, `age_unit`, `on_bad_scan`.

    Raises
    ------
    TableError
        If the table or a column is not there, a row cannot be used, ids of table and folders
        cannot be matched, or maps of several frequencies are there.
    """
    folder = Path(settings["path"])
    path = folder / "participants.tsv"
    tables = Tables(folder, settings.get("age_unit", "auto"), settings.get("columns", []))
    people = _folders(folder)
    told = _participants(tables, path, people)
    excluded = _unlisted(told, people, path)
    found = [images_of_row(tables, row, settings) for row in _sessions(tables, told, excluded)]
    _check_ages_are_told([row for row, _ in found], tables, path)
    rows, unusable = usable_rows((row for row, _ in found), path, settings["on_bad_scan"])
    tables.check_columns()
    images = {scan_id(row["participant_id"], row.get("session")): each for row, each in found}
    cohort = Cohort([], [*excluded, *unusable], tables.read, tables.notes)
    for row in rows:
        add_scan(cohort, row, images[row["scan_id"]], settings)
    check_alike(cohort, images, settings)
    return cohort


def _sessions(
    tables: Tables, told: list[dict[str, Any]], excluded: list[Exclusion]
) -> list[dict[str, Any]]:
    """Return one row per participant and session."""
    by_person: dict[str, list[dict[str, Any]]] = {}
    for row in told:
        by_person.setdefault(row["participant_id"], []).append(row)
    rows = []
    for of_person in by_person.values():
        if of_person[0]["folder"]:
            rows += rows_of_person(tables, of_person, excluded)
        else:
            rows += [{**row, "names": []} for row in of_person]
    return rows


def _check_ages_are_told(rows: list[dict[str, Any]], tables: Tables, path: Path) -> None:
    if any(row["age"] is not None or row.get("reason") for row in rows) or not rows:
        return
    others = "sub-*_sessions.tsv and *_scans.tsv have none either"
    try:
        tables.table(path).column("age")
    except TableError as error:
        raise TableError(f"{error}; {others}") from None


def _folders(folder: Path) -> dict[str, str]:
    """Return label → name of the participants' folders."""
    try:
        with os.scandir(folder) as entries:
            found = [each for each in entries if each.name.startswith("sub-") and each.is_dir()]
    except OSError as error:
        raise SettingsError(f"cohort.path: {folder} may not be read ({error.strerror})") from None
    return {name.removeprefix("sub-"): name for name in sorted(each.name for each in found)}


def _participants(tables: Tables, path: Path, people: dict[str, str]) -> list[dict[str, Any]]:
    """Return a row per line of participants.tsv, with the label of the folder that it means."""
    if not path.is_file() and not path.is_symlink():
        if not any(tables.folder.glob("sub-*/sub-*_sessions.tsv")):
            raise TableError(f"{path}: no such file; cohort.path must be a BIDS folder")
        return [
            {"participant_id": name, "folder": True}
            for label, name in people.items()
            if LABEL.match(label)
        ]
    table = tables.table(path)
    if len(table.columns) < 2 and "," in table.columns[0]:
        raise TableError(f"{path}: columns must be separated by tabs, not commas")
    person, session = table.column("participant_id"), _session_column(table)
    rows = []
    for line, cells in zip(table.numbers, table.rows, strict=True):
        row = {"participant_id": participant_label(cells[person], path, line=line), "line": line}
        if session and not is_missing(cells[session]):
            row["session"] = cells[session].removeprefix("ses-")
        rows.append(row | tables.said(table, cells))
    labels = [row["participant_id"].removeprefix("sub-") for row in rows]
    meant = match(labels, people, path)
    if note := told_otherwise(meant, path):
        tables.note(OTHERWISE, note)
    return [
        {**row, "participant_id": f"sub-{meant.get(label, label)}", "folder": label in meant}
        for label, row in zip(labels, rows, strict=True)
    ]


def _session_column(table: Table) -> str | None:
    """Return the column of sessions; of `session` and `session_id` the one that is filled."""
    found = [name for name in map(table.find, ("session_id", "session")) if name is not None]
    filled = [name for name in found if any(not is_missing(row[name]) for row in table.rows)]
    if len(filled) == 2:
        for number, row in zip(table.numbers, table.rows, strict=True):
            one, other = (row[name].removeprefix("ses-") for name in filled)
            if one != other:
                raise TableError(
                    f"{table.path}: line {number}: {filled[0]} is {one!r}, {filled[1]} is "
                    f"{other!r}; remove one of the two columns"
                )
    return filled[0] if filled else None


def _unlisted(rows: list[dict[str, Any]], people: dict[str, str], table: Path) -> list[Exclusion]:
    """Return the folders without a row; refuse where hardly a row has a folder."""
    told = {row["participant_id"].removeprefix("sub-") for row in rows}
    without_folder, without_row = sorted(told - set(people)), sorted(set(people) - told)
    if without_row and len(without_folder) > len(told) / 2:
        raise TableError(
            f"{table}: {len(without_folder)} of {len(told)} participants have no folder "
            f"({few(without_folder)}), and {len(without_row)} folders have no row "
            f"({few([people[label] for label in without_row])}): are they the same people? Write "
            "them alike"
        )
    return [Exclusion(people[label], "import", f"no row in {table.name}") for label in without_row]

"""A BIDS folder: participants.tsv and, per participant (and session), a T1 and/or a stiffness map.

BIDS knows no suffix for maps of MR elastography yet: they are looked for as
`mre/…_stiffness.nii[.gz]` and `mre/…_dampingratio.nii[.gz]`. The folder is listed by the BIDS
naming pattern, because Snakemake asks for the list each time it starts.
"""

# No index of a library: pybids 0.22 takes 29 to 56 CPU seconds and up to 0.7 GB for 20,000 people,
# bids2table 2.3 takes 15 and 1.1 GB, this 4 and 0.1 with the table read. Both pass over empty
# folders and the odd part of acq-pre_op, pybids also freq-30; its validator knows no map
# (benchmarks/bids_listing.py).

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from contrage.cohort.bids_folder.images import FOLDERS, FoundImages
from contrage.cohort.bids_folder.scans import (
    add_scan,
    check_alike,
    images_of_row,
    leave_out_without_images,
    scan_of,
)
from contrage.cohort.bids_folder.sessions import note_shared_ages, rows_of_person
from contrage.cohort.scans import (
    FILES,
    Cohort,
    Exclusion,
    age_limits,
    participant_label,
    usable_rows,
)
from contrage.errors import SettingsError, TableError, few
from contrage.participants.ages import check_unique
from contrage.participants.match import OTHERWISE, match, told_otherwise
from contrage.participants.tables import Tables, filled
from contrage.scan_ids import LABEL, bare
from contrage.settings.steps.cohort import CohortStep
from contrage.tables import Table, is_missing

COMES_AS = "scans"
SETTINGS = (
    *("path", "on_bad_scan", "age_unit", "image", "maps", "anatomical", "entities"),
    *("needs_anatomical", "needs_mask", "needs_magnitude"),
)
MANY, MOST = 0.1, 0.5
"""Share of the folders without a row from which, beside rows without a folder, a run is refused."""


def read(settings: CohortStep) -> Cohort:
    """Read participants.tsv and find the images of every participant and session.

    Parameters
    ----------
    settings : CohortStep
        Of which it reads `path` (the BIDS folder), `image` (the one to learn from), `maps`,
        `anatomical`, `needs_anatomical`, `needs_mask`, `needs_magnitude`, `entities`, `columns`,
        `age_unit`, `on_bad_scan`.

    Raises
    ------
    TableError
        If the table or a column is not there, a row cannot be used, ids of table and folders
        cannot be matched, or maps of several frequencies are there.
    """
    folder = Path(settings.path)
    path = folder / "participants.tsv"
    target = settings.target
    tables = Tables(
        folder,
        settings.age_unit,
        settings.columns,
        target.column if target else "",
        settings.asked_by,
    )
    people, lost, has_table = _folders(folder)
    told = _participants(tables, path, people, has_table)
    told, excluded = _without_lost(told, lost)
    excluded += _unlisted(told, people, path, settings.on_bad_scan)
    found = [images_of_row(tables, row, settings) for row in _sessions(tables, told, excluded)]
    note_shared_ages(tables, [row for row, _ in found])
    if not target:
        _check_ages_are_told([row for row, _ in found], tables, path)
    check_unique([scan_of(row) for row, _ in found], path)
    images = {scan_of(row): each for row, each in found}
    cohort = Cohort([], excluded, tables.read)
    rows = [row for row, each in found if leave_out_without_images(cohort, row, each, settings)]
    rows, unusable = usable_rows(
        rows, path, settings.on_bad_scan, needs_age=not target, limits=age_limits(settings)
    )
    tables.check_columns()
    cohort.excluded += unusable
    for row in rows:
        add_scan(cohort, row, images[row["scan_id"]], settings)
    cohort.notes += tables.notes
    check_alike(cohort, images, settings)
    cohort.notes += _without_effect(images, settings.entities)
    return cohort


def _without_effect(images: dict[str, FoundImages], entities: dict[str, Any]) -> list[str]:
    """Return a line on each entity that is asked for and that no image has."""
    asked = {
        key for name, value in entities.items()
        for key in (value if name in FOLDERS else [name])
    }  # fmt: skip
    known = set().union(*(each.known for each in images.values()))
    return [f"cohort.entities.{key}: no image has this entity" for key in sorted(asked - known)]


def _without_lost(
    rows: list[dict[str, Any]], lost: list[str]
) -> tuple[list[dict[str, Any]], list[Exclusion]]:
    """Part off the participants whose folder is a link to nowhere."""
    reason = "is a link to nowhere; fetch it (datalad get)"
    excluded = [Exclusion(name, FILES, f"{name} {reason}") for name in lost]
    return [row for row in rows if row["participant_id"] not in lost], excluded


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


def _folders(folder: Path) -> tuple[dict[str, str], list[str], bool]:
    """Return label → name of participants' folders, links to nowhere, whether a table is there."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise SettingsError(f"cohort.path: {folder} may not be read ({error.strerror})") from None
    people = [each for each in found if each.name.startswith("sub-")]
    lost = [each.name for each in people if each.is_symlink() and not os.path.exists(each.path)]
    names = [each.name for each in people if each.name not in lost and each.is_dir()]
    has_table = any(each.name == "participants.tsv" for each in found)
    return {name.removeprefix("sub-"): name for name in names}, lost, has_table


def _instead(folder: Path) -> str:
    """Return what to do where participants.tsv is not there."""
    others = sorted(
        each.name for each in folder.glob("[Pp]articipants.*") if each.suffix != ".json"
    )
    if others:
        return f"save {others[0]} as participants.tsv, with tabs between columns"
    return "cohort.path must be a BIDS folder"


def _participants(
    tables: Tables, path: Path, people: dict[str, str], has_table: bool
) -> list[dict[str, Any]]:
    """Return a row per line of participants.tsv, with the label of the folder that it means."""
    if not has_table:
        if not any(tables.folder.glob("sub-*/sub-*_sessions.tsv")):
            raise TableError(f"{path}: no such file; {_instead(tables.folder)}")
        return [
            {"participant_id": name, "folder": True}
            for label, name in people.items()
            if LABEL.match(label)
        ]
    table = tables.table(path)
    person, session = table.column("participant_id"), _session_column(table)
    rows = []
    for line, cells in zip(table.numbers, table.rows, strict=True):
        row = {"participant_id": participant_label(cells[person], path, line=line), "line": line}
        if session and not is_missing(cells[session]):
            row["session"] = cells[session].removeprefix("ses-")
        row |= tables.said(table, cells)
        rows.append({**row, "own": filled(row["columns"])} if "session" in row else row)
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
            if bare(one) != bare(other):
                raise TableError(
                    f"{table.path}: line {number}: {filled[0]} is {one!r}, {filled[1]} is "
                    f"{other!r}; remove one of the two columns"
                )
    return filled[0] if filled else None


def _unlisted(
    rows: list[dict[str, Any]], people: dict[str, str], table: Path, on_bad_scan: str
) -> list[Exclusion]:
    """Return the folders without a row; refuse where both sides look like the same people."""
    told = {row["participant_id"].removeprefix("sub-") for row in rows}
    without_folder, without_row = sorted(told - set(people)), sorted(set(people) - told)
    several = min(len(without_folder), len(without_row)) > 1
    share = len(without_row) / max(1, len(people))
    if several and share > (MANY if on_bad_scan == "fail" else MOST):
        raise TableError(
            f"{table}: {len(without_folder)} of {len(told)} participants have no folder "
            f"({few(without_folder)}), and {len(without_row)} folders have no row "
            f"({few([people[label] for label in without_row])}): are they the same people? Write "
            "them alike"
        )
    return [Exclusion(people[label], "import", f"no row in {table.name}") for label in without_row]

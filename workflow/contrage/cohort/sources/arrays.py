"""Arrays that somebody else has prepared, in OpenBHB's layout: nothing is stripped or registered.

A folder with participants.tsv and, anywhere below, a `.npy` file per participant
(`train/derivatives/sub-X/ses-1/sub-X_preproc-cat12vbm_desc-gm_T1w.npy` as OpenBHB is distributed;
Dufumier et al., NeuroImage 263:119637, 2022).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contrage.cohort.array_files import find_all, why_none
from contrage.cohort.scans import (
    Cohort,
    Exclusion,
    Scan,
    age_limits,
    participant_label,
    usable_rows,
)
from contrage.cohort.stored import Stored, StoredArrays
from contrage.errors import TableError, few
from contrage.participants.match import OTHERWISE, match, told_otherwise
from contrage.participants.tables import Tables
from contrage.settings.steps.cohort import CohortStep, WhereArrays

COMES_AS = "arrays"
SETTINGS = ("path", "on_bad_scan", "age_unit", "image", "ending")


def read(settings: CohortStep) -> Cohort:
    """Read participants.tsv and find each participant's array.

    Parameters
    ----------
    settings : CohortStep
        Of which it reads `path` (the folder), `image` (the kind of data), `ending` (of its files,
        after "sub-X_"), `on_bad_scan`, `age_unit`, `columns`.

    Raises
    ------
    TableError
        If the table or a column is not there or a row cannot be used; with `on_bad_scan` fail
        also if a participant has no array.
    """
    folder = Path(settings.path)
    table = folder / "participants.tsv"
    if not table.is_file():
        raise TableError(f"{table}: no such file; cohort.path must hold it beside the arrays")
    target = settings.target
    tables = Tables(
        folder,
        settings.age_unit,
        settings.columns,
        target.column if target else "",
        settings.asked_by,
    )
    files = find_all(folder, settings.ending)
    people, bad, limits = (
        _people(tables, table, files),
        settings.on_bad_scan,
        age_limits(settings),
    )
    rows, excluded = usable_rows(people, table, bad, needs_age=not target, limits=limits)
    tables.check_columns()
    scans, missing = [], []
    for row in rows:
        reason = why_none(row["participant_id"], files, settings.ending)
        if reason:
            missing.append(Exclusion(row["scan_id"], "import", reason))
        else:
            path = str(files[row["participant_id"]][0])
            scans.append(
                Scan(
                    participant_id=row["participant_id"],
                    age=row["age"],
                    sex=row.get("sex"),
                    site=row.get("site"),
                    images={settings.image: path},
                    columns={name: row["columns"].get(name) for name in tables.columns},
                )
            )
    if missing and settings.on_bad_scan == "fail":
        named = few([f"{exclusion.scan_id}: {exclusion.reason}" for exclusion in missing], "; ")
        raise TableError(
            f"{folder}: {named}. Fetch the arrays, or set cohort.on_bad_scan to exclude"
        )
    return Cohort(scans, excluded + missing, tables.read, tables.notes)


def _people(tables: Tables, path: Path, files: dict[str, list[Path]]) -> list[dict[str, Any]]:
    """Return a row per line of participants.tsv, with the id that the arrays have."""
    table = tables.table(path)
    person = table.column("participant_id")
    if not tables.target:
        table.column("age")
    rows = [
        {
            "participant_id": participant_label(cells[person], path, line=line),
            "line": line,
            "age": None,
            **tables.said(table, cells),
        }
        for line, cells in zip(table.numbers, table.rows, strict=True)
    ]
    labels = [row["participant_id"].removeprefix("sub-") for row in rows]
    meant = match(labels, [name.removeprefix("sub-") for name in files], path)
    if note := told_otherwise(meant, path):
        tables.note(OTHERWISE, note)
    return [
        {**row, "participant_id": f"sub-{meant.get(label, label)}"}
        for label, row in zip(labels, rows, strict=True)
    ]


def find(where: WhereArrays) -> StoredArrays:
    """Return where the arrays lie, for the step `arrays`."""
    files = find_all(Path(where.path), where.ending)
    return StoredArrays({person: Stored(paths[0]) for person, paths in files.items()}, [])

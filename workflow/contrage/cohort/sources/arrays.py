"""Arrays that somebody else has prepared, in OpenBHB's layout: nothing is stripped or registered.

A folder with participants.tsv and, anywhere below, a `.npy` file per participant
(`train/derivatives/sub-X/ses-1/sub-X_preproc-cat12vbm_desc-gm_T1w.npy` as OpenBHB is distributed;
Dufumier et al., NeuroImage 263:119637, 2022).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contrage.cohort.bids_folder.tables import Tables
from contrage.cohort.match import OTHERWISE, match, told_otherwise
from contrage.cohort.scans import Cohort, Exclusion, Scan, participant_label, usable_rows
from contrage.cohort.targets import other_target
from contrage.cohort.unusable import why_unusable
from contrage.errors import SettingsError, TableError, few


@dataclass(frozen=True)
class Kind:
    """What is known of a kind of array.

    Attributes
    ----------
    ending : str
        Of its files, after "sub-X_".
    shape : tuple of int
        Without axes of length one before it.
    voxel_mm : float
        Edge of a voxel.
    """

    ending: str
    shape: tuple[int, int, int]
    voxel_mm: float


KINDS = {
    "vbm": Kind("preproc-cat12vbm_desc-gm_T1w.npy", (121, 145, 121), 1.5),
    "quasiraw": Kind("preproc-quasiraw_T1w.npy", (182, 218, 182), 1.0),
}


def read(settings: dict[str, Any]) -> Cohort:
    """Read participants.tsv and find each participant's array.

    Parameters
    ----------
    settings : dict
        `path` (the folder), `image` (a name of `KINDS`), `on_bad_scan`.

    Raises
    ------
    TableError
        If the table or a column is not there or a row cannot be used; with `on_bad_scan` fail
        also if a participant has no array.
    """
    folder = Path(settings["path"])
    table = folder / "participants.tsv"
    if not table.is_file():
        raise TableError(f"{table}: no such file; cohort.path must hold it beside the arrays")
    target = other_target(settings)
    tables = Tables(
        folder,
        settings.get("age_unit", "auto"),
        settings.get("columns", []),
        target.column if target else "",
    )
    files, kind = find_all(folder, settings["image"]), KINDS[settings["image"]]
    rows, excluded = usable_rows(
        _people(tables, table, files), table, settings["on_bad_scan"], needs_age=not target
    )
    tables.check_columns()
    scans, missing = [], []
    for row in rows:
        reason = _reason(row["participant_id"], files, kind)
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
                    anatomical=path,
                    columns={name: row.get(name) for name in tables.columns},
                )
            )
    if missing and settings["on_bad_scan"] == "fail":
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


def _reason(person: str, files: dict[str, list[Path]], kind: Kind) -> str | None:
    """Return why a participant's array cannot be used, None where it can."""
    paths = files.get(person, [])
    if not paths:
        return f"no array {person}_{kind.ending}"
    if len(paths) > 1:
        return f"{len(paths)} arrays ({few(list(map(str, paths)))}); leave one in the folder"
    reason = why_unusable(paths[0])
    return reason and f"{paths[0].name} {reason}"


def find(folder: Path, image: str) -> dict[str, Path]:
    """Return participant → array, anywhere below a folder, for those who have one."""
    return {person: paths[0] for person, paths in find_all(folder, image).items()}


def find_all(folder: Path, image: str) -> dict[str, list[Path]]:
    """Return participant → arrays, anywhere below a folder, by name."""
    files: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob(f"sub-*_{KINDS[image].ending}")):
        files.setdefault(path.name.partition("_")[0], []).append(path)
    return files


def check_settings(config: dict[str, Any]) -> None:
    """Raise `SettingsError` where the configuration asks of arrays what they are not."""
    cohort = config["cohort"]
    if (cohort["source"] == "arrays") != (cohort["image"] in KINDS):
        raise SettingsError(
            f"cohort.image: {' or '.join(KINDS)} goes with cohort.source: arrays, and the other "
            "way round; set both"
        )

"""Arrays that somebody else has prepared, in OpenBHB's layout: nothing is stripped or registered.

A folder with participants.tsv and, anywhere below, a `.npy` file per participant
(`train/derivatives/sub-X/ses-1/sub-X_preproc-cat12vbm_desc-gm_T1w.npy` as OpenBHB is distributed;
Dufumier et al., NeuroImage 263:119637, 2022).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contrage.cohort.tables import Cohort, Exclusion, Scan, text_or_none, usable_rows
from contrage.errors import SettingsError, TableError, few
from contrage.files import read_tsv

log = logging.getLogger(__name__)


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
    frame = read_tsv(table)
    lost = [name for name in ("participant_id", "age") if name not in frame]
    if lost:
        raise TableError(f"{table}: no column {', '.join(lost)} (columns are separated by tabs)")
    columns = ["participant_id", "age", *({"sex", "site"} & set(frame))]
    people = frame[columns].to_dict("records")
    rows, excluded = usable_rows(people, table, settings["on_bad_scan"])
    files, kind = find(folder, settings["image"]), KINDS[settings["image"]]
    scans, missing = [], []
    for row in rows:
        person = row["participant_id"]
        if person not in files:
            missing.append(Exclusion(person, "import", f"no array {person}_{kind.ending}"))
            continue
        scans.append(
            Scan(
                participant_id=person,
                age=row["age"],
                sex=text_or_none(row.get("sex")),
                site=text_or_none(row.get("site")),
                anatomical=str(files[person]),
            )
        )
    if missing and settings["on_bad_scan"] == "fail":
        named = few([exclusion.scan_id for exclusion in missing])
        raise TableError(
            f"{folder}: no array …_{kind.ending} of {named}. Fetch them, or set "
            "cohort.on_bad_scan to exclude"
        )
    return Cohort(scans, excluded + missing)


def find(folder: Path, image: str) -> dict[str, Path]:
    """Return participant → array, anywhere below a folder; of several the first by name."""
    files: dict[str, Path] = {}
    for path in sorted(folder.rglob(f"sub-*_{KINDS[image].ending}")):
        person = path.name.partition("_")[0]
        if person in files:
            log.warning("%s: a second array of %s, the first is used", path, person)
        else:
            files[person] = path
    return files


def check_settings(config: dict[str, Any]) -> None:
    """Raise `SettingsError` where the configuration asks of arrays what they are not."""
    cohort = config["cohort"]
    if (cohort["source"] == "arrays") != (cohort["image"] in KINDS):
        raise SettingsError(
            f"cohort.image: {' or '.join(KINDS)} goes with cohort.source: arrays, and the other "
            "way round; set both"
        )

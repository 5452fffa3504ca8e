"""A BIDS folder: participants.tsv and, per participant (and session), a T1 and/or a stiffness map.

BIDS knows no suffix for maps of MR elastography yet: they are looked for as
`mre/…_stiffness.nii[.gz]` and `mre/…_dampingratio.nii[.gz]`. The folder is listed by the BIDS
naming pattern, not indexed, because Snakemake asks for the list each time it starts, in every job
on a cluster.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contrage.cohort.names import LABEL, MAPS, scan_id
from contrage.cohort.tables import Cohort, Exclusion, Scan, text_or_none, usable_rows
from contrage.errors import TableError
from contrage.files import read_tsv

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

DATATYPE = {"T1w": "anat", "magnitude": "mre", "mask": "anat", **dict.fromkeys(MAPS, "mre")}
NAMES = {"stiffness": "stiffness", "dampingratio": "damping-ratio"}
ENDINGS = (".nii.gz", ".nii")


def read(settings: dict[str, Any]) -> Cohort:
    """Read participants.tsv and find the images of every participant and session.

    Parameters
    ----------
    settings : dict
        `path` (the BIDS folder), `image` (T1w, stiffness or dampingratio: the one to learn from),
        `anatomical` (T1w or magnitude), `needs_anatomical`, `needs_mask`,
        `needs_magnitude`, `on_bad_scan`.

    Raises
    ------
    TableError
        If the table or a column is not there, or a row cannot be used.
    """
    folder = Path(settings["path"])
    table = folder / "participants.tsv"
    if not table.is_file():
        raise TableError(f"{table}: no such file; cohort.path must be a BIDS folder")
    rows = _rows(folder, table)
    rows, excluded = usable_rows(rows, table, settings["on_bad_scan"])
    scans = []
    for row in rows:
        scan = _find_images(folder, row, settings["anatomical"])
        missing = _missing(scan, settings)
        if missing:
            excluded.append(Exclusion(scan.scan_id, "import", f"no {' and no '.join(missing)}"))
        else:
            scans.append(scan)
    listed = {row["participant_id"] for row in rows} | {
        exclusion.scan_id.partition("_ses-")[0] for exclusion in excluded
    }
    for name in _listing(folder):
        if name.startswith("sub-") and name not in listed and (folder / name).is_dir():
            excluded.append(Exclusion(name, "import", f"no row in {table.name}"))
    return Cohort(scans, excluded)


def _rows(folder: Path, table: Path) -> list[dict[str, Any]]:
    """Return one row per participant and session."""
    frame = _read_table(table, ["participant_id", "age"])
    if "session_id" in frame:
        frame = frame.rename(columns={"session_id": "session"})
    if "session" in frame:
        frame["session"] = frame["session"].str.removeprefix("ses-")
        return frame.to_dict("records")
    return [each for row in frame.to_dict("records") for each in _sessions(folder, row)]


def _sessions(folder: Path, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one row per session folder of a participant, with the session's own age if told."""
    label = str(row["participant_id"] or "").removeprefix("sub-")
    if not LABEL.match(label):
        return [row]  # the check of the table names it
    home = folder / f"sub-{label}"
    found = [name for name in _listing(home) if name.startswith("ses-")]
    sessions = [name.removeprefix("ses-") for name in found if (home / name).is_dir()]
    if not sessions:
        return [row]
    ages = {}
    table = home / f"sub-{label}_sessions.tsv"
    if table.is_file():
        frame = _read_table(table, ["session_id"])
        if "age" in frame:
            names = frame["session_id"].str.removeprefix("ses-")
            ages = dict(zip(names, frame["age"], strict=True))
    elif len(sessions) > 1:
        log.warning(
            "%s: several sessions but no %s: all get the age of participants.tsv", home, table.name
        )
    return [{**row, "session": name, "age": ages.get(name, row["age"])} for name in sessions]


def _read_table(table: Path, required: list[str]) -> pd.DataFrame:
    try:
        frame = read_tsv(table)
    except (UnicodeDecodeError, ValueError) as error:
        raise TableError(f"{table}: not a tab-separated table ({error})") from None
    missing = [column for column in required if column not in frame]
    if missing:
        raise TableError(
            f"{table}: no column {', '.join(missing)} (columns are separated by tabs; found: "
            f"{', '.join(map(str, frame.columns[:6]))})"
        )
    return frame


def _find_images(folder: Path, row: dict[str, Any], anatomical: str) -> Scan:
    participant, session = row["participant_id"], text_or_none(row.get("session"))
    scan = scan_id(participant, session)
    home = folder / participant / (f"ses-{session}" if session else "")
    files = {each: _listing(home / each) for each in ("anat", "mre")}
    images = {suffix: _find(home, files, scan, suffix) for suffix in DATATYPE}
    return Scan(
        participant_id=participant,
        age=row["age"],
        session=session,
        sex=text_or_none(row.get("sex")),
        site=text_or_none(row.get("site")),
        anatomical=images[anatomical],
        **{kind: images[kind] for kind in (*MAPS, "mask", "magnitude")},
    )


def _listing(folder: Path) -> list[str]:
    """Return the sorted names in a folder, none where there is no such folder.

    One call to the system in place of a search per name: of 20,000 scans each counts.
    """
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _find(home: Path, files: dict[str, list[str]], scan: str, suffix: str) -> str | None:
    """Return the image of a suffix, the first by name where there are several runs."""
    middle = "desc-brain_mask" if suffix == "mask" else suffix
    endings = tuple(f"{middle}{ending}" for ending in ENDINGS)
    names = files[DATATYPE[suffix]]
    found = [name for name in names if name.startswith(f"{scan}_") and name.endswith(endings)]
    if not found:
        return None
    first = str(home / DATATYPE[suffix] / found[0])
    if len(found) > 1:
        log.warning("%s: %d images %s, the first is used", first, len(found), suffix)
    return first


def _missing(scan: Scan, settings: dict[str, Any]) -> list[str]:
    """Name the images that this run needs and the scan does not have."""
    missing = []
    learned = settings["image"]
    if learned in MAPS and getattr(scan, learned) is None:
        missing.append(f"{NAMES[learned]} map (mre/…_{learned}.nii.gz)")
    if (settings["needs_anatomical"] or learned not in MAPS) and not scan.anatomical:
        missing.append(f"{settings['anatomical']} image")
    if settings["needs_mask"] and scan.mask is None:
        missing.append("brain mask (anat/…_desc-brain_mask.nii.gz)")
    if settings.get("needs_magnitude") and scan.magnitude is None:
        missing.append("magnitude image (mre/…_magnitude.nii.gz)")
    return missing

"""Prepared arrays of cohorts with sessions: a file per scan, or a row of a table of regions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from contrage.cohort.array_files import OR, files_ending
from contrage.cohort.owners.labels import label_of
from contrage.cohort.owners.regions import is_table_of, rows_of_regions
from contrage.cohort.stored import Stored, StoredArrays
from contrage.errors import SettingsError, TableError, few
from contrage.settings.blocks.owners import RegionTableSettings
from contrage.settings.steps.cohort import WhereArrays

TIV = "tiv"


@dataclass(frozen=True)
class PreparedScan:
    """A prepared array, and whose it is.

    Attributes
    ----------
    label : str
        Of the person, without sub-.
    session : str or None
        Without ses-; None where nothing says it.
    run : int
        1 where nothing says it.
    stored : Stored
    """

    label: str
    session: str | None
    run: int
    stored: Stored

    @property
    def name(self) -> str | None:
        """The session's name in scan_id: further runs are sessions of their own."""
        return session_name(self.session, self.run)

    @property
    def scan_id(self) -> str:
        """Return "sub-X" or "sub-X_ses-Y"."""
        return f"sub-{self.label}" + (f"_ses-{self.name}" if self.name else "")


@dataclass(frozen=True)
class PreparedScans:
    """All prepared arrays of a folder.

    Attributes
    ----------
    scans : list of PreparedScan
    features : list of str
    tables : list of str
        The files that say who is there.
    """

    scans: list[PreparedScan]
    features: list[str]
    tables: list[str]


def session_name(session: str | None, run: int) -> str | None:
    """Return the name of a session, or of a further run in it."""
    return session if run == 1 else f"{session or ''}run{run}"


def find(where: WhereArrays) -> StoredArrays:
    """Return where the prepared arrays of a cohort lie, for the step `arrays`."""
    found = prepared(where)
    return StoredArrays({scan.scan_id: scan.stored for scan in found.scans}, found.features)


def prepared(where: WhereArrays) -> PreparedScans:
    """Find the prepared arrays of a kind.

    Parameters
    ----------
    where : WhereArrays
        Files are named `sub-X_ses-Y_run-1_` and its ending; the session may also be a folder's.

    Raises
    ------
    TableError
        If two arrays are of one scan, or a table of regions cannot be used.
    SettingsError
        If there is nothing that features could be divided by.
    """
    folder, by_tiv = Path(where.path), where.features_scale == TIV
    table = is_table_of(where.image) and _table(folder, where.regions)
    if table:
        rows = rows_of_regions(table, where.regions, by_tiv)
        scans = [PreparedScan(row.label, row.session, row.run, row.stored) for row in rows.rows]
        found = PreparedScans(scans, rows.features, [str(table)])
    elif by_tiv:
        raise SettingsError(
            f"cohort.features_scale: tiv needs a table of regions ({where.regions.file}, "
            f"cohort.regions.file) in {folder}, and cohort.image: vbm_roi; set it to none"
        )
    else:
        files = files_ending(folder, where.ending)
        found = PreparedScans([_of_file(path, where.ending) for path in files], [], [])
    _check_once(folder, found.scans)
    return found


def _table(folder: Path, regions: RegionTableSettings) -> Path | None:
    """Return the table of regions; None where there is none, and arrays are looked for."""
    found = sorted(folder.rglob(regions.file))
    if len(found) > 1:
        raise TableError(
            f"{folder}: which table of regions is meant (cohort.regions.file)? There are "
            f"{few([str(path.relative_to(folder)) for path in found])}"
        )
    return found[0] if found else None


def _of_file(path: Path, ending: str) -> PreparedScan:
    """Return whose a file is: its name says it, the session's also the folder above it."""
    name = path.name
    for each in ending.split(OR):
        name = name.removesuffix(each)
    entities = dict(part.split("-", 1) for part in name.split("_") if "-" in part)
    above = next((part.name[4:] for part in path.parents if part.name.startswith("ses-")), None)
    run = re.fullmatch(r"0*([1-9]\d*)", entities.get("run", "1"))
    number = int(run[1]) if run else 1
    return PreparedScan(label_of(entities["sub"]), entities.get("ses", above), number, Stored(path))


def _check_once(folder: Path, scans: Iterable[PreparedScan]) -> None:
    known: dict[str, list[str]] = {}
    for scan in scans:
        known.setdefault(scan.scan_id, []).append(scan.stored.path.name)
    twice = [f"{scan} ({few(names)})" for scan, names in known.items() if len(names) > 1]
    if twice:
        raise TableError(f"{folder}: arrays that stand there twice: {few(twice, '; ')}; keep one")

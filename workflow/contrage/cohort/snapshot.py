"""The cohort as a run's first process has read it, for the processes of its jobs.

On a network file system, listing the folders of 20,000 participants takes longer than a job.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contrage.cohort.read import read_cohort
from contrage.cohort.scans import Choice, Cohort, Exclusion, Scan
from contrage.files import read_json, write_text
from contrage.run.found import contents, digest, stamps
from contrage.settings.build import as_plain
from contrage.settings.steps.cohort import CohortStep

ROWS = {"scans": Scan, "excluded": Exclusion, "choices": Choice}


@dataclass(frozen=True)
class Snapshot:
    """A cohort, and what its files were when it was read.

    Attributes
    ----------
    cohort : Cohort
    images : dict of str to str
        scan_id → a text that changes when one of the scan's raw images is another file.
    tables : dict of str to str or None
        Table → SHA-256 of what stands in it.
    """

    cohort: Cohort
    images: dict[str, str]
    tables: dict[str, str | None]

    def of_cohort(self) -> str:
        """Return a text that changes with the list of scans, who is left out, and the tables."""
        return digest([_rows(self.cohort), self.tables])

    def of_tables(self) -> str:
        """Return a text that changes with what stands in the tables."""
        return digest(self.tables)

    def of_images(self) -> str:
        """Return a text that changes when a raw image of any scan is another file."""
        return digest(self.images)


def cohort_of_run(
    settings: CohortStep,
    kept_in: Path,
    is_first: bool,
    images: tuple[str, ...] = (),
    keeps: bool = True,
) -> Snapshot:
    """Read the cohort and keep it, or return what was kept.

    Parameters
    ----------
    settings : CohortStep
    kept_in : Path
        A folder that all processes of a run see.
    is_first : bool
        Whether this process begins a run: it never trusts what an earlier run has kept.
    images : tuple of str
        The names of a scan's raw images which the run reads.
    keeps : bool
        Whether a first process keeps what it reads: a run that starts jobs does.
    """
    file = kept_in / f"{digest([as_plain(settings), images])}.json"
    if not is_first and file.is_file():
        return _kept(read_json(file))
    cohort = read_cohort(settings)
    found = {scan.scan_id: _found(scan, images) for scan in cohort.scans}
    snapshot = Snapshot(cohort, found, contents(cohort.tables))
    if is_first and keeps:
        parts = {"cohort": _rows(cohort), "images": found, "tables": snapshot.tables}
        write_text(file, json.dumps(parts))
    return snapshot


def _found(scan: Scan, images: tuple[str, ...]) -> str:
    paths = [scan.images[name] for name in images if name in scan.images]
    return digest(stamps(paths)) if paths else ""


def _rows(cohort: Cohort) -> dict[str, list[Any]]:
    """Return a cohort as JSON holds it."""
    return {
        name: [vars(row) for row in rows] if name in ROWS else rows
        for name, rows in vars(cohort).items()
    }


def _kept(kept: dict[str, Any]) -> Snapshot:
    parts = {
        name: [ROWS[name](**row) for row in rows] if name in ROWS else rows
        for name, rows in kept["cohort"].items()
    }
    return Snapshot(Cohort(**parts), kept["images"], kept["tables"])

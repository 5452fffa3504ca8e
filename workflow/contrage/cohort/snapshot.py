"""The cohort as a run's first process has read it, for the processes of its jobs.

On a network file system, listing the folders of 20,000 participants takes longer than a job.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from contrage.cohort.read import read_cohort
from contrage.cohort.tables import Choice, Cohort, Exclusion, Scan
from contrage.files import read_json, write_text
from contrage.run.found import contents, digest, stamps

IMAGES = ("anatomical", "stiffness", "dampingratio", "mask", "magnitude")


@dataclass(frozen=True)
class Snapshot:
    """A cohort, and what its files were when it was read.

    Attributes
    ----------
    cohort : Cohort
    images : dict of str to list of int or None
        Raw image → size and time of change.
    tables : dict of str to str or None
        Table → SHA-256 of what stands in it.
    """

    cohort: Cohort
    images: dict[str, list[int] | None]
    tables: dict[str, str | None]

    def of_cohort(self) -> str:
        """Return a text that changes with the list of scans, who is left out, and the tables."""
        found = self.cohort
        rows = [
            vars(each) for part in (found.scans, found.excluded, found.choices) for each in part
        ]
        return digest([rows, self.tables])

    def of_tables(self) -> str:
        """Return a text that changes with what stands in the tables."""
        return digest(self.tables)

    def of_images(self, paths: list[str]) -> str:
        """Return a text that changes when one of some raw images is another file."""
        return digest({path: self.images.get(path) for path in paths})


def cohort_of_run(
    settings: dict[str, Any], kept_in: Path, is_first: bool, keeps: bool = True
) -> Snapshot:
    """Read the cohort and keep it, or return what was kept.

    Parameters
    ----------
    settings : dict
        As for `read_cohort`.
    kept_in : Path
        A folder that all processes of a run see.
    is_first : bool
        Whether this process begins a run: it never trusts what an earlier run has kept.
    keeps : bool
        Whether a first process keeps what it reads: a run that starts jobs does.
    """
    file = kept_in / f"{digest(settings)}.json"
    if not is_first and file.is_file():
        return _kept(read_json(file))
    cohort = read_cohort(settings)
    generated = settings["source"] == "phantom"
    paths = (getattr(scan, name) for scan in cohort.scans for name in IMAGES)
    images = {} if generated else stamps(path for path in paths if path)
    snapshot = Snapshot(cohort, images, contents(cohort.tables))
    if is_first and keeps:
        write_text(file, json.dumps(asdict(snapshot)))
    return snapshot


def _kept(kept: dict[str, Any]) -> Snapshot:
    kinds = {"scans": Scan, "excluded": Exclusion, "choices": Choice}
    parts = {
        name: [kinds[name](**each) for each in values] if name in kinds else values
        for name, values in kept["cohort"].items()
    }
    return Snapshot(Cohort(**parts), kept["images"], kept["tables"])

"""The cohort as a run's first process has read it, for the processes of its jobs.

On a network file system, listing the folders of 20,000 participants takes longer than a job.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from contrage.cohort.read import read_cohort
from contrage.cohort.tables import Cohort, Exclusion, Scan
from contrage.files import read_json, write_text


def cohort_of_run(
    settings: dict[str, Any], kept_in: Path, is_first: bool, *, keeps: bool = True
) -> Cohort:
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
        Whether such a process keeps what it has read, for jobs of its own.
    """
    asked = json.dumps(settings, sort_keys=True)
    file = kept_in / f"{hashlib.sha256(asked.encode()).hexdigest()[:16]}.json"
    if not is_first and file.is_file():
        kept = read_json(file)
        return Cohort(
            [Scan(**scan) for scan in kept["scans"]],
            [Exclusion(**exclusion) for exclusion in kept["excluded"]],
        )
    cohort = read_cohort(settings)
    if is_first and keeps:
        write_text(file, json.dumps(asdict(cohort)))
    return cohort

"""After preprocessing: all scans that failed are named at once, and tried again by the next run."""

from __future__ import annotations

import logging
from pathlib import Path

from contrage.errors import few
from contrage.files import read_json, write_json
from contrage.imaging.screen import BadCohortError, digest_of
from contrage.layout import quality_file, sidecar_file
from contrage.settings.steps.imaging_tables import UsableStep
from contrage.tables import read_tsv, write_tsv

log = logging.getLogger(__name__)

TRIES = "tries.json"
OF_ONE_JOB = "preprocess"
"""The stage in records of versions that had one job for what are three steps now."""


def tries(derivatives: Path) -> dict[str, dict[str, int]]:
    """Return how often each scan has failed that has, step by step: another count is another try.

    Counts of a version that did not know in which step are of steps that are gone.
    """
    file = derivatives / TRIES
    found = read_json(file) if file.is_file() else {}
    return {scan: counts for scan, counts in found.items() if isinstance(counts, dict)}


def usable(settings: UsableStep, *, scans: Path, derivatives: Path, table: Path) -> None:
    """Write how each scan came through preprocessing; refuse those that nobody allows to fail.

    A scan's steps write down that they failed and do not stop: on a cluster, one job that fails
    takes all of its submission with it.

    Parameters
    ----------
    settings : UsableStep
        `on_bad_scan` is "fail", or "exclude" for scans whose images cannot be used. An error that
        nobody expected (a full disk, a program that crashed) never excludes a scan.
    scans : Path
        The scans that passed the check.
    derivatives : Path
        The folder with a quality record per scan.
    table : Path
        Output: scan_id, status, reason, and a digest of the records of each scan's quality and
        preprocessing: the table stands for them in the rules that follow.

    Raises
    ------
    BadCohortError
        If scans were made by an earlier version (where Snakemake has notes of that run, they are
        made anew), or are to be mended. These are counted in `tries.json`; the count is a
        parameter of the step that failed, so that the next run tries it again for these scans, and
        for them alone.
    """
    import pandas as pd

    rows, bad, old = [], {}, []
    for scan in read_tsv(scans)["scan_id"]:
        file, made = derivatives / quality_file(scan), derivatives / sidecar_file(scan)
        record, digest = read_json(file), digest_of(file, made)
        old += [scan] if read_json(made)["stage"] == OF_ONE_JOB else []
        rows.append((scan, record["status"], record["reason"], digest))
        allowed = settings.on_bad_scan == "exclude" and not record.get("unexpected")
        if record["status"] == "failed" and not allowed:
            bad[scan] = record["stage"]
            log.warning("%s: %s: %s", scan, record["stage"], record["reason"])
    if old:
        raise BadCohortError(
            f"{len(old)} of {len(rows)} scans in {derivatives} were preprocessed by an earlier "
            f"version of contrage: {few(old)}. Give the command once with --forcerun strip, which "
            "makes all scans anew, to the same bits; or delete the folder"
        )
    if bad:
        _count(derivatives, bad)
        stages = ", ".join(dict.fromkeys(bad.values()))
        raise BadCohortError(
            f"{len(bad)} of {len(rows)} scans failed: {few(list(bad))}. Their logs are in "
            f"{derivatives}/logs ({stages}). The next run tries them again; mend or "
            "remove them, or set cohort.on_bad_scan to exclude where the images are to blame"
        )
    write_tsv(table, pd.DataFrame(rows, columns=["scan_id", "status", "reason", "records"]))


def _count(derivatives: Path, bad: dict[str, str]) -> None:
    """Count the failures of scans, each with that of its step."""
    found = tries(derivatives)
    for scan, stage in bad.items():
        own = found.setdefault(scan, {})
        own[stage] = own[stage] + 1 if stage in own else 1
    write_json(derivatives / TRIES, found)

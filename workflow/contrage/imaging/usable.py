"""After preprocessing: all scans that failed are named at once, and tried again by the next run."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from contrage.errors import few
from contrage.files import read_json, write_json
from contrage.imaging.screen import BadCohortError
from contrage.layout import quality_file
from contrage.tables import read_tsv, write_tsv

log = logging.getLogger(__name__)

TRIES = "tries.json"


def tries(derivatives: Path) -> dict[str, int]:
    """Return how often each scan has failed that has: another count is another try."""
    file = derivatives / TRIES
    return read_json(file) if file.is_file() else {}


def usable(settings: dict[str, Any], *, scans: Path, derivatives: Path, table: Path) -> None:
    """Write how each scan came through preprocessing; refuse those that nobody allows to fail.

    A scan's steps write down that they failed and do not stop: on a cluster, one job that fails
    takes all of its submission with it.

    Parameters
    ----------
    settings : dict
        `on_bad_scan`: "fail", or "exclude" for scans whose images cannot be used. An error that
        nobody expected (a full disk, a program that crashed) never excludes a scan.
    scans : Path
        The scans that passed the check.
    derivatives : Path
        The folder with a quality record per scan.
    table : Path
        Output: scan_id, status and reason.

    Raises
    ------
    BadCohortError
        If scans are to be mended. They are counted in `tries.json`; the count is a parameter of a
        scan's preprocessing, so that the next run tries these scans again, and them alone.
    """
    import pandas as pd

    rows, bad = [], []
    for scan in read_tsv(scans)["scan_id"]:
        record = read_json(derivatives / quality_file(scan))
        rows.append((scan, record["status"], record["reason"]))
        allowed = settings["on_bad_scan"] == "exclude" and not record.get("unexpected")
        if record["status"] == "failed" and not allowed:
            bad.append(scan)
            log.warning("%s: %s: %s", scan, record["stage"], record["reason"])
    if bad:
        before = tries(derivatives)
        counts = before | {scan: before.get(scan, 0) + 1 for scan in bad}
        write_json(derivatives / TRIES, counts)
        raise BadCohortError(
            f"{len(bad)} of {len(rows)} scans failed: {few(bad)}. Their logs are in "
            f"{derivatives}/logs/preprocess and quality. The next run tries them again; mend or "
            "remove them, or set cohort.on_bad_scan to exclude where the images are to blame"
        )
    write_tsv(table, pd.DataFrame(rows, columns=["scan_id", "status", "reason"]))

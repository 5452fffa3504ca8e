"""The gate: all raw images are checked, and all bad ones named, before hours are spent."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from contrage.cohort.names import check_file
from contrage.errors import ContrageError
from contrage.files import failed, read_tsv, write_tsv

log = logging.getLogger(__name__)


class BadCohortError(ContrageError):
    """Some raw images cannot be used."""


def gate(settings: dict[str, Any], *, scans: Path, derivatives: Path, passed: Path) -> None:
    """Write the table of scans whose raw images passed the check.

    Parameters
    ----------
    settings : dict
        `on_bad_scan`: "fail" or "exclude".
    scans : Path
        The cohort's table.
    derivatives : Path
        The folder with a check record per scan.
    passed : Path
        Output: the rows of `scans` that can be used.

    Raises
    ------
    BadCohortError
        With "fail" if one scan is bad; with "exclude" only if none is left.
    """
    table = read_tsv(scans)
    reasons = {scan: failed(derivatives / check_file(scan)) for scan in table["scan_id"]}
    bad = [f"{scan}: {reason}" for scan, reason in reasons.items() if reason]
    for line in bad:
        log.warning("%s", line)
    if bad and settings["on_bad_scan"] == "fail":
        raise BadCohortError(
            f"{len(bad)} of {len(table)} scans cannot be used (named above). "
            "Mend or remove them, or set cohort.on_bad_scan to exclude"
        )
    good = table[[reasons[scan] is None for scan in table["scan_id"]]]
    if good.empty:
        raise BadCohortError(f"{scans}: none of {len(table)} scans can be used (named above)")
    write_tsv(passed, good)

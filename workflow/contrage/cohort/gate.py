"""The gate: all raw images are checked, and all bad ones named, before hours are spent."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from contrage.cohort.names import check_file
from contrage.cohort.tables import FILES
from contrage.errors import ContrageError
from contrage.files import failed
from contrage.tables import read_tsv, write_tsv

log = logging.getLogger(__name__)


class BadCohortError(ContrageError):
    """Some raw images cannot be used."""


def gate(
    settings: dict[str, Any],
    *,
    scans: Path,
    derivatives: Path,
    passed: Path,
    excluded: Path | None = None,
) -> None:
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
    excluded : Path, optional
        Who was left out before any image was read; those whose files cannot be used are named
        with the others.

    Raises
    ------
    BadCohortError
        With "fail" if one scan is bad; with "exclude" only if none is left.
    """
    table = read_tsv(scans)
    reasons = {scan: failed(derivatives / check_file(scan)) for scan in table["scan_id"]}
    bad = [f"{scan}: {reason}" for scan, reason in reasons.items() if reason]
    lost = _without_files(excluded)
    bad += lost
    for line in bad:
        log.warning("%s", line)
    if bad and settings["on_bad_scan"] == "fail":
        raise BadCohortError(
            f"{len(bad)} of {len(table) + len(lost)} scans cannot be used (named above). "
            "Mend or remove them, or set cohort.on_bad_scan to exclude"
        )
    good = table[[reasons[scan] is None for scan in table["scan_id"]]]
    if good.empty:
        raise BadCohortError(f"{scans}: none of {len(table)} scans can be used (named above)")
    write_tsv(passed, good)


def _without_files(excluded: Path | None) -> list[str]:
    """Return the scans that are there but have files which cannot be read or told apart."""
    if excluded is None:
        return []
    table = read_tsv(excluded)
    lines = table[table["stage"] == FILES]
    return [f"{row.scan_id}: {row.reason}" for row in lines.itertuples()]

"""The gate: all raw images are checked, and all bad ones named, before hours are spent."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

from contrage.cohort.agreement import disagreements
from contrage.cohort.duplicates import KEEP, same_file, same_sessions
from contrage.cohort.scans import FILES
from contrage.errors import ContrageError, few
from contrage.files import read_json
from contrage.layout import check_file
from contrage.settings.steps.imaging_tables import ScreenStep
from contrage.tables import read_tsv, write_tsv

log = logging.getLogger(__name__)


class BadCohortError(ContrageError):
    """Some raw images cannot be used."""


def screen(
    settings: ScreenStep,
    *,
    scans: Path,
    derivatives: Path,
    passed: Path,
    excluded: Path | None = None,
) -> None:
    """Write the table of scans whose raw images passed the check.

    Parameters
    ----------
    settings : ScreenStep
        `on_bad_scan` is "fail" or "exclude"; `duplicates` "refuse" or "keep" what two participants
        have in common.
    scans : Path
        The cohort's table.
    derivatives : Path
        The folder with a check record per scan.
    passed : Path
        Output: the rows of `scans` that can be used, with a digest of each scan's record, for
        which the table stands in the rules that follow.
    excluded : Path, optional
        Who was left out before any image was read; those whose files cannot be used are named
        with the others.

    Raises
    ------
    BadCohortError
        With "fail" if one scan is bad; with "exclude" only if none is left.
    """
    table = read_tsv(scans)
    records = {scan: read_json(derivatives / check_file(scan)) for scan in table["scan_id"]}
    reasons = _reasons(records, settings)
    bad = [f"{scan}: {reason}" for scan, reason in reasons.items() if reason]
    lost = _without_files(excluded)
    bad += lost
    for line in bad:
        log.warning("%s", line)
    if bad and settings.on_bad_scan == "fail":
        raise BadCohortError(
            f"{len(bad)} of {len(table) + len(lost)} scans cannot be used: "
            f"{few(bad, '; ', most=3)}. Mend or remove them, or set cohort.on_bad_scan to exclude"
        )
    good = table[[reasons[scan] is None for scan in table["scan_id"]]]
    if good.empty:
        raise BadCohortError(f"{scans}: none of {len(table)} scans can be used (named above)")
    digests = [digest_of(derivatives / check_file(scan)) for scan in good["scan_id"]]
    write_tsv(passed, good.assign(record=digests))


def digest_of(*records: Path) -> str:
    """Return 16 hexadecimal digits of the contents of a scan's records, whatever time they took."""
    found = hashlib.sha256()
    for record in records:
        found.update(json.dumps(_timeless(read_json(record)), sort_keys=True).encode())
    return found.hexdigest()[:16]


def _timeless(told: Any) -> Any:
    """Return a record without the seconds of its steps, which are others each time."""
    if isinstance(told, dict):
        return {key: _timeless(value) for key, value in told.items() if key != "seconds"}
    return [_timeless(value) for value in told] if isinstance(told, list) else told


def _reasons(records: dict[str, dict[str, Any]], settings: ScreenStep) -> dict[str, str | None]:
    """Return why each scan cannot be used, None where it can; log what is only doubtful."""
    reasons = {
        scan: record["reason"] if record.get("status") == "failed" else None
        for scan, record in records.items()
    }
    twins = same_file(records, settings.image)
    doubtful = [*same_sessions(records, settings.image)]
    doubtful += [f"{scan}: {text}" for scan, text in disagreements(records).items()]
    if settings.duplicates == KEEP:
        doubtful += [f"{scan} {reason}" for scan, reason in twins.items()]
        twins = {}
    for line in doubtful:
        log.warning("%s", line)
    return reasons | twins


def _without_files(excluded: Path | None) -> list[str]:
    """Return the scans that are there but have files which cannot be read or told apart."""
    if excluded is None:
        return []
    table = read_tsv(excluded)
    lines = table[table["stage"] == FILES]
    return [f"{row.scan_id}: {row.reason}" for row in lines.itertuples()]

"""The reader's own list of scans to leave out: a TSV, written by hand or by the quality page."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from contrage.errors import SettingsError, TableError
from contrage.scan_ids import participant
from contrage.tables import is_missing, nearest, read_table

COLUMNS = ("scan_id", "participant_id")
STAGE = "reader"


def read_exclusions(path: Path | str | None, known: Iterable[str]) -> dict[str, str]:
    """Return which scans the reader excludes, scan_id → reason.

    Parameters
    ----------
    path : Path, str or None
        A tab-separated table with a column scan_id or participant_id and a column reason.
        "sub-X" stands for all scans of the participant, "sub-X_ses-Y" for one; the "sub-" may be
        left out. None, or an empty path, excludes nobody.
    known : iterable of str
        scan_id of every scan of the cohort, of those that cannot be used too.

    Raises
    ------
    SettingsError
        If there is no such file.
    TableError
        If a column is missing, a line names a scan that the cohort does not have, or two lines
        give one scan different reasons; file and line are named.
    """
    if not path:
        return {}
    lines = _lines(Path(path))
    scans = list(known)
    found: dict[str, str] = {}
    before: dict[str, tuple[int, str]] = {}
    for number, name, reason in lines:
        wanted = f"sub-{name.removeprefix('sub-')}"
        line, first = before.setdefault(wanted, (number, reason))
        if reason != first:
            raise TableError(
                f"{path}, line {number}: {wanted} stands there already, in line {line} with "
                "another reason; keep one"
            )
        meant = [scan for scan in scans if wanted in (scan, participant(scan))]
        if not meant:
            close = nearest(wanted, scans)
            raise TableError(
                f"{path}, line {number}: no scan {name!r} in the cohort; "
                f"{f'did you mean {close}? Mend' if close else 'mend'} or remove the line"
            )
        for scan in meant:
            found.setdefault(scan, reason or "no reason given")
    return found


def _lines(path: Path) -> list[tuple[int, str, str]]:
    """Return number, name and reason of every line that is not empty."""
    try:
        table = read_table(path)
    except TableError as error:
        raise SettingsError(f"cohort.exclude: {error}") from None
    column = next((found for name in COLUMNS if (found := table.find(name))), None)
    reason = table.find("reason")
    if column is None or reason is None:
        raise TableError(
            f"{path}: needs the columns scan_id (or participant_id) and reason, separated by "
            f"tabs; found: {', '.join(table.columns)}"
        )
    return [
        (number, row[column], "" if is_missing(row[reason]) else row[reason])
        for number, row in zip(table.numbers, table.rows, strict=True)
        if row[column]
    ]


def reason_told(reason: str) -> str:
    """Return the reason as tables of exclusions print it."""
    return f"excluded by the reader: {reason}"

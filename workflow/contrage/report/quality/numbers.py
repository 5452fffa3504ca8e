"""What the page calls scans: by their ids, or by numbers that a file beside it explains."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from contrage.report.ids import Hider, known_ids

SOME_SCAN = "a scan"
"""Of another cohort, where scans are not named."""


@dataclass(frozen=True)
class Called:
    """What the page calls scans.

    Attributes
    ----------
    names : dict of str to str
        scan_id → its name on the page, the id itself or "scan 12", in the order of the ids.
    stamp : str or None
        By which the page knows the file of its own numbers; None where it names scans.
    """

    names: dict[str, str]
    stamp: str | None

    @property
    def is_numbered(self) -> bool:
        """Whether scans are not named."""
        return self.stamp is not None

    def of_other(self, scan: str) -> str:
        """Return what a scan of another cohort is called."""
        return SOME_SCAN if self.is_numbered else scan


def called(rows: pd.DataFrame, show_ids: bool) -> Called:
    """Return what the scans of a page are called.

    Parameters
    ----------
    rows : DataFrame
        `contrage.report.quality.rows.scan_rows`.
    show_ids : bool
        Whether by their ids.
    """
    numbers = {scan: f"scan {at}" for at, scan in enumerate(sorted(rows["scan_id"]), 1)}
    names = {scan: scan for scan in numbers} if show_ids else numbers
    return Called(names, None if show_ids else _stamp(rows))


def _stamp(rows: pd.DataFrame) -> str:
    """Return a digest of all that was measured, which tells nobody's id."""
    return hashlib.sha256(rows.to_json(orient="values").encode()).hexdigest()[:16]


def numbers_table(of: Called, others: Mapping[str, str]) -> pd.DataFrame:
    """Return what the numbers of a page mean; without numbers an empty table.

    Returns
    -------
    DataFrame
        With columns number (from 1 on; none of scans that the page does not show), scan_id, reason
        (why the reader excludes such a one), and the page's stamp.
    """
    numbers = range(1, len(of.names) + 1) if of.is_numbered else ()
    shown = [
        {"number": str(at), "scan_id": scan} for at, scan in zip(numbers, of.names, strict=False)
    ]
    rest = [{"scan_id": scan, "reason": why} for scan, why in others.items()]
    lines = [*shown, *(rest if of.is_numbered else ())]
    return pd.DataFrame(lines, columns=["number", "scan_id", "reason"]).assign(stamp=of.stamp)


def left_out(before: pd.DataFrame, of: Called) -> pd.DataFrame:
    """Return who was left out before, a line each, or how many for which reason."""
    if not of.is_numbered:
        return before
    hide = Hider(known_ids(before) | set(of.names))
    plain = before.assign(reason=before["reason"].map(hide, na_action="ignore"))
    counts = plain.groupby(["stage", "reason"], dropna=False, sort=False).size()
    found = counts.reset_index(name="n")
    scans = found["n"].map(lambda n: f"{n} scan" if n == 1 else f"{n} scans")
    return found.assign(scan_id=scans)[["scan_id", "stage", "reason"]]

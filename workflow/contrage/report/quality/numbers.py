"""What the page calls scans: by their ids, or by numbers that a file beside it explains."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from contrage.report.ids import Hider, known_ids, without_files
from contrage.report.text import missing

DOUBTFUL = ("flagged", "misplaced")
"""Of which what is wrong stands in the field for the reader's reason."""
SHOWN = 16
"""Digits of the digest that are the stamp."""
SOME_SCAN = "a scan"
"""Of another cohort, where scans are not named."""


@dataclass(frozen=True)
class Called:
    """What the page calls scans.

    Attributes
    ----------
    names : dict of str to str
        scan_id → its name on the page, the id itself or "scan 12".
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
    names = {scan: scan if show_ids else f"scan {at}" for scan, at in _numbers(rows).items()}
    return Called(names, None if show_ids else _stamp(rows))


def called_in(table: pd.DataFrame, show_ids: bool) -> Called:
    """Return the same of a `numbers_table` that was written."""
    known = table[table["number"].notna()]
    numbers = zip(known["scan_id"], known["number"], strict=True)
    names = {scan: scan if show_ids else f"scan {int(at)}" for scan, at in numbers}
    return Called(names, None if show_ids else str(table["stamp"].iloc[0]))


def _numbers(rows: pd.DataFrame) -> dict[str, int]:
    """Return scan_id → its number: in an order that ids alone do not give, as sub-07 would be 7."""
    secret = _digest(rows)[SHOWN:]  # what of it no page shows
    ordered = sorted(
        rows["scan_id"], key=lambda scan: hashlib.sha256(f"{secret} {scan}".encode()).hexdigest()
    )
    return {scan: at for at, scan in enumerate(ordered, 1)}


def _stamp(rows: pd.DataFrame) -> str:
    """Return a digest of all that was measured, which tells nobody's id."""
    return _digest(rows)[:SHOWN]


def _digest(rows: pd.DataFrame) -> str:
    return hashlib.sha256(rows.to_json(orient="values").encode()).hexdigest()


def numbers_table(rows: pd.DataFrame, others: Mapping[str, str]) -> pd.DataFrame:
    """Return what the numbers of a page mean.

    Parameters
    ----------
    rows : DataFrame
        `contrage.report.quality.rows.scan_rows`.
    others : mapping of str to str
        scan_id → why the reader excludes a scan that the page does not show.

    Returns
    -------
    DataFrame
        With columns number (from 1 on; none of such scans), scan_id, reason (why the reader
        excludes it, else what is wrong with it, in full), and the page's stamp.
    """
    numbers = _numbers(rows)
    lines = [
        {"number": str(numbers[row.scan_id]), "scan_id": row.scan_id, "reason": _reason(row)}
        for row in rows.itertuples()
    ]
    lines += [{"scan_id": scan, "reason": why} for scan, why in others.items()]
    table = pd.DataFrame(lines, columns=["number", "scan_id", "reason"])
    return table.assign(stamp=_stamp(rows))


def _reason(row: Any) -> str | None:
    if not missing(row.excluded):
        return row.excluded
    return row.reason if row.status in DOUBTFUL and not missing(row.reason) else None


def left_out(before: pd.DataFrame, rows: pd.DataFrame, of: Called) -> pd.DataFrame:
    """Return who was left out before, a line each, or how many for which reason."""
    if not of.is_numbered:
        return before
    hide = Hider(known_ids(before, rows))
    plain = before.assign(reason=before["reason"].map(_hidden(hide), na_action="ignore"))
    counts = plain.groupby(["stage", "reason"], dropna=False, sort=False).size()
    found = counts.reset_index(name="n")
    scans = found["n"].map(lambda n: f"{n} scan" if n == 1 else f"{n} scans")
    return found.assign(scan_id=scans)[["scan_id", "stage", "reason"]]


def _hidden(hide: Hider) -> Callable[[str], str]:
    return lambda text: hide(without_files(text))

"""Scans and folds, read with the standard library: importing pandas takes a second per job."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from contrage.errors import TableError
from contrage.files import read_json
from contrage.tables import read_table
from contrage.target import Target


@dataclass(frozen=True)
class Scans:
    """Scans in the order of a table.

    Attributes
    ----------
    ids, participants : tuple of str
    sites, sexes : tuple of str or None
        None where a scan's study or a participant's sex is not known.
    targets : ndarray of shape (N,)
        What is predicted, in its unit, float64; of no length where nobody asked.
    rows : ndarray of shape (N,)
        Index of each scan in the cohort's array.
    """

    ids: tuple[str, ...]
    participants: tuple[str, ...]
    sites: tuple[str | None, ...]
    sexes: tuple[str | None, ...]
    targets: np.ndarray
    rows: np.ndarray

    def take(self, index: np.ndarray) -> Scans:
        """Return the scans at these places."""
        ids, participants, sites, sexes = (
            tuple(values[place] for place in index)
            for values in (self.ids, self.participants, self.sites, self.sexes)
        )
        targets = self.targets[index] if self.targets.size else self.targets
        return Scans(ids, participants, sites, sexes, targets, self.rows[index])

    def places(self, some: Scans) -> np.ndarray:
        """Return the places (n,) in this table of some of its scans."""
        place = {scan: index for index, scan in enumerate(self.ids)}
        return np.array([place[scan] for scan in some.ids], dtype=int)

    def pick(self, wanted: list[str], source: Path) -> Scans:
        """Return the scans named in `wanted`, in that order; `source` is named in the error."""
        place = {scan: index for index, scan in enumerate(self.ids)}
        missing = [scan for scan in wanted if scan not in place]
        if missing:
            raise TableError(f"{source}: scan {missing[0]} is not in the table of scans")
        return self.take(np.array([place[scan] for scan in wanted], dtype=int))


def read_scans(path: Path, target: Target | None = None) -> Scans:
    """Read scan_id, participant_id, row, the target and, where they are there, site and sex.

    Parameters
    ----------
    path : Path
        The experiment's scans.
    target : Target, optional
        Left out by who needs none.

    Raises
    ------
    TableError
        If a column is missing, a row is no number or a target cannot be used.
    """
    lines = read_table(path).rows
    try:
        return Scans(
            ids=tuple(line["scan_id"] for line in lines),
            participants=tuple(line["participant_id"] for line in lines),
            sites=tuple(_known(line.get("site")) for line in lines),
            sexes=tuple(_known(line.get("sex")) for line in lines),
            targets=np.array(target.of(lines, path) if target else []),
            rows=np.array([int(line["row"]) for line in lines]),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise TableError(
            f"{path}: needs scan_id, participant_id and row for every scan "
            f"({type(error).__name__}: {error})"
        ) from None


def _known(value: str | None) -> str | None:
    return None if value in (None, "", "n/a") else value


def read_fold(path: Path, fold: int) -> dict[str, Any]:
    """Return one fold of a split file: train and test scan ids and the training statistics.

    Raises
    ------
    TableError
        If the file has no fold of that number.
    """
    for entry in read_json(path)["folds"]:
        if entry["fold"] == fold:
            return entry
    raise TableError(f"{path}: there is no fold {fold}")

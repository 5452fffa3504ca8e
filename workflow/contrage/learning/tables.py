"""The two tables a training reads, with the standard library: importing pandas takes a second."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from contrage.errors import TableError
from contrage.files import read_json


@dataclass(frozen=True)
class Scans:
    """Scans in the order of a table.

    Attributes
    ----------
    ids : tuple of str
    ages : ndarray of shape (N,)
        Years, float64.
    rows : ndarray of shape (N,)
        Index of each scan in the cohort's array.
    """

    ids: tuple[str, ...]
    ages: np.ndarray
    rows: np.ndarray

    def pick(self, wanted: list[str], source: Path) -> Scans:
        """Return the scans named in `wanted`, in that order; `source` is named in the error."""
        place = {scan: index for index, scan in enumerate(self.ids)}
        missing = [scan for scan in wanted if scan not in place]
        if missing:
            raise TableError(f"{source}: scan {missing[0]} is not in the table of scans")
        index = np.array([place[scan] for scan in wanted], dtype=int)
        return Scans(tuple(wanted), self.ages[index], self.rows[index])


def read_scans(path: Path) -> Scans:
    """Read the columns scan_id, age (years) and row of an experiment's table of scans.

    Raises
    ------
    TableError
        If a column is missing or a value is no number.
    """
    with Path(path).open(newline="", encoding="utf-8-sig") as stream:
        lines = list(csv.DictReader(stream, delimiter="\t"))
    try:
        return Scans(
            ids=tuple(line["scan_id"] for line in lines),
            ages=np.array([float(line["age"]) for line in lines]),
            rows=np.array([int(line["row"]) for line in lines]),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise TableError(f"{path}: needs scan_id, age and row for every scan ({error})") from None


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

"""Predictions per scan, fold and split: how they are made fair, written and read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contrage.errors import LeakageError, TableError
from contrage.files import read_json
from contrage.learning.folds import Scans
from contrage.tables import read_tsv, write_rows
from contrage.target import Target

TRUE, PREDICTED = "target", "predicted"
"""What the two columns that bear the target's name are called once they are read."""


@dataclass(frozen=True)
class Fold:
    """One fold with its scans, known to share no participant.

    Attributes
    ----------
    number : int
    entry : dict
        The fold as it stands in the split file.
    train, test : Scans
    """

    number: int
    entry: dict[str, Any]
    train: Scans
    test: Scans

    @property
    def sides(self) -> tuple[tuple[str, Scans], tuple[str, Scans]]:
        """Return both sides with their names."""
        return ("train", self.train), ("test", self.test)


def folds(split: Path, *scans: Scans) -> Iterator[Fold]:
    """Yield the folds of a split file.

    Parameters
    ----------
    split : Path
    *scans : Scans
        The experiment's scans: one table for all folds, or one for each in their order.

    Raises
    ------
    TableError
        If there are several tables, and not one for each fold.
    LeakageError
        If a participant is on both sides of one.
    """
    entries = read_json(split)["folds"]
    if len(scans) not in (1, len(entries)):
        raise TableError(f"{split}: {len(entries)} folds, but {len(scans)} tables of scans")
    tables = scans * len(entries) if len(scans) == 1 else scans
    for entry, table in zip(entries, tables, strict=True):
        train, test = (table.pick(entry[side], split) for side in ("train", "test"))
        both = sorted(set(train.participants) & set(test.participants))
        if both:
            raise LeakageError(
                f"{split}: {both[0]} ({len(both)} in all) is in training and test of fold "
                f"{entry['fold']}; no error measured on this split would mean anything"
            )
        yield Fold(entry["fold"], entry, train, test)


def columns(target: Target) -> list[str]:
    """Return the columns of a predictions file: for age `age` and `predicted_age`."""
    named = [target.column, target.predicted]
    return ["participant_id", *named, "split", "scan_id", "site", "fold"]


def lines(
    target: Target, side: str, fold: int, scans: Scans, predicted: np.ndarray, **more: Any
) -> list[dict[str, Any]]:
    """Return a line per scan, with the columns of a predictions file.

    Parameters
    ----------
    target : Target
    side : {"train", "test"}
    fold : int
    scans : Scans
    predicted : ndarray of shape (n,)
        In the target's unit.
    **more
        Further columns: a value for all lines or an array of one per line.
    """
    result = []
    for index, scan in enumerate(scans.ids):
        line = {
            "participant_id": scans.participants[index],
            target.column: float(scans.targets[index]),
            target.predicted: round(float(predicted[index]), 6),
            "split": side,
            "scan_id": scan,
            "site": scans.sites[index] or "n/a",
            "fold": fold,
        }
        for name, value in more.items():
            line[name] = round(float(value[index]), 6) if isinstance(value, np.ndarray) else value
        result.append(line)
    return result


def write(path: Path, target: Target, content: Iterable[dict[str, Any]], *more: str) -> None:
    """Write lines as TSV; `more` names the columns after the usual ones."""
    write_rows(path, [*columns(target), *more], content)


def read(path: Path, target: Target) -> pd.DataFrame:
    """Read a predictions file; the target's two columns are called `target` and `predicted`."""
    return read_tsv(path).rename(columns={target.column: TRUE, target.predicted: PREDICTED})

"""Predictions per scan, fold and split: how they are made fair, written and read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from contrage.dataset.roles import LEARNED_FROM, PLAYED, REPORTED
from contrage.errors import LeakageError, TableError
from contrage.files import read_json
from contrage.learning.folds import Scans
from contrage.tables import read_tsv, write_rows
from contrage.target import PredictedTarget, Target

SCORE, PROBABILITY = "score", "probability"
"""Of the positive side of a binary target: its log odds, and what they come to."""
TRUE, PREDICTED = "target", "predicted"
"""What the two columns that bear the target's name are called once they are read."""


@dataclass(frozen=True)
class Fold:
    """One fold with its scans, no two roles of which share a participant.

    Attributes
    ----------
    number : int
    entry : dict
        The fold as it stands in the split file.
    parts : dict of str to Scans
        Role → its scans, in the order of `contrage.dataset.roles.PLAYED`.
    """

    number: int
    entry: dict[str, Any]
    parts: dict[str, Scans]

    @property
    def train(self) -> Scans:
        """Who is learned from."""
        return self.parts[LEARNED_FROM]

    @property
    def test(self) -> Scans:
        """Whose errors are reported."""
        return self.parts[REPORTED]

    @property
    def sides(self) -> tuple[tuple[str, Scans], ...]:
        """Return all roles with their scans."""
        return tuple(self.parts.items())

    def beyond(self, scans: Scans) -> np.ndarray:
        """Return of which scans the target is outside the range that is learned from."""
        learned = self.train.targets
        return (scans.targets < learned.min()) | (scans.targets > learned.max())


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
        If a participant has two roles in one.
    """
    entries = read_json(split)["folds"]
    if len(scans) not in (1, len(entries)):
        raise TableError(f"{split}: {len(entries)} folds, but {len(scans)} tables of scans")
    tables = scans * len(entries) if len(scans) == 1 else scans
    for entry, table in zip(entries, tables, strict=True):
        parts = {role: table.pick(entry[role], split) for role in PLAYED if role in entry}
        _check_leakage(parts, f"{split}: ", entry["fold"])
        yield Fold(entry["fold"], entry, parts)


def _check_leakage(parts: dict[str, Scans], where: str, fold: int) -> None:
    """Refuse a fold in which a participant has two roles."""
    for (role, scans), (other, more) in combinations(parts.items(), 2):
        both = sorted(set(scans.participants) & set(more.participants))
        if both:
            names = " and ".join(
                "training" if name == LEARNED_FROM else name for name in (role, other)
            )
            raise LeakageError(
                f"{where}{both[0]} ({len(both)} in all) is in {names} of fold {fold}; no error "
                "measured on this split would mean anything"
            )


def of_role(frame: pd.DataFrame, role: str) -> pd.DataFrame:
    """Return the lines of a role; every table and figure takes those that it is about by this."""
    return frame[frame["split"] == role]


def columns(target: Target) -> list[str]:
    """Return the columns of a predictions file: for age `age` and `predicted_age`.

    Of a binary target its own (0, 1), `score` and `probability`.
    """
    values = [SCORE, PROBABILITY] if target.is_binary else [target.predicted]
    named = [target.column, *values]
    return ["participant_id", *named, "split", "scan_id", "site", "fold"]


def lines(
    target: PredictedTarget,
    side: str,
    fold: int,
    scans: Scans,
    predicted: np.ndarray,
    **more: Any,
) -> list[dict[str, Any]]:
    """Return a line per scan, with the columns of a predictions file.

    Parameters
    ----------
    target : PredictedTarget
    side : str
        The role.
    fold : int
    scans : Scans
    predicted : ndarray of shape (n,)
        In the target's unit; of a binary target the score.
    **more
        Further columns: a value for all lines or an array of one per line.
    """
    result, places = [], target.decimals
    for index, scan in enumerate(scans.ids):
        line = {
            "participant_id": scans.participants[index],
            **_values(target, float(scans.targets[index]), float(predicted[index]), places),
            "split": side,
            "scan_id": scan,
            "site": scans.sites[index] or "n/a",
            "fold": fold,
        }
        for name, value in more.items():
            each = isinstance(value, np.ndarray)
            line[name] = round(float(value[index]), places) if each else value
        result.append(line)
    return result


def _values(target: Target, true: float, predicted: float, places: int) -> dict[str, Any]:
    """Return what a line says of a scan's target, true and predicted."""
    if not target.is_binary:
        return {target.column: true, target.predicted: round(predicted, places)}
    likely = round(float(expit(predicted)), places)
    found = {SCORE: round(predicted, places), PROBABILITY: likely}
    return {target.column: int(true), **found}


def write(path: Path, target: Target, content: Iterable[dict[str, Any]], *more: str) -> None:
    """Write lines as TSV; `more` names the columns after the usual ones."""
    write_rows(path, [*columns(target), *more], content)


def read(path: Path, target: Target) -> pd.DataFrame:
    """Read a predictions file; the target's two columns are called `target` and `predicted`.

    Of a binary target they are 0 or 1, and the probability of 1.
    """
    predicted = PROBABILITY if target.is_binary else target.predicted
    return read_tsv(path).rename(columns={target.column: TRUE, predicted: PREDICTED})

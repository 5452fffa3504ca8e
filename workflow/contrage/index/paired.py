"""Two experiments compared on the people whom both have tested."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from contrage.dataset.roles import REPORTED
from contrage.errors import ContrageError
from contrage.evaluation.predictions import of_role, read
from contrage.index.found import InIndex
from contrage.layout import Results
from contrage.target import Target

log = logging.getLogger(__name__)

LEVEL = 0.95
FEWEST = 3


@dataclass(frozen=True)
class Difference:
    """Errors of the same people by a row of one experiment and a row of another.

    Attributes
    ----------
    row, other_row : str
    people : int
        Whom both have tested.
    error, other_error : float
        Mean absolute errors of these people, each counting once.
    difference, low, high : float
        The first minus the second, with a paired t interval.
    """

    row: str
    other_row: str
    people: int
    error: float
    other_error: float
    difference: float
    low: float
    high: float


def differences(found: Sequence[InIndex]) -> dict[tuple[int, int], list[Difference]]:
    """Compare every two experiments on one cohort that predict the same, by their rows.

    Returns
    -------
    dict
        Positions of two experiments → differences, of the best rows and of those that both have.
        Of experiments that have nobody in common there is an empty list; of those that cannot be
        compared nothing.
    """
    every = combinations(range(len(found)), 2)
    pairs = [(a, b) for a, b in every if _comparable(found[a], found[b])]
    errors = {at: _errors(found[at]) for at in {at for pair in pairs for at in pair}}
    return {(a, b): list(_compared(found[a], found[b], errors[a], errors[b])) for a, b in pairs}


def _comparable(one: InIndex, other: InIndex) -> bool:
    """Return whether ids of both are the same people's, and errors of one unit."""
    if one.target is None or other.target is None or not one.measure == other.measure == "mae":
        return False
    own, others = (
        (each.cohort, target.learned, target.unit)
        for each, target in ((one, one.target), (other, other.target))
    )
    return own == others


def _compared(
    one: InIndex, other: InIndex, errors: dict[str, pd.Series], others: dict[str, pd.Series]
) -> Iterator[Difference]:
    best = (one.table["loss"].iloc[0], other.table["loss"].iloc[0])
    shared = [(row, row) for row in one.table["loss"] if row in others]
    for row, other_row in dict.fromkeys([best, *shared]):
        if row in errors and other_row in others:
            pair = pd.concat([errors[row], others[other_row]], axis=1, join="inner")
            if len(pair) >= FEWEST:
                yield _difference(row, other_row, pair.to_numpy())


def _difference(row: str, other_row: str, pair: np.ndarray) -> Difference:
    from scipy.stats import t

    apart = pair[:, 0] - pair[:, 1]
    half = t.ppf((1 + LEVEL) / 2, len(apart) - 1) * apart.std(ddof=1) / np.sqrt(len(apart))
    mean = float(apart.mean())
    return Difference(
        row,
        other_row,
        len(apart),
        *(float(each) for each in pair.mean(axis=0)),
        mean,
        mean - float(half),
        mean + float(half),
    )


def _errors(of: InIndex) -> dict[str, pd.Series]:
    """Return row → mean absolute error of each test person, over scans and seeds."""
    if of.measure != "mae" or of.target is None:
        return {}
    learned, found = of.target.learned, {}
    for row in of.table["loss"]:
        try:
            found[row] = _of_row(of, row, learned)
        except (ContrageError, OSError, KeyError) as error:
            log.warning("%s: %s is not compared (%s)", of.name, row, error)
    return found


def _of_row(of: InIndex, row: str, target: Target) -> pd.Series:
    pattern = Results.at(str(of.folder)).predictions
    parts = []
    for seed in of.seeds:
        tested = of_role(read(pattern.format(row=row, seed=seed), target), REPORTED)
        error = (tested["predicted"] - tested["target"]).abs()
        parts.append(error.groupby(tested["participant_id"]).mean())
    return pd.concat(parts).groupby(level=0).mean()

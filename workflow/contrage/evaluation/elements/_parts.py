"""The table of errors again, on parts of the test lines: what evaluations by part share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from contrage.dataset.roles import LEARNED_FROM, REPORTED
from contrage.evaluation.given import Given
from contrage.evaluation.predictions import PREDICTED, TRUE, of_role
from contrage.evaluation.statistics.metrics import explained
from contrage.evaluation.statistics.sides import bacc_table
from contrage.evaluation.statistics.summary import mae_table
from contrage.settings.blocks.statistics import StatisticsSettings

NOBODY = "nobody of it was tested"
R2 = "r2_mean"


@dataclass(frozen=True)
class PartOfTest:
    """A part of the lines of predictions.

    Attributes
    ----------
    told : mapping of str to str
        The columns of the table that say which part it is, with their values.
    of : function
        A seed's predictions → which of its lines are of the part, a bool for each; those that were
        learned from are kept in any case.
    """

    told: Mapping[str, str]
    of: Callable[[pd.DataFrame], pd.Series]


def compared(given: Given, parts: Iterable[PartOfTest], drawn: StatisticsSettings) -> pd.DataFrame:
    """Compare the rows on each part of the test lines.

    Returns
    -------
    DataFrame
        A line per part and row, parts of which nobody was tested last: the columns of `told`, row,
        those of `contrage.evaluation.statistics.summary.mae_table` after loss (of a binary target,
        of `contrage.evaluation.statistics.sides.bacc_table`), note (why there are no numbers).
        Numbers are of those n_seeds seeds that tested somebody of the part. R² is against the mean
        of the part's own test scans, where that of the whole table is against the training mean: a
        cohort of old people is far from the mean of all ages, and R² against that would say that
        age is known which is only that they are old.
    """
    frames = {row: given.frames(row) for row in given.rows}
    compare = bacc_table if given.target.is_binary else mae_table
    tables = []
    for part in parts:
        own = {row: _tested(seeds, part) for row, seeds in frames.items()}
        if all(own.values()):
            found = compare(own, drawn).rename(columns={"loss": "row"}).assign(note=None)
            if R2 in found:
                found[R2] = [_within(own[row]) for row in found["row"]]
        else:
            found = pd.DataFrame({"row": list(given.rows), "note": NOBODY})
        for place, (name, value) in enumerate(part.told.items()):
            found.insert(place, name, value)
        tables.append(found)
    tables.sort(key=lambda table: table["note"].notna().all())  # whoever has all columns is first
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _within(seeds: Sequence[pd.DataFrame]) -> float:
    """Return R² against the mean of the test scans themselves, the mean over seeds."""
    tests = [of_role(frame, REPORTED) for frame in seeds]
    found = [
        explained(test[TRUE], test[PREDICTED], np.full(len(test), test[TRUE].mean()))
        for test in tests
    ]
    return float(np.mean(found))


def _tested(seeds: Sequence[pd.DataFrame], part: PartOfTest) -> list[pd.DataFrame]:
    """Return the lines of a part, of each seed that tested any of them."""
    own = [frame[(frame["split"] == LEARNED_FROM) | part.of(frame)] for frame in seeds]
    return [frame for frame in own if len(of_role(frame, REPORTED))]

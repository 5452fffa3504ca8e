"""The table of errors again, on parts of the test lines: what evaluations by part share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from contrage.dataset.roles import LEARNED_FROM, REPORTED
from contrage.evaluation.given import Given
from contrage.evaluation.predictions import of_role
from contrage.evaluation.statistics.sides import bacc_table
from contrage.evaluation.statistics.summary import mae_table
from contrage.settings.blocks.statistics import StatisticsSettings

NOBODY = "nobody of it was tested"


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
        of all training scans, of whichever part.
    """
    frames = {row: given.frames(row) for row in given.rows}
    compare = bacc_table if given.target.is_binary else mae_table
    tables = []
    for part in parts:
        own = {row: _tested(seeds, part) for row, seeds in frames.items()}
        if all(own.values()):
            found = compare(own, drawn).rename(columns={"loss": "row"}).assign(note=None)
        else:
            found = pd.DataFrame({"row": list(given.rows), "note": NOBODY})
        for place, (name, value) in enumerate(part.told.items()):
            found.insert(place, name, value)
        tables.append(found)
    tables.sort(key=lambda table: table["note"].notna().all())  # whoever has all columns is first
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _tested(seeds: Sequence[pd.DataFrame], part: PartOfTest) -> list[pd.DataFrame]:
    """Return the lines of a part, of each seed that tested any of them."""
    own = [frame[(frame["split"] == LEARNED_FROM) | part.of(frame)] for frame in seeds]
    return [frame for frame in own if len(of_role(frame, REPORTED))]

"""Errors of each cohort of a merged one, or of the people of each value of another column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from contrage.dataset.roles import LEARNED_FROM, REPORTED
from contrage.errors import TableError, few
from contrage.evaluation.given import Given
from contrage.evaluation.predictions import of_role
from contrage.evaluation.statistics.sides import bacc_table
from contrage.evaluation.statistics.summary import mae_table
from contrage.settings.blocks.evaluations import CohortsSettings
from contrage.settings.blocks.statistics import StatisticsSettings
from contrage.settings.build import build
from contrage.tables import read_tsv

TITLE = "Errors by cohort"
NEEDS = ("predictions", "scans")
SETTINGS = ("evaluations.cohorts", "statistics")
COLUMNS = {}  # the page has its table, see contrage.report.elements.told
NOBODY = "nobody of it was tested"


def evaluate(given: Given) -> pd.DataFrame:
    """Compare the rows on the test scans of each value of some columns.

    Returns
    -------
    DataFrame
        With columns column, value, row, those of
        `contrage.evaluation.statistics.summary.mae_table` after loss (of a binary target, of
        `contrage.evaluation.statistics.sides.bacc_table`), note (why there are no numbers). Numbers
        are of those n_seeds seeds that tested somebody of the value. R² is against the mean of all
        training scans, of whichever cohort.

    Raises
    ------
    TableError
        If the table of scans lacks a column.
    """
    asked = build(CohortsSettings, given.told["evaluations.cohorts"])
    drawn = build(StatisticsSettings, given.told["statistics"])
    frames = {row: given.frames(row) for row in given.rows}
    compare = bacc_table if given.target.is_binary else mae_table
    parts = []
    for column, value, scans in _parts(given, asked):
        own = {row: _tested(seeds, scans) for row, seeds in frames.items()}
        if all(own.values()):
            found = compare(own, drawn).rename(columns={"loss": "row"}).assign(note=None)
        else:
            found = pd.DataFrame({"row": list(given.rows), "note": NOBODY})
        found.insert(0, "column", column)
        found.insert(1, "value", value)
        parts.append(found)
    parts.sort(key=lambda part: part["note"].notna().all())  # whoever has all columns comes first
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["column"])


def _parts(given: Given, asked: CohortsSettings) -> Iterator[tuple[str, str, set[str]]]:
    """Yield each column with each of its values, and the scans that have it."""
    assert given.scans is not None
    scans = read_tsv(given.scans, as_text=True)
    for column in asked.columns:
        if column not in scans:
            raise TableError(
                f"evaluations.cohorts.columns: {given.scans} has no column {column!r}; there are "
                f"{few(list(scans), most=12)}"
            )
        for value, part in scans.groupby(column):
            yield column, str(value), set(part["scan_id"])


def _tested(seeds: Sequence[pd.DataFrame], scans: set[str]) -> list[pd.DataFrame]:
    """Return the lines of some scans of each seed that tested any of them."""
    own = [_of(frame, scans) for frame in seeds]
    return [frame for frame in own if len(of_role(frame, REPORTED))]


def _of(frame: pd.DataFrame, scans: set[str]) -> pd.DataFrame:
    """Return the lines of some scans, and all that were learned from."""
    return frame[(frame["split"] == LEARNED_FROM) | frame["scan_id"].isin(scans)]

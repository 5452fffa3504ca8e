"""Errors of each cohort of a merged one, or of the people of each value of another column."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from contrage.errors import TableError, few
from contrage.evaluation.elements._parts import PartOfTest, compared
from contrage.evaluation.given import Given
from contrage.settings.blocks.evaluations import CohortsSettings
from contrage.settings.blocks.statistics import StatisticsSettings
from contrage.settings.build import build
from contrage.tables import read_tsv

TITLE = "Errors by cohort"
NEEDS = ("predictions", "scans")
SETTINGS = ("evaluations.cohorts", "statistics")
COLUMNS = {}  # the page has its table, see contrage.report.elements.told


def evaluate(given: Given) -> pd.DataFrame:
    """Compare the rows on the test scans of each value of some columns.

    Returns
    -------
    DataFrame
        With columns column, value, and those of `contrage.evaluation.elements._parts.compared`.

    Raises
    ------
    TableError
        If the table of scans lacks a column.
    """
    asked = build(CohortsSettings, given.told["evaluations.cohorts"])
    drawn = build(StatisticsSettings, given.told["statistics"])
    found = compared(given, _parts(given, asked), drawn)
    return found if len(found) else pd.DataFrame(columns=["column"])


def _parts(given: Given, asked: CohortsSettings) -> Iterator[PartOfTest]:
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
            own = set(part["scan_id"])
            yield PartOfTest(
                {"column": column, "value": str(value)},
                lambda frame, own=own: frame["scan_id"].isin(own),
            )

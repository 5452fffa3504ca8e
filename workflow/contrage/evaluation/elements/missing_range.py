"""Errors where a range of the target is missing in training, beside those elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from contrage.dataset.roles import REPORTED, outside
from contrage.evaluation.elements._parts import PartOfTest, compared
from contrage.evaluation.given import Given
from contrage.evaluation.predictions import TRUE
from contrage.settings.blocks.statistics import StatisticsSettings
from contrage.settings.build import build

TITLE = "Targets that are missing in training"
NEEDS = ("predictions",)
SETTINGS = ("evaluations.missing_range", "dataset.missing_targets", "statistics")
COLUMNS = {}  # the page has its table, see contrage.report.elements.told
ALL, MISSING, LEARNED = "all", "missing", "learned"


def evaluate(given: Given) -> pd.DataFrame:
    """Compare the rows on test scans whose target nobody of like target was learned from.

    Returns
    -------
    DataFrame
        With columns part (all; missing, the test scans in `dataset.missing_targets`; learned, the
        others; then each range by itself where there are several, as "45 to 50"), and those of
        `contrage.evaluation.elements._parts.compared`.
    """
    drawn = build(StatisticsSettings, given.told["statistics"])
    gaps = [tuple(map(float, gap)) for gap in given.told["dataset.missing_targets"]]
    parts = [
        PartOfTest({"part": ALL}, lambda frame: frame["split"] == REPORTED),
        PartOfTest({"part": MISSING}, _within(gaps)),
        PartOfTest({"part": LEARNED}, _outside(gaps)),
    ]
    if len(gaps) > 1:
        parts += [PartOfTest({"part": f"{gap[0]:g} to {gap[1]:g}"}, _within([gap])) for gap in gaps]
    return compared(given, parts, drawn)


def _within(gaps: Sequence[tuple[float, ...]]) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda frame: (frame["split"] == REPORTED) & ~_is_outside(frame, gaps)


def _outside(gaps: Sequence[tuple[float, ...]]) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda frame: (frame["split"] == REPORTED) & _is_outside(frame, gaps)


def _is_outside(frame: pd.DataFrame, gaps: Sequence[tuple[float, ...]]) -> pd.Series:
    return frame[TRUE].map(lambda value: outside(value, gaps)).astype(bool)

"""Errors of test people by how many training people are like them: many, medium, few shots."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from contrage.dataset.roles import LEARNED_FROM, REPORTED
from contrage.evaluation.elements._parts import PartOfTest, compared
from contrage.evaluation.given import Given
from contrage.evaluation.predictions import TRUE
from contrage.evaluation.statistics.shots import FEW, MANY, MEDIUM, shots, training_counts
from contrage.settings.blocks.evaluations import ShotsSettings
from contrage.settings.blocks.statistics import StatisticsSettings
from contrage.settings.build import build

TITLE = "Many, medium and few shots"
NEEDS = ("predictions",)
SETTINGS = ("evaluations.shots", "target.bin", "statistics")
COLUMNS = {}  # the page has its table, see contrage.report.elements.told
ALL, NONE = "all", "none"
GROUPS = (ALL, MANY, MEDIUM, FEW, NONE)


def evaluate(given: Given) -> pd.DataFrame:
    """Compare the rows on test scans whose bin of the target has many, or few, training scans.

    Counted are the training scans of the fold that a scan is tested in.

    Returns
    -------
    DataFrame
        With columns shots (all, many, medium, few; none are those of few whose bin has no training
        scan at all), and those of `contrage.evaluation.elements._parts.compared`.
    """
    asked = build(ShotsSettings, given.told["evaluations.shots"])
    drawn = build(StatisticsSettings, given.told["statistics"])
    width = float(given.told["target.bin"])
    parts = [PartOfTest({"shots": name}, _of(name, asked, width)) for name in GROUPS]
    return compared(given, parts, drawn)


def _of(name: str, asked: ShotsSettings, width: float) -> Callable[[pd.DataFrame], pd.Series]:
    """Return what tells the lines of a group in a seed's predictions."""

    def is_in(frame: pd.DataFrame) -> pd.Series:
        tested = frame["split"] == REPORTED
        if name == ALL:
            return tested
        counts = _counts(frame, width)
        own = counts == 0 if name == NONE else shots(counts, asked.many, asked.few) == name
        return tested & own

    return is_in


def _counts(frame: pd.DataFrame, width: float) -> np.ndarray:
    """Return how many training scans of its fold each line's bin has."""
    counts = np.zeros(len(frame), int)
    folds, is_learned = frame["fold"].to_numpy(), (frame["split"] == LEARNED_FROM).to_numpy()
    targets = frame[TRUE].to_numpy(float)
    for fold in np.unique(folds):
        own = folds == fold
        counts[own] = training_counts(targets[own & is_learned], targets[own], width)
    return counts

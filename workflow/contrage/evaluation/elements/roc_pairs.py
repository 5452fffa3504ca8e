"""Whether the gaps of two rows differ in how well they tell patients from controls."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from contrage.evaluation.elements._areas import Sides, mean_areas, sides
from contrage.evaluation.elements._gaps import gaps_of_rows, groups_of
from contrage.evaluation.given import Given
from contrage.evaluation.statistics.gap import CONTROL
from contrage.evaluation.statistics.intervals import holm
from contrage.settings.blocks.evaluations import RocSettings
from contrage.settings.build import build

TITLE = "Rows compared by their areas under ROC curves"
NEEDS = ("predictions", "baselines", "scans")
SETTINGS = ("evaluations.roc", "evaluations.groups")
COLUMNS = {}  # a line per pair of rows
IN_FILE = ("cohort", "score", "first", "second", "difference", "se", "z", "p", "p_holm")
IN_FILE += ("n_positive", "n_negative", "note")


def evaluate(given: Given) -> pd.DataFrame:
    """Compare the areas of all pairs of rows by DeLong's test on the same people.

    Returns
    -------
    DataFrame
        With columns cohort, score (evaluations.groups.correction), first, second, difference (mean
        over seeds of first − second), se, z, p, p_holm (corrected for the pairs of the cohort),
        n_positive, n_negative, note (why a pair is not compared).
    """
    groups = groups_of(given)
    positive = build(RocSettings, given.told["evaluations.roc"]).positive
    kind = groups.correction
    told: dict[str, dict[str, Sides]] = {}
    refused: dict[tuple[str, str], str | None] = {}
    for found in gaps_of_rows(given, groups):
        if found.row != CONTROL or CONTROL in given.rows:
            told.setdefault(found.cohort, {})[found.row] = sides(found, [kind], positive, groups)
            refused[found.cohort, found.row] = found.refused.get(kind)
    lines = []
    for cohort, rows in told.items():
        own = []
        for pair in combinations(rows, 2):
            why = [f"{row}: {refused[cohort, row]}" for row in pair if refused[cohort, row]]
            head = {"cohort": cohort, "score": kind, "first": pair[0], "second": pair[1]}
            numbers = {} if why else _compared(*(rows[row] for row in pair), kind)
            own.append({**head, **numbers, "note": "; ".join(why) or None})
        adjusted = holm([line.get("p", np.nan) for line in own]) if own else []
        lines += [{**line, "p_holm": p} for line, p in zip(own, adjusted, strict=True)]
    return pd.DataFrame(lines, columns=list(IN_FILE))


def _compared(first: Sides, second: Sides, kind: str) -> dict[str, float]:
    scores = [first.scores[kind], second.scores[kind]]
    difference, error, z, p = mean_areas(scores, first.is_positive).compare(0, 1)
    positives = int(first.is_positive.sum())
    return {
        **{"difference": difference, "se": error, "z": z, "p": p},
        "n_positive": positives,
        "n_negative": len(first.participants) - positives,
    }

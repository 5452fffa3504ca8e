"""The ROC curves of the gap, which figures show: a line per corner."""

from __future__ import annotations

import pandas as pd

from contrage.evaluation.elements._areas import AGE, sides
from contrage.evaluation.elements._gaps import gaps_of_rows, groups_of
from contrage.evaluation.given import Given
from contrage.evaluation.statistics.gap import CONTROL
from contrage.evaluation.statistics.roc import roc_points
from contrage.settings.blocks.evaluations import RocSettings
from contrage.settings.build import build

TITLE = "ROC curves of the gap"
NEEDS = ("predictions", "baselines", "scans")
SETTINGS = ("evaluations.roc", "evaluations.groups")
COLUMNS = {}  # a line per corner: the page draws them
IN_FILE = ("row", "cohort", "seed", "score", "false_positive_rate", "true_positive_rate")


def evaluate(given: Given) -> pd.DataFrame:
    """Return the corners of the curve of each row and seed, and of age alone.

    Returns
    -------
    DataFrame
        With columns row, cohort, seed (its place among training.seeds, from 0), score
        (evaluations.groups.correction, and age), false_positive_rate, true_positive_rate; no lines
        of a gap that is refused, of the control of noise, and where a side has nobody.
    """
    groups = groups_of(given)
    positive = build(RocSettings, given.told["evaluations.roc"]).positive
    parts = []
    for found in gaps_of_rows(given, groups):
        if found.row == CONTROL and CONTROL not in given.rows:
            continue
        told = sides(found, [groups.correction], positive, groups)
        for score, seeds in told.scores.items():
            for seed, values in enumerate(seeds[:1] if score == AGE else seeds):
                head = {"row": found.row, "cohort": found.cohort, "seed": seed, "score": score}
                parts.append(roc_points(values, told.is_positive).assign(**head))
    if not parts:
        return pd.DataFrame(columns=list(IN_FILE))
    return pd.concat(parts, ignore_index=True)[list(IN_FILE)]

"""How well each fold's model tells the two sides of a binary target apart: mean and SD of folds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from contrage.dataset.roles import APART, REPORTED
from contrage.errors import TableError
from contrage.evaluation.given import Given
from contrage.evaluation.predictions import of_role
from contrage.evaluation.statistics.sides_by_fold import SCORES, over_folds, scores_by_fold

TITLE = "Sides by fold"
NEEDS = ("predictions",)
SETTINGS = ("evaluations.sides_by_fold",)
COLUMNS = {}  # the page has its table, see contrage.report.elements.told
MEASURES = tuple(f"{name}_{part}" for name in SCORES for part in ("mean", "sd"))
IN_FILE = ("row", "role", *MEASURES, "n_fits", "n_participants", "note")


def evaluate(given: Given) -> pd.DataFrame:
    """Return the scores of test people by fold, and of external ones by every fold's model.

    Returns
    -------
    DataFrame
        With columns row, role (test; external where somebody has it, such as another cohort),
        bacc_mean, bacc_sd (over the folds of all seeds), auc_mean … specificity_sd, n_fits (folds ×
        seeds), n_participants (of all folds), note (why there are no numbers).
    """
    classes = str(given.target.negative), str(given.target.positive)
    lines = []
    for row in given.rows:
        frames = given.frames(row)
        for role in (REPORTED, APART):
            parts = [of_role(frame, role) for frame in frames]
            if role == REPORTED or any(map(len, parts)):
                lines.append({"row": row, "role": role, **_line(parts, classes)})
    return pd.DataFrame(lines, columns=list(IN_FILE))


def _line(parts: Sequence[pd.DataFrame], classes: tuple[str, str]) -> dict[str, Any]:
    people = len({person for part in parts for person in part["participant_id"]})
    try:
        scores = pd.concat([scores_by_fold(part, classes) for part in parts])
    except TableError as error:
        return {"n_participants": people, "note": str(error)}
    return {**over_folds(scores), "n_fits": len(scores), "n_participants": people, "note": None}

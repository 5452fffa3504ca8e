"""How well each fold's model tells two sides apart."""

from __future__ import annotations

import pandas as pd

from contrage.errors import TableError
from contrage.evaluation.statistics.sides import side_scores

SCORES = ("bacc", "auc", "sensitivity", "specificity")


def scores_by_fold(frame: pd.DataFrame, classes: tuple[str, str]) -> pd.DataFrame:
    """Return the scores of each fold, by person.

    A person's probability is the mean over the scans of that fold. Within a cohort every fold has
    people of its own; of another cohort all folds' models predict everyone.

    Parameters
    ----------
    frame : DataFrame
        participant_id, fold, target (0 or 1), predicted (the probability of 1).
    classes : (str, str)
        What 0 and 1 are called.

    Returns
    -------
    DataFrame
        fold, n_participants, bacc (at .5), auc, sensitivity, specificity; one fold a line. The area
        stands beside the accuracy because .5 may be the wrong threshold of scores that tell the
        sides apart: an accuracy of .5 in all folds does not say which it is.

    Raises
    ------
    TableError
        If a fold has people of one class alone.
    """
    lines = []
    for fold, part in frame.groupby("fold", sort=True):
        for side, name in enumerate(classes):
            if not (part["target"] == side).any():
                raise TableError(
                    f"fold {fold} has nobody of class {name} to be tested: no accuracy of it; take "
                    "fewer folds"
                )
        people = part["participant_id"].nunique()
        lines.append({"fold": fold, "n_participants": people, **side_scores(part)})
    return pd.DataFrame(lines, columns=["fold", "n_participants", *SCORES])


def over_folds(scores: pd.DataFrame) -> dict[str, float]:
    """Return bacc_mean, bacc_sd (NaN of one fold), auc_mean … of `scores_by_fold`."""
    found = scores[list(SCORES)].agg(["mean", "std"])
    return {
        f"{name}_{short}": float(found.loc[long, name])
        for name in SCORES
        for short, long in (("mean", "mean"), ("sd", "std"))
    }

"""Errors on people of role external: a table of their own, site by site, beside that of the test.

Nothing of them enters the comparison of the rows, whose best would be chosen by them. Of several
folds each model is measured by itself: the mean of their predictions would flatter them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import mean_absolute_error

from contrage.dataset.roles import APART, LEARNED_FROM
from contrage.evaluation import predictions as table
from contrage.evaluation.given import Given
from contrage.evaluation.statistics.geometric import geometric_mean_error
from contrage.evaluation.statistics.metrics import scores
from contrage.evaluation.statistics.sides import CHANCE, side_scores

logger = logging.getLogger(__name__)

TITLE = "External people"
NEEDS = ("predictions", "external")
SETTINGS = ()
COLUMNS = {}  # the page has its table, see contrage.report.elements.html_tables
ALL = "all"
COUNTED = ("gm_floored",)  # of all models together; the others are means over them
N = ("n_seeds", "n_participants", "n_scans", "n_folds")
IN_FILE = ("row", "site", "mae", "mae_sd", "rmse", "r2", "r", "mae_baseline", *N, "mae_fold_sd")
IN_FILE += ("gm", "gm_floored")
OF_SIDES = ("row", "site", "bacc", "bacc_sd", "auc", "auc_sd", "bacc_baseline", *N)
OF_SIDES += ("bacc_fold_sd", "auc_fold_sd", "sensitivity", "sensitivity_sd")
OF_SIDES += ("sensitivity_fold_sd", "specificity", "specificity_sd", "specificity_fold_sd")


def evaluate(given: Given) -> pd.DataFrame:
    """Return what every row reaches on people of role external.

    Returns
    -------
    DataFrame
        With columns row, site ("all", then each where there are several), mae, rmse, r2 (against
        the mean of these people), r, mae_baseline (of the training mean) as means over folds and
        seeds, mae_sd (over seeds, of the means over folds), mae_fold_sd (over folds, the mean over
        seeds), n_seeds, n_participants, n_scans, n_folds, gm, gm_floored (of the geometric mean).
        Of a binary target bacc, auc, sensitivity, specificity by person in place of errors, each
        with both SDs, and bacc_baseline. No lines, and a warning, where nobody has the role.
    """
    frames = {row: given.frames(row) for row in given.rows}
    found = (external_sides if given.target.is_binary else external_table)(frames)
    if not len(found):
        logger.warning("nobody has the role %s, so its table is empty", APART)
    return found


def external_table(frames: Mapping[str, Sequence[pd.DataFrame]]) -> pd.DataFrame:
    """Return the lines of the table; `frames` are predictions, row by row and seed by seed."""
    return _table(frames, _errors, ("mae",), IN_FILE)


def external_sides(frames: Mapping[str, Sequence[pd.DataFrame]]) -> pd.DataFrame:
    """Return the same of a binary target, whose measures are by person."""
    names = ("bacc", "auc", "sensitivity", "specificity")
    return _table(frames, _of_sides, names, OF_SIDES)


def _table(
    frames: Mapping[str, Sequence[pd.DataFrame]],
    measure: Callable[[pd.DataFrame, pd.DataFrame], dict[str, float]],
    spread: Sequence[str],
    columns: Sequence[str],
) -> pd.DataFrame:
    lines = [
        {"row": row, "site": site, **_measured(seeds, site, measure, spread)}
        for row, seeds in frames.items()
        for site in _sites(table.of_role(seeds[0], APART))
    ]
    return pd.DataFrame(lines, columns=list(columns))


def _measured(
    seeds: Sequence[pd.DataFrame],
    site: str,
    measure: Callable[[pd.DataFrame, pd.DataFrame], dict[str, float]],
    spread: Sequence[str],
) -> dict[str, Any]:
    """Return means and SDs of what each seed's and fold's model reaches on people of a site."""
    found = []
    for seed, frame in enumerate(seeds):
        people = _at(table.of_role(frame, APART), site)
        for fold, part in people.groupby("fold"):
            learned = table.of_role(frame[frame["fold"] == fold], LEARNED_FROM)
            found.append({"seed": seed, **measure(part, learned)})
    models = pd.DataFrame(found)
    each = models.groupby("seed")
    means, within = each.mean(), each.std(ddof=1)
    return {
        **means.mean(),
        **{f"{name}_sd": means[name].std(ddof=1) for name in spread},
        **{f"{name}_fold_sd": within[name].mean() for name in spread},
        "n_seeds": len(seeds),
        "n_participants": people["participant_id"].nunique(),
        "n_scans": people["scan_id"].nunique(),
        "n_folds": people["fold"].nunique(),
        **{name: int(models[name].sum()) for name in COUNTED if name in models},
    }


def _errors(people: pd.DataFrame, learned: pd.DataFrame) -> dict[str, float]:
    """Return the errors of one fold's model, and those of the mean that it has learned from."""
    true, reference = people[table.TRUE], np.full(len(people), learned[table.TRUE].mean())
    own = np.full(len(people), true.mean())  # theirs may be other ages than those learned from
    found = scores(true, people[table.PREDICTED], people["fold"], own)
    geometric, floored = geometric_mean_error(true, people[table.PREDICTED])
    found |= {"gm": geometric, "gm_floored": floored}
    return found | {"mae_baseline": mean_absolute_error(true, reference)}


def _of_sides(people: pd.DataFrame, learned: pd.DataFrame) -> dict[str, float]:
    """Return how well one fold's model tells the sides apart, by person."""
    return side_scores(people) | {"bacc_baseline": CHANCE}


def _at(people: pd.DataFrame, site: str) -> pd.DataFrame:
    return people if site == ALL else people[people["site"] == site]


def _sites(people: pd.DataFrame) -> list[str]:
    """Return "all" and the sites, where there is more than one; nothing where there is nobody."""
    if not len(people):
        return []
    sites = sorted(people["site"].dropna().unique())
    return [ALL, *(sites if len(sites) > 1 else [])]

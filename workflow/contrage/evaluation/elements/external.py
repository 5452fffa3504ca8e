"""Errors on people of role external: a table of their own, site by site, beside that of the test.

Nothing of them enters the comparison of the rows, whose best would be chosen by them.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import mean_absolute_error

from contrage.dataset.roles import APART, LEARNED_FROM
from contrage.evaluation import predictions as table
from contrage.evaluation.given import Given
from contrage.evaluation.statistics.geometric import geometric_means
from contrage.evaluation.statistics.metrics import scores
from contrage.evaluation.statistics.sides import CHANCE, side_scores

logger = logging.getLogger(__name__)

TITLE = "External people"
NEEDS = ("predictions", "external")
SETTINGS = ()
COLUMNS = {}  # the page has its table, see contrage.report.elements.html_tables
ALL = "all"
IN_FILE = ("row", "site", "mae", "mae_sd", "rmse", "r2", "r", "mae_baseline", "n_seeds")
IN_FILE += ("n_participants", "n_scans", "gm", "gm_floored")
OF_SIDES = ("row", "site", "bacc", "bacc_sd", "auc", "auc_sd", "bacc_baseline", "n_seeds")
OF_SIDES += ("n_participants", "n_scans")


def evaluate(given: Given) -> pd.DataFrame:
    """Return what every row reaches on people of role external.

    Returns
    -------
    DataFrame
        With columns row, site ("all", then each where there are several), mae, rmse, r2 (against
        the training mean), r, mae_baseline (the training mean) as means over seeds, mae_sd,
        n_seeds, n_participants, n_scans, gm, gm_floored (of the geometric mean). Of a binary target
        bacc, bacc_sd, auc, auc_sd by person in
        place of errors, and bacc_baseline. No lines, and a warning, where nobody has the role.
    """
    frames = {row: given.frames(row) for row in given.rows}
    found = (external_sides if given.target.is_binary else external_table)(frames)
    if not len(found):
        logger.warning("nobody has the role %s, so its table is empty", APART)
    return found


def external_table(frames: Mapping[str, Sequence[pd.DataFrame]]) -> pd.DataFrame:
    """Return the lines of the table; `frames` are predictions, row by row and seed by seed."""
    lines = [
        _line(row, site, seeds)
        for row, seeds in frames.items()
        for site in _sites(table.of_role(seeds[0], APART))
    ]
    return pd.DataFrame(lines, columns=list(IN_FILE))


def external_sides(frames: Mapping[str, Sequence[pd.DataFrame]]) -> pd.DataFrame:
    """Return the same of a binary target, whose measures are by person."""
    lines = []
    for row, seeds in frames.items():
        for site in _sites(table.of_role(seeds[0], APART)):
            parts = [_at(table.of_role(frame, APART), site) for frame in seeds]
            found = pd.DataFrame([side_scores(part) for part in parts])
            line = {"row": row, "site": site}
            for name in ("bacc", "auc"):
                line |= {name: found[name].mean(), f"{name}_sd": found[name].std(ddof=1)}
            line |= {"bacc_baseline": CHANCE, "n_seeds": len(seeds)}
            line |= {"n_participants": parts[-1]["participant_id"].nunique()}
            lines.append({**line, "n_scans": len(parts[-1])})
    return pd.DataFrame(lines, columns=list(OF_SIDES))


def _at(people: pd.DataFrame, site: str) -> pd.DataFrame:
    return people if site == ALL else people[people["site"] == site]


def _sites(people: pd.DataFrame) -> list[str]:
    """Return "all" and the sites, where there is more than one; nothing where there is nobody."""
    if not len(people):
        return []
    sites = sorted(people["site"].dropna().unique())
    return [ALL, *(sites if len(sites) > 1 else [])]


def _line(row: str, site: str, seeds: Sequence[pd.DataFrame]) -> dict[str, Any]:
    each, pairs = [], []
    for frame in seeds:
        people = _at(table.of_role(frame, APART), site)
        means = table.of_role(frame, LEARNED_FROM).groupby("fold")[table.TRUE].mean()
        reference = people["fold"].map(means)
        pairs.append((people[table.TRUE], people[table.PREDICTED]))
        found = scores(people[table.TRUE], people[table.PREDICTED], people["fold"], reference)
        each.append(found | {"mae_baseline": mean_absolute_error(people[table.TRUE], reference)})
    values = pd.DataFrame(each)
    means = {name: values[name].mean() for name in ("rmse", "r2", "r", "mae_baseline")}
    return {
        "row": row,
        "site": site,
        "mae": values["mae"].mean(),
        "mae_sd": values["mae"].std(ddof=1) if len(values) > 1 else np.nan,
        **means,
        "n_seeds": len(values),
        "n_participants": people["participant_id"].nunique(),
        "n_scans": len(people),
        **geometric_means(pairs),
    }

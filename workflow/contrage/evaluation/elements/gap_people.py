"""The gap of every person, which figures show: the first scan of each, by every row and seed."""

from __future__ import annotations

import pandas as pd

from contrage.evaluation.elements._gaps import first_of_each, gaps_of_rows, groups_of
from contrage.evaluation.elements._groups import names_of
from contrage.evaluation.given import Given

TITLE = "Brain-age gap of every person"
NEEDS = ("predictions", "baselines", "scans")
SETTINGS = ("evaluations.gap", "evaluations.groups")
COLUMNS = {}  # a line per person and row: the page draws them
IN_FILE = ("row", "cohort", "seed", "participant_id", "scan_id", "group", "sex", "fold", "age")
IN_FILE += ("raw", "cole", "residual")


def evaluate(given: Given) -> pd.DataFrame:
    """Return the gaps of each person at the first scan.

    Returns
    -------
    DataFrame
        With columns row, cohort, seed (its place among training.seeds, from 0), participant_id,
        scan_id, group, sex, fold (whose model and line), age, raw, cole, residual; groups in the
        order of the configuration. A gap that is refused is missing.
    """
    groups = groups_of(given)
    order = {name: place for place, name in enumerate(names_of(groups))}
    parts = []
    for found in gaps_of_rows(given, groups):
        for _, scans in found.scans.groupby("seed"):
            first = first_of_each(scans)
            first = first[first["group"].isin(names_of(groups))]
            first = first.sort_values("group", key=lambda group: group.map(order), kind="stable")
            parts.append(first.assign(row=found.row, cohort=found.cohort))
    if not parts:
        return pd.DataFrame(columns=list(IN_FILE))
    every = pd.concat(parts, ignore_index=True).rename(columns={"target": "age"})
    return every[list(IN_FILE)]

"""The gaps of everyone who was followed, which figures show: a line for each scan."""

from __future__ import annotations

import pandas as pd

from contrage.evaluation.elements._gaps import by_first, gaps_of_rows, groups_of
from contrage.evaluation.elements._groups import names_of
from contrage.evaluation.given import Given
from contrage.evaluation.statistics.gap.correct import KINDS
from contrage.evaluation.statistics.gap.slopes import person_slopes

TITLE = "Brain-age gap of every person over the years"
NEEDS = ("predictions", "baselines", "scans")
SETTINGS = ("evaluations.slopes", "evaluations.groups")
COLUMNS = {}  # a line per scan and row: the page draws them
IN_FILE = ("row", "cohort", "participant_id", "scan_id", "group", "age", "years", *KINDS)
IN_FILE += tuple(f"slope_{kind}" for kind in KINDS)


def evaluate(given: Given) -> pd.DataFrame:
    """Return the gaps of each scan of people with a slope, mean over seeds.

    Returns
    -------
    DataFrame
        With columns row, cohort, participant_id, scan_id, group, age, years (since the person's
        first scan), raw, cole, residual, and slope_raw, slope_cole, slope_residual (of the person,
        in years per year). A gap that is refused is missing.
    """
    parts = []
    groups = groups_of(given)
    for found in gaps_of_rows(given, groups):
        scans = by_first(found.averaged)
        scans = scans[scans["group"].isin(names_of(groups))]
        times = scans["participant_id"], scans["target"]
        slopes = person_slopes(*times, scans["target"])[["participant_id"]]
        for kind in KINDS:
            slopes[f"slope_{kind}"] = person_slopes(*times, scans[kind])["slope"]
        followed = scans.merge(slopes, on="participant_id").rename(columns={"target": "age"})
        followed = followed.sort_values(["group", "participant_id", "age"], kind="stable")
        years = followed["age"] - followed.groupby("participant_id")["age"].transform("min")
        parts.append(followed.assign(years=years, row=found.row, cohort=found.cohort))
    if not parts:
        return pd.DataFrame(columns=list(IN_FILE))
    return pd.concat(parts, ignore_index=True)[list(IN_FILE)]

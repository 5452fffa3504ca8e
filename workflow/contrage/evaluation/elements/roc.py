"""How well the gap tells patients from controls, beside what their age alone tells."""

from __future__ import annotations

from typing import Any

import pandas as pd

from contrage.evaluation.elements._areas import AGE, OLDER, sides
from contrage.evaluation.elements._gaps import GapsOfCohort, gaps_of_rows, groups_of, kinds
from contrage.evaluation.elements._groups import control_of
from contrage.evaluation.given import Given
from contrage.settings.blocks.evaluations import GroupsSettings, RocSettings
from contrage.settings.blocks.statistics import StatisticsSettings
from contrage.settings.build import build

TITLE = "Patients told by their gap"
NEEDS = ("predictions", "baselines", "scans")
SETTINGS = ("evaluations.roc", "evaluations.groups", "statistics")
COLUMNS = {}  # the page has its table, see contrage.report.elements.gaps
IN_FILE = ("row", "cohort", "score", "positive", "negative", "n_positive", "n_negative")
IN_FILE += ("direction", "auc", "se", "ci_low", "ci_high")
IN_FILE += ("minus_age", "p_age", "minus_raw", "p_raw", "n_seeds", "note")


def evaluate(given: Given) -> pd.DataFrame:
    """Return the area under the ROC curve of each gap, by the first scan of each person.

    Returns
    -------
    DataFrame
        With columns row (the control of noise `mean` last), cohort, score (the kinds of gap, that
        of evaluations.groups.correction first; age, of itself), positive, negative, n_positive,
        n_negative (people), direction (which side of the score is the patients': "higher" of a gap;
        of age, that in which its area is .5 or more: "lower" where patients are younger), auc (mean
        over seeds), se (DeLong), ci_low, ci_high, minus_age and minus_raw (difference to the area
        of age, and of the raw gap) with p_age and p_raw (DeLong's test, both sides), n_seeds,
        note (why a number is not there).
    """
    groups = groups_of(given)
    asked = build(RocSettings, given.told["evaluations.roc"])
    drawn = build(StatisticsSettings, given.told["statistics"])
    lines = [
        line
        for found in gaps_of_rows(given, groups)
        for line in _lines(found, asked, groups, drawn)
    ]
    return pd.DataFrame(lines, columns=list(IN_FILE))


def _lines(
    found: GapsOfCohort, asked: RocSettings, groups: GroupsSettings, drawn: StatisticsSettings
) -> list[dict[str, Any]]:
    order = kinds(groups.correction)
    told = sides(found, order, asked.positive, groups)
    result, names = told.mean_areas(), list(told.scores)
    low, high = result.interval(drawn.confidence)
    positives = int(told.is_positive.sum())
    head = {
        "row": found.row,
        "cohort": found.cohort,
        "positive": ", ".join(asked.positive),
        "negative": control_of(groups),
        "n_positive": positives,
        "n_negative": len(told.participants) - positives,
        "n_seeds": found.scans["seed"].nunique(),
    }
    said = []
    if told.left:
        who = "1 person was" if told.left == 1 else f"{told.left} people were"
        out = "is" if told.left == 1 else "are"
        said.append(f"{who} not tested by every seed and {out} left out")
    if not positives and not found.external & set(asked.positive):
        said.append(f"nobody is in the group {head['positive']}")
    lines = []
    for kind in [*order, AGE]:
        line = {**head, "score": kind, "note": found.note(kind, *said)}
        if kind in names:
            at = names.index(kind)
            line["direction"] = told.age if kind == AGE else OLDER
            line |= {"auc": result.auc[at], "se": result.error[at]}
            line |= {"ci_low": low[at], "ci_high": high[at]}
            for other in {AGE, "raw"} - {kind}:
                difference, _, _, p = result.compare(at, names.index(other))
                line |= {f"minus_{other}": difference, f"p_{other}": p}
        lines.append(line)
    return lines

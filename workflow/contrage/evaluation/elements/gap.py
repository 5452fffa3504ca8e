"""How old the brains of each group look: the gap of predicted to true age, by its corrections."""

from __future__ import annotations

from typing import Any

import pandas as pd

from contrage.evaluation.elements._gaps import (
    GapsOfCohort,
    first_of_each,
    gaps_of_rows,
    groups_of,
    kinds,
)
from contrage.evaluation.elements._groups import names_of
from contrage.evaluation.given import Given
from contrage.evaluation.statistics.gap.groups import COLUMNS as OF_GROUP
from contrage.evaluation.statistics.gap.groups import gap_by_group
from contrage.settings.blocks.evaluations import GroupsSettings
from contrage.settings.blocks.statistics import StatisticsSettings
from contrage.settings.build import build

TITLE = "Brain-age gap by group"
NEEDS = ("predictions", "baselines", "scans")
SETTINGS = ("evaluations.gap", "evaluations.groups", "statistics")
COLUMNS = {}  # the page has its table, see contrage.report.elements.gaps
IN_FILE = ("row", "cohort", "kind", *OF_GROUP, "beta", "n_controls", "n_seeds", "note")


def evaluate(given: Given) -> pd.DataFrame:
    """Return the gap of each group, by the first scan of each person, mean over seeds.

    Returns
    -------
    DataFrame
        With columns row (those of the table of errors, then the control of noise `mean`: the gaps
        of the training mean), cohort ("all" where there is one), kind (cole, residual, raw; that of
        evaluations.groups.correction first), those of
        `contrage.evaluation.statistics.gap.groups.gap_by_group`, beta (slope of the line of
        controls, mean over folds and seeds), n_controls (of the line with the fewest), n_seeds,
        note (why a number is not there).
    """
    groups = groups_of(given)
    drawn = build(StatisticsSettings, given.told["statistics"])
    lines = [
        line
        for found in gaps_of_rows(given, groups)
        for kind in kinds(groups.correction)
        for line in _lines(found, kind, groups, drawn)
    ]
    return pd.DataFrame(lines, columns=list(IN_FILE))


def _lines(
    found: GapsOfCohort, kind: str, groups: GroupsSettings, drawn: StatisticsSettings
) -> list[dict[str, Any]]:
    scans = found.averaged.assign(gap=lambda frame: frame[kind])
    head = {"row": found.row, "cohort": found.cohort, "kind": kind}
    tail: dict[str, Any] = {"n_seeds": found.scans["seed"].nunique()}
    if len(found.lines):
        tail |= {"beta": found.lines["slope"].mean(), "n_controls": found.lines["n_controls"].min()}
    if kind in found.refused:
        people = first_of_each(scans)["group"].value_counts()
        of_groups = [{"group": name, "n": int(people.get(name, 0))} for name in names_of(groups)]
    else:
        of_groups = gap_by_group(scans, names_of(groups), drawn).to_dict("records")
    return [head | line | tail | {"note": _note(found, kind, line)} for line in of_groups]


def _note(found: GapsOfCohort, kind: str, line: dict[str, Any]) -> str | None:
    nobody = found.without(line["group"], f"nobody is in the group {line['group']}")
    return found.note(kind, *nobody * (not line["n"]))

"""How the gap of each group changes over the years between a person's scans."""

from __future__ import annotations

from typing import Any

import pandas as pd

from contrage.evaluation.elements._gaps import (
    GapsOfCohort,
    by_first,
    gaps_of_rows,
    groups_of,
    kinds,
)
from contrage.evaluation.elements._groups import names_of
from contrage.evaluation.given import Given
from contrage.evaluation.statistics.gap.slopes import COLUMNS as OF_GROUP
from contrage.evaluation.statistics.gap.slopes import slopes_by_group
from contrage.settings.blocks.evaluations import GroupsSettings
from contrage.settings.blocks.statistics import StatisticsSettings
from contrage.settings.build import build

TITLE = "Brain-age gap over the years"
NEEDS = ("predictions", "baselines", "scans")
SETTINGS = ("evaluations.slopes", "evaluations.groups", "statistics")
COLUMNS = {}  # the page has its table, see contrage.report.elements.gaps
IN_FILE = ("row", "cohort", "kind", *OF_GROUP, "beta", "n_seeds", "note")


def evaluate(given: Given) -> pd.DataFrame:
    """Return the slope of each group's gap, of people with scans half a year apart or more.

    Returns
    -------
    DataFrame
        With columns row (the control of noise `mean` last), cohort, kind (that of
        evaluations.groups.correction first), those of
        `contrage.evaluation.statistics.gap.slopes.slopes_by_group`, beta (slope of the line of
        controls, by which raw and residual slopes are too small), n_seeds, note.
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
    scans = by_first(found.averaged).assign(gap=lambda frame: frame[kind])
    head = {"row": found.row, "cohort": found.cohort, "kind": kind}
    tail: dict[str, Any] = {"n_seeds": found.scans["seed"].nunique()}
    if len(found.lines):
        tail["beta"] = found.lines["slope"].mean()
    if kind in found.refused:
        lines = [{"group": name, "n": None} for name in names_of(groups)]
        return [head | line | tail | {"note": found.note(kind)} for line in lines]
    of_groups = slopes_by_group(scans, names_of(groups), drawn).to_dict("records")
    return [head | line | tail | {"note": _note(found, kind, line)} for line in of_groups]


def _note(found: GapsOfCohort, kind: str, line: dict[str, Any]) -> str | None:
    none = f"nobody of the group {line['group']} has two scans half a year apart"
    return found.note(kind, *found.without(line["group"], none) * (not line["n"]))

"""What a small study asks for, in the words of its steps."""

from __future__ import annotations

from typing import Any

from contrage.settings.build import build
from contrage.settings.steps.study import (
    CurveAsked,
    FigureAsked,
    StudyOverlay,
    StudyTablesStep,
    TableAsked,
)

SIZES = {"size-0.5": (10, 4.0), "size-1": (20, 2.0)}


def overlay(name: str, cohort: str, here: bool = True, **more: Any) -> StudyOverlay:
    asked = {"name": name, "experiment": f"s-{name}", "cohort": cohort, "members": [cohort]}
    return build(StudyOverlay, {**asked, "values": {}, "is_here": here, **more})


OVERLAYS = (
    overlay("single-adni", "adni"),
    overlay("single-oasis", "oasis"),
    overlay("merge", "adni-oasis", members=["adni", "oasis"]),
    *(overlay(n, "adni", values={"dataset.subset.fraction": n[5:]}) for n in SIZES),
)


def table(**asked: Any) -> TableAsked:
    """A table as a study asks for it."""
    default = {"title": "", "asked": "", "note": "", "where": {}, "rows": ["row"], "paper": {}}
    default |= {"columns": ["overlay"], "values": ["mae"]}
    whole = {**default, **asked}
    names = {name: "mae" for name in whole["overlays"]}
    return build(TableAsked, {**whole, "table": {**names, **whole.get("table", {})}})


def curve(**asked: Any) -> CurveAsked:
    """A curve as a study asks for it."""
    default = {"title": "", "asked": "", "note": "", "where": {}, "x": "n_train", "log": []}
    default["table"] = {name: "mae" for name in asked["overlays"]}
    return build(CurveAsked, {**default, **asked})


def figure(**asked: Any) -> FigureAsked:
    """A figure as a study asks for it, of the gap of every person."""
    default = {"title": "", "asked": "", "note": "", "where": {}, "overlays": ["merge"]}
    default |= {"table": "gap_people", "rows": [], "low": None, "high": None, "by": None}
    return build(FigureAsked, {**default, "order": [], "diagonal": False, **asked})


def step(**asked: Any) -> StudyTablesStep:
    """What the step study-tables is asked for."""
    default = {"overlays": OVERLAYS, "labels": {}, "tables": {}, "curves": {}, "claims": {}}
    return StudyTablesStep(**{**default, **asked})

"""Small finished tables of a study, and what a study asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contrage.settings.build import build
from contrage.settings.steps.study import CurveAsked, StudyOverlay, StudyTablesStep, TableAsked

MAE = """loss\tmae_mean\tmae_sd\tr2_mean\tn_seeds
l1\t{}\tn/a\t0.5\t1
exp\t{}\t0.25\t0.6\t1
"""
COHORTS = """row\tcohort\tmae\tr2
l1\tadni\t3.5\t0.4
l1\toasis\t4.5\t0.5
exp\tadni\t3.25\t0.6
exp\toasis\t4.25\t0.7
"""
SIZES = {"size-0.5": (10, 4.0), "size-1": (20, 2.0)}


@pytest.fixture
def finished(tmp_path: Path) -> dict[str, Path]:
    """Finished tables of overlays by <overlay>/<table>."""
    texts = {
        "single-adni/mae": MAE.format(4.0, 3.75),
        "single-oasis/mae": MAE.format(5.0, 4.75),
        "merge/mae": MAE.format(4.0, 3.75),
        "merge/cohorts": COHORTS,
        **{f"{name}/mae": MAE.format(mae, mae) for name, (_, mae) in SIZES.items()},
        **{f"{name}/site": "row\tbacc\nl1\t0.25\nexp\t0.125\n" for name in SIZES},
    }
    found = {}
    for key, text in texts.items():
        found[key] = tmp_path / f"{key.replace('/', '_')}.tsv"
        found[key].write_text(text)
    return found


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


def step(**asked: Any) -> StudyTablesStep:
    """What the step study-tables is asked for."""
    default = {"overlays": OVERLAYS, "labels": {}, "tables": {}, "curves": {}, "claims": {}}
    return StudyTablesStep(**{**default, **asked})

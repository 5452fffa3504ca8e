"""A small study from its finished tables to its page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from side_by_side import OVERLAYS, SIZES, curve, figure, step, table
from test_claims import claim

from contrage.settings.steps.study import StudyFiguresStep, StudyPageStep
from contrage.study.figures import figures
from contrage.study.page import page
from contrage.study.tables import tables
from contrage.tables import write_tsv

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
LABELS = {"single-*": "single", "adni": "ADNI", "oasis": "OASIS-3"}
AGE = table(
    title="Age",
    overlays=["single-adni", "single-oasis", "merge"],
    table={"merge": "cohorts"},
    columns=["overlay", "cohort"],
    values=["mae", "r2"],
    paper={"mae": {"single/ADNI": {"exp": 3.44}}},
    note="Tables stand in.",
)
CURVE = curve(overlays=list(SIZES), y=["mae", "site.bacc"], log=["mae"], title="Scaling")
GROUPS = ("HC", "MCI", "AD")
FIGURES = {
    "gap": figure(kind="violin", x="group", y="cole", order=GROUPS, title="Gap"),
    "told": figure(kind="roc", x="group", y="cole", order=GROUPS),
    "years": figure(kind="line", x="years", y="cole", by="group", order=GROUPS),
    "cloud": figure(kind="scatter", x="years", y="cole", where={"group": ["AD"]}),
}
CLAIMS = {
    "merge": claim(
        asked="Merging lowers the error on ADNI.",
        table="age",
        value="mae",
        rising=[{"overlay": "merge", "cohort": "adni"}, {"overlay": "single-adni"}],
    ),
    "r2": claim(asked="Exp reaches .6.", table="age", value="r2", within=[0.55, None], of={}),
}


def finished_tables(folder: Path) -> dict[str, Path]:
    """Write finished tables of overlays; return them by <overlay>/<table>."""
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
        found[key] = folder / f"{key.replace('/', '_')}.tsv"
        found[key].write_text(text)
    return found


def with_people(finished: dict[str, Path], folder: Path) -> dict[str, Path]:
    """Return finished tables with the gap of every person besides."""
    rng = np.random.default_rng(7)
    lines = [
        {"row": row, "cohort": "adni", "group": group, "years": years, "cole": gap}
        for row in ("l1", "exp")
        for number, group in enumerate(GROUPS)
        for years, gap in zip(range(20), rng.normal(2 * number, 1, 20), strict=True)
    ]
    file = folder / "people.tsv"
    write_tsv(file, pd.DataFrame(lines))
    return {**finished, "merge/gap_people": file}


def made(given: dict[str, Path], folder: Path, overlays=OVERLAYS) -> str:
    """Run the three steps; return the page."""
    common = {"overlays": overlays, "labels": LABELS, "curves": {"scaling": CURVE}}
    asked = step(**common, tables={"age": AGE}, claims=CLAIMS)
    files = [folder / f"{n}.tsv" for n in ("age", "scaling", "scaling_exponents", "claims")]
    predictions = {}
    for name, (n, _) in SIZES.items():
        predictions[name] = folder / f"{name}-people.tsv"
        lines = [f"{i}\ttrain\t0" for i in range(n)]
        predictions[name].write_text("\n".join(["participant_id\tsplit\tfold", *lines]) + "\n")
    tables(asked, finished=given, predictions=predictions, outputs=files)
    drawn = StudyFiguresStep(**common, figures=FIGURES)
    figures(drawn, finished=given, curves=files[1:3], output=folder / "figures")
    told = StudyPageStep(
        **common, study="s", title="", description="Asked.", differs=("Tables, not images.",),
        tables={"age": AGE}, figures=FIGURES, claims=CLAIMS,
        shown=("scaling", *reversed(FIGURES), "age"), expected=tuple(reversed(CLAIMS)),
    )  # fmt: skip
    page(told, tables=files, figures=folder / "figures", output=folder / "study.html")
    return (folder / "study.html").read_text(encoding="utf-8")

"""What the page shows of a target with two sides, in place of errors."""

from __future__ import annotations

from typing import Any

import pandas as pd

from contrage.report import alphas
from contrage.report.elements import html_tables
from contrage.report.elements.html_tables import Line, PageTable
from contrage.report.findings import Study
from contrage.report.style import baseline_name, loss_colours, loss_name
from contrage.report.text import MISSING, interval, missing, number, percent, plus_minus

HEAD = ("balanced accuracy ± SD", "area under ROC ± SD")


def all_tables(study: Study, versions: dict[str, str]) -> dict[str, PageTable]:
    """Return every table that has something in it, by name."""
    found = {
        "bacc": bacc(study),
        "external": external(study),
        "networks": html_tables.networks(study.tables.get("networks")),
        "cohort": cohort(study),
        "quality": html_tables.quality(study.tables["scans"], study.kind.one),
        "flagged": html_tables.flagged(study.tables["scans"], study.config.report.show_ids),
        "excluded": html_tables.excluded(study.tables["excluded"], study.config.report.show_ids),
        "runtimes": html_tables.runtimes(study.tables["runtimes"]),
        "versions": PageTable(["package", "version"], [Line([*v]) for v in versions.items()], 2),
    }
    return {name: table for name, table in found.items() if table.lines}


def bacc(study: Study) -> PageTable:
    """Return the losses, best first, then the baselines."""
    frame = study.main
    accuracy, area = HEAD
    head = ["loss", accuracy, f"{study.level} interval", area, "sensitivity", "specificity"]
    shows_alpha = "alpha_median" in frame
    head += ["α"] * shows_alpha
    colours = loss_colours(frame.get("loss", []))
    lines = []
    for place, row in enumerate(frame.to_dict("records")):
        cells = [loss_name(row["loss"]), *_measures(row)]
        cells += [number(row["sensitivity_mean"]), number(row["specificity_mean"])]
        cells += [alphas.words(row)] if shows_alpha else []
        lines.append(Line(cells, colours[row["loss"]], "best" if place == 0 else ""))
    for row in study.tables["baselines"].to_dict("records"):
        name = _baseline(row["baseline"], study)
        lines.append(Line([name, *_measures(row), *[""] * (2 + shows_alpha)], "", "baseline"))
    return PageTable(head, lines, 1, "tables/bacc.tsv, tables/baselines.tsv")


def _baseline(name: str, study: Study) -> str:
    group = study.kind.group
    of_shares = {
        "mean": "Say the more frequent side",
        "site-mean": f"Say the {group}'s more frequent side",
    }
    return of_shares.get(name) or baseline_name(name, group, "sides")


def _measures(row: dict[str, Any]) -> list[str]:
    bounds = interval(row["ci_low"], row["ci_high"])
    measures = [plus_minus(row[f"{name}_mean"], row[f"{name}_sd"]) for name in ("bacc", "auc")]
    return [measures[0], bounds, measures[1]]


def external(study: Study) -> PageTable:
    """Return the measures on people of role external: of all of them, then by site."""
    frame = study.tables.get("external", pd.DataFrame())
    if not len(frame):
        return PageTable([])
    colours, several = loss_colours(frame["row"].unique()), html_tables.has_folds(frame)
    lines = []
    for row in frame.to_dict("records"):
        cells = [loss_name(row["row"]), row["site"], str(int(row["n_participants"]))]
        cells += [plus_minus(row[name], row[f"{name}_sd"]) for name in ("bacc", "auc")]
        cells += [number(row[name]) for name in ("sensitivity", "specificity")]
        cells += [number(row[f"{name}_fold_sd"]) for name in ("bacc", "auc")] * several
        lines.append(Line(cells, colours[row["row"]]))
    head = ["loss", study.kind.group, "participants", *HEAD, "sensitivity", "specificity"]
    head += ["balanced accuracy, SD over folds", "AUC, SD over folds"] * several
    return PageTable(head, lines, 2, "tables/external.tsv")


def cohort(study: Study) -> PageTable:
    """Return who was scanned in which study, and on which side."""
    frame, target = study.tables["cohort"], study.target
    head = [study.kind.group, "participants", "scans"]
    head += [f"{target.positive} : {target.negative}", "F : M"]
    measured = "coverage_median" in frame
    head += ["median coverage"] * measured
    lines = []
    for row in frame.to_dict("records"):
        counts = [f"{row[name]:.0f}" for name in ("n_participants", "n_scans")]
        sexes = MISSING
        if not missing(row.get("n_female")):
            sexes = f"{row['n_female']:.0f} : {row['n_male']:.0f}"
        cells = [row["site"], *counts, _ratio(row), sexes]
        cells += [percent(row["coverage_median"])] if measured else []
        lines.append(Line(cells, "", "total" if row["site"] == "all" else ""))
    return PageTable(head, lines, 1, "tables/cohort.tsv")


def _ratio(row: Any) -> str:
    return f"{row['n_positive']:.0f} : {row['n_negative']:.0f}"


def tiles(study: Study) -> list[dict[str, str]]:
    """Return the key numbers: value, unit and what it is."""
    every, main, target = study.tables["cohort"].iloc[-1], study.main, study.target
    found = [
        ("participants", str(int(every.n_participants))),
        (f"{target.positive} : {target.negative}", _ratio(every)),
    ]
    if len(main):
        best = main.iloc[0]
        found += [
            ("test participants per seed", str(study.n_test)),
            ("losses × training seeds", f"{study.n_losses} × {int(best.n_seeds)}"),
            (f"highest balanced accuracy: {loss_name(best.loss)}", number(best.bacc_mean)),
            ("area under its ROC curve", number(best.auc_mean)),
        ]
    return [{"value": value, "unit": "", "label": label} for label, value in found]


def own_predictions(main: pd.DataFrame) -> list[str]:
    """Say what losses that predict the side themselves reach without the probe."""
    if "bacc_own" not in main:
        return []
    return [
        f"{loss_name(line.loss)} also predicts the side by itself: without the logistic probe its "
        f"balanced accuracy is {number(line.bacc_own)}."
        for line in main.dropna(subset="bacc_own").itertuples()
    ]

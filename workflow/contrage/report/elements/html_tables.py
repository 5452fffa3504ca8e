"""The tables of the page: which columns, under which headings, with which digits.

The page's Jinja macro `table` writes the HTML. pandas' Styler formats column by column; most cells
here are made of several (mean ± SD, an interval, a difference with its own), so that it would be
given these very strings, and its HTML lacks the row headings' scope and the classes of single rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from contrage.report import alphas
from contrage.report.digits import error_digits
from contrage.report.elements.cohort import TRUTHS, flagged_scans
from contrage.report.elements.control import baseline, best_loss
from contrage.report.elements.searched import choices
from contrage.report.findings import Study, p_of
from contrage.report.style import baseline_name, loss_colours, loss_name
from contrage.report.text import (
    MISSING,
    count,
    duration,
    interval,
    missing,
    number,
    p_value,
    percent,
    plus_minus,
)
from contrage.settings.steps.page import EvaluationTold
from contrage.target_words import TargetInWords


@dataclass(frozen=True)
class Line:
    """A row: its cells, a colour mark before the first, and a class (best, baseline, total)."""

    cells: list[str]
    colour: str = ""
    kind: str = ""


@dataclass(frozen=True)
class PageTable:
    """A table as the template prints it.

    Parameters
    ----------
    head : list of str
        Headings.
    lines : list of Line
        The rows.
    words : int
        How many of the first columns are words, set to the left; the others are numbers.
    file : str
        The TSV with the same numbers in full, below the experiment's folder.
    """

    head: list[str]
    lines: list[Line] = field(default_factory=list)
    words: int = 1
    file: str = ""


def all_tables(study: Study, versions: dict[str, str]) -> dict[str, PageTable]:
    """Return every table that has something in it, by name."""
    found = {
        "mae": mae(study),
        "norms": norms(study),
        "penalties": penalties(study),
        "external": external(study),
        "search": search(study.tables.get("search"), study.target),
        "networks": networks(study.tables.get("networks")),
        "cohort": cohort(study.tables["cohort"], study.target, study.kind.group),
        "control": control(study),
        "quality": quality(study.tables["scans"], study.kind.one),
        "truth": truth(study.tables["truth"]),
        "flagged": flagged(study.tables["scans"], study.config.report.show_ids),
        "excluded": excluded(study.tables["excluded"], study.config.report.show_ids),
        "runtimes": runtimes(study.tables["runtimes"]),
        "versions": PageTable(["package", "version"], [Line([*v]) for v in versions.items()], 2),
    }
    return {name: table for name, table in found.items() if table.lines}


def of_evaluations(study: Study, shown: dict[str, EvaluationTold]) -> dict[str, PageTable]:
    """Return the table of each further evaluation, with the columns and headings that it states."""
    unit = study.target.label("").strip()
    found = {}
    for evaluation, stated in shown.items():
        frame = study.tables[evaluation]
        columns = [column for column in stated.columns if column in frame]
        head = [stated.columns[column].format(unit=unit).strip() for column in columns]
        digits = {name: study.digits if "{unit}" in stated.columns[name] else 2 for name in columns}
        colours = loss_colours(frame.get("loss", []))
        lines = [
            Line(
                [_cell(name, row[name], digits[name]) for name in columns],
                colours.get(row.get("loss"), ""),
            )
            for row in frame.to_dict("records")
        ]
        words = [column for column in columns if frame[column].dtype == object]
        found[evaluation] = PageTable(head, lines, max(1, len(words)), f"tables/{evaluation}.tsv")
    return {name: table for name, table in found.items() if table.lines}


def _cell(column: str, value: Any, digits: int) -> str:
    if column == "loss":
        return loss_name(value)
    return MISSING if missing(value) else value if isinstance(value, str) else number(value, digits)


def mae(study: Study) -> PageTable:
    """Return PageTable 3: losses, best first, then the baselines."""
    frame = study.tables["mae"]
    label = study.target.label
    head = ["loss", label("MAE ± SD"), f"{study.level} interval", label("RMSE"), label("GM")]
    head += ["R²", "r"]
    shows_alpha = "alpha_median" in frame
    head += [*_difference_head(study, frame), *(["α"] if shows_alpha else [])]
    colours = loss_colours(frame.get("loss", []))
    lines = []
    for place, row in enumerate(frame.to_dict("records")):
        cells = [loss_name(row["loss"]), *_error(row, study.digits)]
        cells += [
            number(row.get("rmse_mean"), study.digits),
            number(row.get("gm"), study.digits),
            number(row.get("r2_mean")),
            number(row.get("r_mean")),
        ]
        cells += ["best", ""] if place == 0 else _compared(row, study.digits)
        cells += [alphas.words(row)] if shows_alpha else []
        lines.append(Line(cells, colours[row["loss"]], "best" if place == 0 else ""))
    return PageTable(head, lines + _baselines(study), 1, "tables/mae.tsv, tables/baselines.tsv")


def external(study: Study) -> PageTable:
    """Return the errors on people of role external: of all of them, then by site."""
    frame = study.tables.get("external", pd.DataFrame())
    if not len(frame):
        return PageTable([])
    target = study.target
    head = ["loss", study.kind.group, "participants", target.axis("MAE ± SD")]
    head += [target.axis("RMSE"), "R²", "r", target.axis("predicting the mean")]
    several = has_folds(frame)
    head += [target.axis("SD over folds")] * several
    colours = loss_colours(frame["row"].unique())
    lines = []
    for row in frame.to_dict("records"):
        cells = [loss_name(row["row"]), row["site"], str(int(row["n_participants"]))]
        cells += [plus_minus(row["mae"], row["mae_sd"], study.digits)]
        cells += [number(row["rmse"], study.digits), number(row["r2"]), number(row["r"])]
        cells += [number(row["mae_baseline"], study.digits)]
        cells += [number(row["mae_fold_sd"], study.digits)] * several
        lines.append(Line(cells, colours[row["row"]]))
    return PageTable(head, lines, 2, "tables/external.tsv")


def has_folds(external: pd.DataFrame) -> bool:
    """Return whether external people were predicted by the models of several folds."""
    return bool((external["n_folds"] > 1).any())


def _difference_head(study: Study, frame: pd.DataFrame) -> list[str]:
    """Head the paired difference and its p; only the latter is corrected for their number."""
    p = "p (corrected)" if "p_holm" in frame else "p (paired)"
    return [study.target.label("difference to best"), p]


def _error(row: dict[str, Any], digits: int) -> list[str]:
    error = plus_minus(row["mae_mean"], row.get("mae_sd"), digits)
    return [error, interval(row.get("ci_low"), row.get("ci_high"), digits)]


def _compared(row: dict[str, Any], digits: int) -> list[str]:
    return [_difference(row, digits), p_value(p_of(row))]


def _difference(row: dict[str, Any], digits: int) -> str:
    difference = number(row.get("diff_to_best"), digits)
    if missing(row.get("diff_ci_low")):
        return difference
    return f"{difference} ({interval(row['diff_ci_low'], row['diff_ci_high'], digits)})"


def _baselines(study: Study) -> list[Line]:
    rows = study.tables["baselines"].to_dict("records")
    losses = study.tables["mae"]
    if not rows and len(losses):
        rows = [{"baseline": "mean", "mae_mean": losses["mae_baseline"].mean()}]
    keys = {"rmse_mean": study.digits, "gm": study.digits, "r2_mean": 2, "r_mean": 2}
    lines = []
    for row in rows:
        name = baseline_name(row["baseline"], study.kind.group, study.target.many)
        # The same training mean for everyone has no correlation; its SD is that of the splits.
        measures = [
            number(row[key], digits) if not missing(row.get(key)) else ""
            for key, digits in keys.items()
        ]
        measures += [""] * ("alpha_median" in losses)
        lines.append(Line([name, *_error(row, study.digits), *measures, "", ""], "", "baseline"))
    return lines


def penalties(study: Study) -> PageTable:
    """Return the error of each loss at each penalty of the probe, whichever was chosen."""
    frame = study.tables.get("alphas", pd.DataFrame())
    if not len(frame):
        return PageTable(["loss"])
    head = ["loss", *(f"α = {alphas.power(alpha)}" for alpha in sorted(frame["alpha"].unique()))]
    rows = alphas.fixed_cells(frame, study.digits)
    colours = loss_colours(study.tables["mae"].get("loss", []))
    shown = [row for row in study.tables["mae"]["loss"] if row in rows]
    lines = [Line([loss_name(row), *rows[row]], colours[row]) for row in shown]
    null = [row for row in rows if row not in colours]
    lines += [
        Line([baseline_name(row, many=study.target.many), *rows[row]], "", "baseline")
        for row in null
    ]
    return PageTable(head, lines, 1, "tables/alphas.tsv")


def norms(study: Study) -> PageTable:
    """Return the ablation of Fig. 5 as a table, best first."""
    frame = study.tables["norms"]
    head = ["norm", study.target.label("MAE ± SD"), f"{study.level} interval"]
    head += _difference_head(study, frame)
    if not len(frame):
        return PageTable(head)
    lines = []
    for place, row in enumerate(frame.sort_values("mae_mean").to_dict("records")):
        last = ["best", ""] if place == 0 else _compared(row, study.digits)
        kind = "best" if place == 0 else ""
        lines.append(
            Line([str(row["norm"]).capitalize(), *_error(row, study.digits), *last], "", kind)
        )
    return PageTable(head, lines, 1, "tables/norms.tsv")


def search(draws: pd.DataFrame | None, target: TargetInWords) -> PageTable:
    """Return what a search of settings chose, by split and fold."""
    lines = [] if draws is None or not len(draws) else choices(draws)
    where = [key for key in ("split", "fold") if len({line[key] for line in lines}) > 1]
    head = ["loss", *where, "best settings", "draws", target.label("validation MAE")]
    head.append(target.label("median draw"))
    colours = loss_colours(line["row"] for line in lines)
    rows = []
    for line in lines:
        cells = [loss_name(line["row"]), *(str(line[key]) for key in where), line["settings"]]
        alike = line["draws"] - line["different"]
        cells.append(f"{line['draws']}{f' ({alike} repeated)' if alike else ''}")
        cells += [number(line[key], error_digits(target)) for key in ("validation_mae", "median")]
        rows.append(Line(cells, colours[line["row"]]))
    return PageTable(head, rows, 2 + len(where), "tables/search.tsv, search/<loss>/")


def networks(frame: pd.DataFrame | None) -> PageTable:
    """Return how many numbers each loss's encoder and head learn; the head depends on the loss."""
    head = ["loss", "parameters of the encoder", "head", "parameters of the head"]
    lines = []
    for row in [] if frame is None else frame.to_dict("records"):
        sizes = "-".join(map(str, row["layers"])) if len(row["layers"]) > 1 else "none"
        cells = [loss_name(row["loss"]), number(row["encoder_parameters"], 0)]
        lines.append(Line([*cells, sizes, number(row["head_parameters"], 0)]))
    return PageTable(head, lines, 1, "metrics/<loss>/seed-<n>.json")


def cohort(frame: pd.DataFrame, target: TargetInWords, site: str = "study") -> PageTable:
    """Return PageTable 2: who was scanned in which study; coverage where it was measured."""
    head = [site, "participants", "scans", target.label(), "range", "F : M"]
    mean, sd, least, most = (f"{target.column}_{key}" for key in ("mean", "sd", "min", "max"))
    measured = "coverage_median" in frame
    head += ["median coverage"] if measured else []
    lines = []
    for row in frame.to_dict("records"):
        sexes = MISSING
        if not missing(row.get("n_female")):
            sexes = f"{row['n_female']:.0f} : {row['n_male']:.0f}"
            unknown = row.get("n_sex_unknown")
            sexes += f" ({unknown:.0f} not told)" if not missing(unknown) and unknown else ""
        cells = [row["site"], f"{row['n_participants']:.0f}", f"{row['n_scans']:.0f}"]
        cells += [plus_minus(row[mean], row[sd], target.digits + 1)]
        cells += [f"{target.whole(row[least])}–{target.whole(row[most])}", sexes]
        cells += [percent(row["coverage_median"])] if measured else []
        lines.append(Line(cells, "", "total" if row["site"] == "all" else ""))
    return PageTable(head, lines, 1, "tables/cohort.tsv")


def control(study: Study) -> PageTable:
    """Return what the field of view alone gives away of target and site, beside the best loss."""
    head = ["seen", "predicted", "result", f"{study.level} interval", "without skill"]
    of_target, of_site = _target_controls(study), _site_controls(study)
    files = ["tables/baselines.tsv"] * bool(of_target) + ["tables/site.tsv"] * bool(of_site)
    return PageTable(head, of_target + of_site, 2, ", ".join(files))


def _target_controls(study: Study) -> list[Line]:
    mae, coverage = study.tables["mae"], baseline(study, "ridge-coverage")
    if coverage is None or not len(mae):
        return []
    target, digits = study.target, study.digits
    mean = target.told(number(mae["mae_baseline"].iloc[0], digits))
    lines = []
    for seen, row in (("coverage", coverage), (f"image, by {best_loss(study)}", mae.iloc[0])):
        error = [
            f"MAE {target.told(number(row.mae_mean, digits))}",
            interval(row.get("ci_low"), row.get("ci_high"), digits),
        ]
        lines.append(Line([seen, target.word, *error, mean]))
    return lines


def _site_controls(study: Study) -> list[Line]:
    frame = study.tables.get("site")
    if frame is None or not len(frame) or not missing(frame["note"].iloc[0]):
        return []
    lines = []
    for row in frame.to_dict("records"):
        name = {"mask": "coverage", "image": "image"}[row["seen"]]
        seen = f"{name}, field of view: {row['field_of_view']}"
        found = [f"balanced accuracy {number(row['balanced_accuracy'])}"]
        found += [interval(row["ci_low"], row["ci_high"]), number(row["chance"])]
        lines.append(Line([seen, study.kind.group, *found]))
    return lines


def quality(scans: pd.DataFrame, one: str = "map") -> PageTable:
    """Return the spread of each measure of quality; `one` is what covers the brain."""
    measures = {
        "coverage": f"coverage of the brain by the {one}",
        "overlap": "overlap with the template (Dice)",
        "correlation": "correlation with the template",
    }
    lines = []
    for key, label in measures.items():
        values = scans[key].dropna() if key in scans else pd.Series(dtype=float)
        if len(values):
            cells = [values.min(), values.median(), values.max()]
            lines.append(Line([label, str(len(values)), *(number(v, 3) for v in cells)]))
    head = ["measure", "scans", "lowest", "median", "highest"]
    return PageTable(head, lines, 1, "dataset/scans.tsv")


def truth(frame: pd.DataFrame) -> PageTable:
    """Return how far preprocessing is from the truth, known for a phantom."""
    lines = []
    for key in frame.columns.drop("scan_id", errors="ignore"):
        values = frame[key].dropna()
        cells = [values.min(), values.median(), values.max()]
        label = TRUTHS.get(key, key.replace("_", " "))
        lines.append(Line([label, str(len(values)), *(number(v, 3) for v in cells)]))
    head = ["against the truth", "scans", "lowest", "median", "highest"]
    return PageTable(head, lines, 1, "figures/truth.tsv")


def flagged(scans: pd.DataFrame, show_ids: bool) -> PageTable:
    """Return the scans that failed a limit, with the reason."""
    head = ["reason", "coverage", "overlap", "correlation"]
    lines = []
    for row in flagged_scans(scans).to_dict("records"):
        reason = row.get("flag_reason")
        cells = [row["scan_id"]] * show_ids + [MISSING if missing(reason) else str(reason)]
        cells += [percent(row.get("coverage"))]
        lines.append(Line(cells + [number(row.get(key), 3) for key in head[2:]]))
    return PageTable(["scan"] * show_ids + head, lines, 1 + show_ids, "dataset/scans.tsv")


def excluded(frame: pd.DataFrame, show_ids: bool) -> PageTable:
    """Return the scans that were left out, with stage and reason; equal reasons share a row."""
    head = ["stage", "reason", "scans", *["which"] * show_ids]
    if not len(frame):
        return PageTable(head)
    names = frame["scan_id"].fillna(frame["participant_id"]).fillna(MISSING)
    frame = frame.assign(name=names).fillna({"stage": MISSING, "reason": MISSING})
    lines = []
    for (stage, reason), group in frame.groupby(["stage", "reason"], sort=False):
        which = [", ".join(group["name"])] * show_ids
        lines.append(Line([stage, reason, count(len(group), "scan"), *which]))
    return PageTable(head, lines, len(head), "tables/excluded.tsv")


def runtimes(frame: pd.DataFrame) -> PageTable:
    """Return what each step took."""
    head = ["step", "jobs", "all jobs", "median job", "longest job"]
    head += ["processor time", "peak memory"]
    lines = []
    for row in frame.to_dict("records"):
        cells = [row["step"], f"{row['jobs']:.0f}"]
        cells += [duration(row[key]) for key in ("total_s", "median_s", "max_s", "cpu_s")]
        peak = row.get("peak_mb")
        cells.append(MISSING if missing(peak) else f"{number(peak, 0)} MB")
        lines.append(Line(cells))
    return PageTable(head, lines, 1, "tables/runtimes.tsv")

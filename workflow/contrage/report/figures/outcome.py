"""Figures of the outcome: errors, norms, predicted against true age, training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from contrage.report.figures.ingredients import Ingredients
from contrage.report.planned import curve_files
from contrage.report.style import GREY, INK, Figure, baseline_name, is_null, loss_name, save
from contrage.report.text import spelled
from contrage.tables import read_tsv

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

BASELINE_STYLES = {"mean": "-", "ridge-blocks": "--", "ridge-coverage": ":", "site-mean": "-."}
BASELINE_STYLES["ridge-features"] = "--"
NULL_STYLE = (0, (6, 2, 1, 2, 1, 2))


def mae(given: Ingredients) -> Figure | None:
    """Draw the error of each loss with its interval, and the baselines as lines."""
    import matplotlib.pyplot as plt

    table = given.tables.get("mae")
    if table is None or not len(table):
        return None
    table = table.sort_values("mae_mean", ascending=False)
    canvas, axes = plt.subplots(figsize=(7, 1.5 + 0.42 * len(table)))
    _dots(axes, given, table, [loss_name(row) for row in table["loss"]])
    for name, value in _baselines(given).items():
        label = f"{baseline_name(name, given.kind.group)}: {value:.1f}"
        style = NULL_STYLE if is_null(name) else BASELINE_STYLES.get(name, (0, (1, 4)))
        axes.axvline(value, color=GREY, linestyle=style, linewidth=1.4, label=label, zorder=1)
    axes.set_xlim(0, None)
    axes.set_xlabel("mean absolute error on test participants [years]")
    canvas.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    lines = ", ".join(f"{loss_name(r.loss)} {r.mae_mean:.2f}" for r in table[::-1].itertuples())
    return save(
        canvas,
        given.output,
        "mae",
        "Error of each loss",
        f"{_marks(given)} Intervals of two losses may overlap although their paired difference is "
        "clear, because both are tested on the same people: see the table for that comparison.",
        f"Mean absolute error in years: {lines}.",
    )


def norms(given: Ingredients) -> Figure | None:
    """Draw the ablation of the norm that chooses neighbours (Fig. 5)."""
    import matplotlib.pyplot as plt

    table = given.tables.get("norms")
    if table is None or len(table) < 2:
        return None
    table = table.sort_values("mae_mean", ascending=False)
    canvas, axes = plt.subplots(figsize=(7, 1.4 + 0.42 * len(table)))
    _dots(axes, given, table, [norm.capitalize() for norm in table["norm"]])
    low, high = axes.get_xlim()
    axes.set_xlim(low - 0.1 * (high - low), high + 0.1 * (high - low))
    axes.set_xlabel("mean absolute error on test participants [years]  (axis does not start at 0)")
    lines = ", ".join(f"{r.norm} {r.mae_mean:.2f}" for r in table[::-1].itertuples())
    return save(
        canvas,
        given.output,
        "norms",
        "Norm that chooses the neighbours",
        f"DynLocRep with {spelled(len(table))} ways to measure which samples are near. "
        f"{_marks(given)}",
        f"Mean absolute error in years by norm: {lines}.",
    )


def _marks(given: Ingredients) -> str:
    """Say what dot, ticks and bar are."""
    bar = "bar: bootstrap interval over test participants."
    if len(given.settings["seeds"]) == 1:
        return f"Dot: the one training seed; {bar}"
    return f"Dot: mean over training seeds; ticks: single seeds; {bar}"


def _dots(axes: Axes, given: Ingredients, table: pd.DataFrame, names: list[str]) -> None:
    for height, row in enumerate(table.itertuples()):
        colour = given.loss_colours.get(row.loss, INK)
        if np.isfinite([row.ci_low, row.ci_high]).all():
            axes.plot([row.ci_low, row.ci_high], [height] * 2, color=colour, lw=5, alpha=0.3)
        seeds = seed_errors(given.predictions(row.loss))
        if len(seeds) > 1:
            axes.plot(seeds, [height] * len(seeds), "|", color=colour, ms=11, mew=1.5)
        axes.plot(row.mae_mean, height, "o", color=colour, ms=8, mec="white", zorder=3)
        axes.annotate(
            f"{row.mae_mean:.2f}", (row.mae_mean, height), (0, 8), color=INK, fontsize=8.5,
            textcoords="offset points", ha="center",
        )  # fmt: skip
    axes.set_yticks(range(len(table)), names)
    axes.set_ylim(-0.6, len(table) - 0.3)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    axes.set_axisbelow(True)


def _baselines(given: Ingredients) -> dict[str, float]:
    table = given.tables.get("baselines")
    if table is None or not len(table):
        value = given.tables["mae"].get("mae_baseline")
        return {} if value is None else {"mean": value.mean()}
    return dict(zip(table["baseline"], table["mae_mean"], strict=True))


def seed_errors(frames: list[pd.DataFrame]) -> list[float]:
    """Return the mean absolute error on test rows of each seed."""
    tests = [frame[frame["split"] == "test"] for frame in frames]
    return [float((test["predicted_age"] - test["age"]).abs().mean()) for test in tests]


def predicted_vs_true(given: Ingredients) -> Figure | None:
    """Draw predicted against true age of the test scans, one panel per loss."""
    import matplotlib.pyplot as plt

    tests = {row: _over_seeds(given.predictions(row)) for row in given.rows}
    tests = {row: frame for row, frame in tests.items() if len(frame)}
    if not tests:
        return None
    columns = min(3, len(tests))
    lines = -(-len(tests) // columns)
    canvas, grid = plt.subplots(
        lines, columns, figsize=(7.8, 0.9 + 7.8 / 3 * lines), squeeze=False,
        subplot_kw={"box_aspect": 1},
    )  # fmt: skip
    values = np.concatenate([f[["age", "low", "high"]].to_numpy().ravel() for f in tests.values()])
    limits = (np.nanmin(values) - 3, np.nanmax(values) + 3)
    for axes, (row, test) in zip(grid.flat, tests.items(), strict=False):
        _scatter(axes, test, given, limits)
        axes.set_title(loss_name(row))
        error = f"MAE {_table_mae(given, row, test):.2f} y"
        axes.text(0.05, 0.95, error, transform=axes.transAxes, va="top")
    _label_edges(grid, len(tests), "true age [years]", "predicted age [years]")
    handles, labels = grid.flat[0].get_legend_handles_labels()
    if len(labels) > 1:
        canvas.legend(handles, labels, loc="outside lower center", ncols=min(5, len(labels)))
    return save(
        canvas,
        given.output,
        "predicted_vs_true",
        "Predicted and true age",
        f"Test scans only. {_points(given)}",
        f"Scatter plots of predicted against true age of the test scans for {len(tests)} losses.",
    )


def _points(given: Ingredients) -> str:
    """Say what a point is, and the error in a panel."""
    if len(given.settings["seeds"]) == 1:
        return "Point: prediction of the one seed; dashed: perfect prediction."
    return (
        "Point: mean prediction over seeds; vertical line: from the lowest to the highest seed; "
        "dashed: perfect prediction. The error in a panel is the table's: the mean of the seeds' "
        "errors, not the error of the mean prediction."
    )


def _over_seeds(frames: list[pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    tests = [frame[frame["split"] == "test"] for frame in frames]
    if not tests:
        return pd.DataFrame()
    both = pd.concat(tests)
    if "site" not in both:
        both["site"] = None
    key = "scan_id" if "scan_id" in both else "participant_id"
    grouped = both.groupby(key)
    spread = grouped["predicted_age"].agg(["mean", "min", "max"])
    spread.columns = ["mean", "low", "high"]
    return spread.join(grouped[["age", "site"]].first())


def _scatter(
    axes: Axes, test: pd.DataFrame, given: Ingredients, limits: tuple[float, float]
) -> None:
    axes.plot(limits, limits, "--", color=GREY, lw=1, zorder=1)
    groups = {s: test[test["site"] == s] for s in given.study_colours} or {"all": test}
    for site, part in groups.items():
        colour = given.study_colours.get(site, INK)
        axes.vlines(part["age"], part["low"], part["high"], color=colour, alpha=0.35, lw=1.2)
        axes.plot(
            part["age"], part["mean"], "o", color=colour, ms=5, mec="white", mew=0.5, label=site
        )
    axes.set_xlim(limits)
    axes.set_ylim(limits)
    axes.grid(True)
    axes.set_axisbelow(True)


def _label_edges(grid: np.ndarray, used: int, below: str, left: str) -> None:
    """Label the outer panels of a grid of which the first `used` are drawn on."""
    columns = grid.shape[1]
    for place, axes in enumerate(grid.flat):
        if place >= used:
            axes.set_axis_off()
        if place + columns >= used:
            axes.set_xlabel(below)
        if place % columns == 0:
            axes.set_ylabel(left)


def _table_mae(given: Ingredients, row: str, test: pd.DataFrame) -> float:
    table = given.tables.get("mae")
    if table is not None and row in set(table["loss"]):
        return float(table.set_index("loss").loc[row, "mae_mean"])
    return float((test["mean"] - test["age"]).abs().mean())


def training_curves(given: Ingredients) -> Figure | None:
    """Draw the training loss by epoch: one panel per loss, one line per seed and fold."""
    import matplotlib.pyplot as plt

    rows = given.settings.get("rows") or given.rows
    paths = {row: curve_files(given.results, given.settings, row) for row in rows}
    paths = {row: found for row, found in paths.items() if found}
    if not paths:
        return None
    columns = min(3, len(paths))
    lines = -(-len(paths) // columns)
    canvas, grid = plt.subplots(lines, columns, figsize=(7.8, 0.4 + 2 * lines), squeeze=False)
    for axes, (row, found) in zip(grid.flat, paths.items(), strict=False):
        for path in found:
            curve = read_tsv(path).astype({"loss": float})
            axes.plot(curve["epoch"], curve["loss"], lw=1, alpha=0.8, color=given.loss_colours[row])
        axes.set_title(loss_name(row))
        axes.grid(True)
    _label_edges(grid, len(paths), "epoch", "training loss")
    return save(
        canvas,
        given.output,
        "training_curves",
        "Training curves",
        f"One line per seed{' and fold' if len(given.settings['folds']) > 1 else ''}. Every panel "
        "has its own scale: losses are different quantities, so their heights cannot be compared, "
        "only whether they have settled.",
        f"Training loss by epoch for {len(paths)} losses.",
    )

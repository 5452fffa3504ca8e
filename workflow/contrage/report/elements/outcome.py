"""Figures of the outcome: errors, norms, predicted against true, training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from contrage.dataset.roles import REPORTED
from contrage.report.digits import error_digits
from contrage.report.elements.ingredients import Ingredients
from contrage.report.style import GREY, INK, Figure, baseline_name, is_null, loss_name, save
from contrage.report.text import count, spelled
from contrage.tables import read_tsv

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

BASELINE_STYLES = {"mean": "-", "ridge-blocks": "--", "ridge-coverage": ":", "site-mean": "-."}
BASELINE_STYLES["ridge-features"] = "--"
DENSE = 20
"""Points of which a density says more than they do themselves."""
NULL_STYLE = (0, (6, 2, 1, 2, 1, 2))


def mae(given: Ingredients) -> Figure | None:
    """Draw the error of each loss with its interval, and the baselines as lines."""
    import matplotlib.pyplot as plt

    table = given.tables.get("mae")
    if table is None or not len(table):
        return None
    table = table.sort_values("mae_mean")
    canvas, axes = plt.subplots(figsize=(7, 1.5 + 0.42 * len(table)))
    _dots(axes, given, table, [loss_name(row) for row in table["loss"]])
    digits = error_digits(given.target)
    for name, value in _baselines(given).items():
        label = (
            f"{baseline_name(name, given.kind.group, given.target.many)}: {value:.{digits - 1}f}"
        )
        style = NULL_STYLE if is_null(name) else BASELINE_STYLES.get(name, (0, (1, 4)))
        axes.axvline(value, color=GREY, linestyle=style, linewidth=1.4, label=label, zorder=1)
    axes.set_xlim(0, None)
    axes.set_xlabel(given.target.label("mean absolute error on test participants"))
    canvas.legend(loc="outside upper center", ncols=2)
    lines = ", ".join(f"{loss_name(r.loss)} {r.mae_mean:.{digits}f}" for r in table.itertuples())
    return save(
        canvas,
        given.output,
        "mae",
        "Error of each loss",
        f"{_marks(given)} Intervals of two losses may overlap although their paired difference is "
        "clear, because both are tested on the same people: see the table for that comparison.",
        f"{_in_unit(given)}: {lines}.",
    )


def norms(given: Ingredients) -> Figure | None:
    """Draw the ablation of the norm that chooses neighbours (Fig. 5)."""
    import matplotlib.pyplot as plt

    table = given.tables.get("norms")
    if table is None or len(table) < 2:
        return None
    table, digits = table.sort_values("mae_mean"), error_digits(given.target)
    canvas, axes = plt.subplots(figsize=(7, 1.4 + 0.42 * len(table)))
    _dots(axes, given, table, [norm.capitalize() for norm in table["norm"]])
    axes.margins(x=0.15)
    label = given.target.label("mean absolute error on test participants")
    axes.set_xlabel(f"{label}  (axis does not start at 0)")
    lines = ", ".join(f"{r.norm} {r.mae_mean:.{digits}f}" for r in table.itertuples())
    return save(
        canvas,
        given.output,
        "norms",
        "Norm that chooses the neighbours",
        f"DynLocRep with {spelled(len(table))} ways to measure which samples are near. "
        f"{_marks(given)}",
        f"{_in_unit(given)} by norm: {lines}.",
    )


def _in_unit(given: Ingredients) -> str:
    """Say what the errors are and in which unit."""
    unit = given.target.unit
    return f"Mean absolute error in {unit}" if unit else "Mean absolute error"


def _marks(given: Ingredients) -> str:
    """Say what dot, ticks and bar are."""
    bar = "bar: bootstrap interval over test participants."
    if len(given.settings.seeds) == 1:
        return f"Dot: the one training seed; {bar}"
    return f"Dot: mean over training seeds; ticks: single seeds; {bar}"


def _dots(axes: Axes, given: Ingredients, table: pd.DataFrame, names: list[str]) -> None:
    """Draw a line per row, best first: interval of the table, errors of the seeds, their mean."""
    import pandas as pd
    import seaborn as sns

    colours = [given.loss_colours.get(row, INK) for row in table["loss"]]
    look = {"y": "name", "hue": "name", "order": names, "hue_order": names, "palette": colours}
    look |= {"jitter": False, "legend": False, "ax": axes}
    errors = [seed_errors(given.predictions(row)) for row in table["loss"]]
    seeds = pd.DataFrame({"name": names, "error": errors}).explode("error").astype({"error": float})
    heights, digits = np.arange(len(table)), error_digits(given.target)
    if seeds["name"].duplicated().any():
        sns.stripplot(seeds, x="error", **look, marker="|", size=11, linewidth=1.5)
    dots = {"size": 8, "edgecolor": "white", "linewidth": 1, "zorder": 3}
    sns.stripplot(table.assign(name=names), x="mae_mean", **look, **dots)
    ends = table["ci_low"], table["ci_high"]
    axes.hlines(heights, *ends, color=colours, lw=5, alpha=0.3, zorder=0.9)
    # Beside the axes, where neither the lines of baselines nor other numbers can cross them.
    for height, error in zip(heights, table["mae_mean"], strict=True):
        axes.annotate(
            f"{error:.{digits}f}", (1, height), (6, 0), color=INK, fontsize=9, va="center",
            xycoords=axes.get_yaxis_transform(), textcoords="offset points", annotation_clip=False,
        )  # fmt: skip
    axes.set(ylabel="", ylim=(len(table) - 0.4, -0.6))


def _baselines(given: Ingredients) -> dict[str, float]:
    table = given.tables.get("baselines")
    if table is None or not len(table):
        value = given.tables["mae"].get("mae_baseline")
        return {} if value is None else {"mean": value.mean()}
    return dict(zip(table["baseline"], table["mae_mean"], strict=True))


def seed_errors(frames: list[pd.DataFrame]) -> list[float]:
    """Return the mean absolute error on test rows of each seed."""
    tests = [frame[frame["split"] == REPORTED] for frame in frames]
    return [float((test["predicted"] - test["target"]).abs().mean()) for test in tests]


def predicted_vs_true(given: Ingredients) -> Figure | None:
    """Draw predicted against true target of the test scans, one panel per loss."""
    import pandas as pd
    import seaborn as sns
    from matplotlib.lines import Line2D

    tests = {row: over_seeds(given.predictions(row)) for row in given.rows}
    tests = {row: frame for row, frame in tests.items() if len(frame)}
    if not tests:
        return None
    every, colours = given.grouped(pd.concat(tests, names=["row"]).reset_index())
    low, high = every[["target", "low"]].min(axis=None), every[["target", "high"]].max(axis=None)
    margin = 3 if given.target.is_age else 0.05 * (high - low) or 1.0
    limits = (low - margin, high + margin)
    many = len(every) > 200 * len(tests)
    grid = sns.relplot(
        every, x="target", y="mean", col="row", hue="group", hue_order=list(colours),
        palette=colours,
        s=12 if many else 28, linewidth=0.3 if many else 0.5, legend=False,
        **width_of_page(len(tests), 4.5, 3.8, 2.75),
        facet_kws={"xlim": limits, "ylim": limits, "subplot_kws": {"box_aspect": 1}},
    )  # fmt: skip
    grid.axes.flat[0].locator_params(nbins=6)
    for row, test in every.groupby("row", sort=False):
        axes = grid.axes_dict[row]
        axes.axline((limits[0], limits[0]), slope=1, color=GREY, ls="--", lw=1)
        shades = test["group"].map(colours)
        axes.vlines(test["target"], test["low"], test["high"], color=shades, alpha=0.35, zorder=0.9)
        axes.set_title(loss_name(row))
        if has_density(test):
            look = {"color": INK, "levels": 4, "linewidths": 0.7, "alpha": 0.55, "zorder": 2.5}
            sns.kdeplot(test, x="target", y="mean", ax=axes, **look)
        error = f"{_table_mae(given, row, test):.{error_digits(given.target)}f}"
        error = f"MAE {error} {given.target.short_unit}".rstrip()
        axes.text(0.05, 0.95, error, transform=axes.transAxes, va="top")
    word = given.target.word
    grid.set_axis_labels(
        *(given.target.label(f"{which} {word}") for which in ("true", "predicted"))
    )
    if len(colours) > 1:
        marks = [Line2D([], [], ls="", marker="o", color=c, label=g) for g, c in colours.items()]
        wide = sum(map(len, colours)) > 50
        grid.figure.legend(handles=marks, loc="outside lower center", ncols=3 if wide else 5)
    return save(
        grid.figure,
        given.output,
        "predicted_vs_true",
        f"Predicted and true {word}",
        f"{count(len(every) // len(tests), 'test scan')} per panel. {_points(given)}"
        + (" Contours: density of the points." if has_density(next(iter(tests.values()))) else ""),
        f"Scatter plots of predicted against true {word} of the test scans for "
        f"{len(tests)} losses.",
    )


def has_density(test: pd.DataFrame) -> bool:
    """Return whether points are many enough, and differ, so that their density can be drawn."""
    return len(test) >= DENSE and test["target"].nunique() > 2 and test["mean"].nunique() > 2


def _points(given: Ingredients) -> str:
    """Say what a point is, and the error in a panel."""
    if len(given.settings.seeds) == 1:
        return "Point: prediction of the one seed; dashed: perfect prediction."
    return (
        "Point: mean prediction over seeds; vertical line: from the lowest to the highest seed; "
        "dashed: perfect prediction. The error in a panel is the table's: the mean of the seeds' "
        "errors, not the error of the mean prediction."
    )


def over_seeds(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return mean, lowest and highest prediction of each test scan, with target and site."""
    import pandas as pd

    tests = [frame[frame["split"] == REPORTED] for frame in frames]
    if not tests:
        return pd.DataFrame()
    both = pd.concat(tests)
    if "site" not in both:
        both["site"] = None
    key = "scan_id" if "scan_id" in both else "participant_id"
    grouped = both.groupby(key)
    spread = grouped["predicted"].agg(["mean", "min", "max"])
    spread.columns = ["mean", "low", "high"]
    return spread.join(grouped[["target", "site"]].first())


def width_of_page(panels: int, *heights: float) -> dict[str, float]:
    """Return how panels are arranged: up to three in a line, of the height for this number."""
    columns = min(3, panels)
    height = heights[columns - 1]
    return {"col_wrap": columns, "height": height, "aspect": 7.8 / columns / height}


def _table_mae(given: Ingredients, row: str, test: pd.DataFrame) -> float:
    table = given.tables.get("mae")
    if table is not None and row in set(table["loss"]):
        return float(table.set_index("loss").loc[row, "mae_mean"])
    return float((test["mean"] - test["target"]).abs().mean())


def training_curves(given: Ingredients) -> Figure | None:
    """Draw the training loss by epoch: one panel per loss, one line per seed and fold."""
    import pandas as pd
    import seaborn as sns

    files = {row: files for row, files in given.curves_of.items() if files}
    found = {(row, file): read_tsv(file) for row, these in files.items() for file in these}
    if not found:
        return None
    curves = pd.concat(found, names=["row", "file"]).reset_index()
    curves = curves.astype({"loss": float, "file": str})
    shown = {row: given.loss_colours[row] for row in curves["row"].unique()}
    grid = sns.relplot(
        curves, kind="line", x="epoch", y="loss", col="row", hue="row",
        **width_of_page(len(shown), 2.5, 2.2, 2.1),
        palette=shown, units="file", estimator=None, errorbar=None, linewidth=1, alpha=0.8,
        legend=False, facet_kws={"sharey": False},
    )  # fmt: skip
    for row, axes in grid.axes_dict.items():
        axes.set_title(loss_name(row))
        axes.xaxis.get_major_locator().set_params(integer=True)
    grid.set_axis_labels("epoch", "training loss")
    return save(
        grid.figure,
        given.output,
        "training_curves",
        "Training curves",
        f"One line per seed{' and fold' if len(given.settings.folds) > 1 else ''}. Every panel "
        "has its own scale: losses are different quantities, so their heights cannot be compared, "
        "only whether they have settled.",
        f"Training loss by epoch for {len(shown)} losses.",
    )

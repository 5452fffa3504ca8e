"""The figure of error of age against accuracy of the diagnosis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from contrage.report.elements.gaps import of_row, shown
from contrage.report.elements.ingredients import Ingredients
from contrage.report.style import INK, Figure, save
from contrage.report.text import interval, missing, number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MOST = 3
"""Panels beside each other."""
MARKS = "osD^vPX<>"


def against_diagnosis(given: Ingredients) -> Figure | None:
    """Draw every checkpoint, with the line through those of a loss, a panel per loss."""
    import matplotlib.pyplot as plt

    table = given.tables.get("against_diagnosis")
    table = None if table is None else table[table["mae"].notna() & table["bacc"].notna()]
    if table is None or not len(table):
        return None
    there, cohorts = shown(table, given.rows), table["cohort"].nunique()
    losses = table["row"].nunique()
    across = min(MOST, len(there))
    down = -(-len(there) // across)
    size = (max(4.4, 2.7 * across), 0.4 + 2.6 * down)
    canvas, panels = plt.subplots(
        down, across, figsize=size, sharex=True, sharey=True, squeeze=False
    )
    for axes in panels.flat[len(there) :]:
        axes.remove()
    epochs = sorted(table["epoch"].unique())
    for axes, (row, cohort) in zip(panels.flat, there, strict=False):
        own = table[(table["row"] == row) & (table["cohort"] == cohort)]
        _panel(axes, own, epochs, given.loss_colours.get(row, INK))
        axes.set_title(of_row(row, cohort, cohorts), fontsize=9.5)
    first = panels.flat[0]
    canvas.legend(
        *first.get_legend_handles_labels(), title="epoch", loc="outside upper center", ncols=5
    )
    canvas.supxlabel("error of age of test controls (years)", fontsize=10)
    canvas.supylabel("accuracy of the diagnosis", fontsize=10)
    return save(
        canvas,
        given.output,
        "against_diagnosis",
        "Error of age against accuracy of the diagnosis",
        "A point is a training after an epoch: mean absolute error of age on the fold's test "
        "controls, balanced accuracy of patients against controls by a logistic regression on the "
        "frozen features (0.5: chance). Above: correlation with its bootstrap interval over "
        "trainings, of five or more.",
        f"Scatter plots of accuracy of the diagnosis against error of age of {losses} losses.",
    )


def _panel(axes: Axes, points: pd.DataFrame, epochs: list[int], colour: str) -> None:
    line = points.iloc[0]
    for place, epoch in enumerate(epochs):
        part = points[points["epoch"] == epoch]
        axes.scatter(
            part["mae"], part["bacc"], s=26, color=colour, alpha=0.8, edgecolor="white",
            linewidth=0.5, marker=MARKS[place % len(MARKS)], label=f"{epoch}", zorder=3,
        )  # fmt: skip
    if not missing(line.slope):
        ends = np.array([points["mae"].min(), points["mae"].max()])
        height = points["bacc"].mean() + line.slope * (ends - points["mae"].mean())
        axes.plot(ends, height, color=INK, lw=1.5)
    bounds = "" if missing(line.r_low) else f" ({interval(line.r_low, line.r_high)})"
    told = f"r {number(line.r)}{bounds}\n"
    told += f"{int(line.n)} points, {int(line.n_clusters)} trainings"
    axes.text(0.04, 0.04, told, transform=axes.transAxes, fontsize=7.5, color=INK)

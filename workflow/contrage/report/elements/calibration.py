"""The figure of calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contrage.report.elements.ingredients import Ingredients
from contrage.report.style import GREY, INK, Figure, loss_name, save
from contrage.report.text import number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MOST = 3
"""Panels beside each other."""


def calibration(given: Ingredients) -> Figure | None:
    """Draw what is observed against what was said, with the band of chance, a panel per loss."""
    import matplotlib.pyplot as plt

    table, curves = given.tables.get("calibration"), given.tables.get("calibration_curve")
    if table is None or curves is None or not len(curves):
        return None
    rows = [row for row in given.rows if row in set(table["row"])]
    across = min(MOST, len(rows))
    down = -(-len(rows) // across)
    size = (max(4.2, 2.6 * across), 2.9 * down)
    canvas, panels = plt.subplots(
        down, across, figsize=size, sharex=True, sharey=True, squeeze=False
    )
    for axes in panels.flat[len(rows) :]:
        axes.remove()
    for axes, row in zip(panels.flat, rows, strict=False):
        found = table[table["row"] == row].iloc[0]
        own = curves[curves["row"] == row]
        _panel(axes, found, own, given.loss_colours.get(row, INK))
        axes.set_title(loss_name(row), fontsize=9.5)
    side = given.target.positive
    canvas.supxlabel(f"probability of {side}", fontsize=10)
    canvas.supylabel(f"part that is {side}", fontsize=10)
    people = int(table["n_participants"].iloc[0])
    return save(
        canvas,
        given.output,
        "calibration",
        "Calibration",
        f"{people} test people in ten bins of probability; the larger a dot, the more people. Grey "
        "bar: where the dot lies in 95 of 100 cases if the probabilities are true. ECE: expected "
        "calibration error, and what it is by chance.",
        f"Calibration curves of {len(rows)} losses.",
    )


def _panel(axes: Axes, found: pd.Series, curves: pd.DataFrame, colour: str) -> None:
    axes.plot([0, 1], [0, 1], color=GREY, lw=1, ls="--", zorder=0.5)
    for seed, curve in curves.groupby("seed"):
        said, seen = curve["probability"], curve["observed"]
        if seed == 0:
            bounds = curve["null_low"], curve["null_high"]
            axes.vlines(said, *bounds, color="0.8", lw=6, zorder=0.9)
        axes.plot(said, seen, color=colour, lw=1.2)
        size = 6 + 0.8 * curve["n"]
        axes.scatter(said, seen, s=size, color=colour, edgecolor="white", linewidth=0.5, zorder=3)
    told = f"ECE {number(found['ece'], 3)}\nby chance {number(found['null_mean'], 3)}"
    axes.text(0.04, 0.96, told, transform=axes.transAxes, va="top", fontsize=8, color=INK)
    ticks = [0, 0.5, 1]
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xticks=ticks, yticks=ticks, box_aspect=1)

"""The figure of cosines of pairs over the epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contrage.evaluation.statistics.logits import SATURATED
from contrage.report.elements.ingredients import Ingredients
from contrage.report.style import GREY, INK, Figure, loss_name, save

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MOST = 3
"""Panels beside each other."""


def pairs(given: Ingredients) -> Figure | None:
    """Draw cosines of positive and of the hardest negative pairs by epoch, a panel per loss."""
    import matplotlib.pyplot as plt

    curves = given.tables.get("logits_curves")
    if curves is None or not len(curves):
        return None
    rows = [row for row in given.rows if row in set(curves["row"])]
    across = min(MOST, len(rows))
    down = -(-len(rows) // across)
    size = (max(4.2, 2.5 * across), 0.5 + 2.2 * down)
    canvas, panels = plt.subplots(
        down, across, figsize=size, sharex=True, sharey=True, squeeze=False
    )
    for axes in panels.flat[len(rows) :]:
        axes.remove()
    for axes, row in zip(panels.flat, rows, strict=False):
        _panel(axes, curves[curves["row"] == row], given.loss_colours.get(row, INK))
        axes.set_title(loss_name(row), fontsize=9.5)
    least = curves[["positives", "negatives"]].min().min()
    panels.flat[0].set_ylim(least - 0.05, 1.03)
    handles = panels.flat[0].get_legend_handles_labels()
    canvas.legend(*handles, loc="outside upper center", ncols=2)
    canvas.supxlabel("epoch", fontsize=10)
    canvas.supylabel("mean cosine", fontsize=10)
    return save(
        canvas,
        given.output,
        "pairs",
        "Cosines of pairs over the epochs",
        "Of a fixed part of the training scans after each epoch: pairs of one label, and the "
        f"most alike pairs of different labels; a line per training. Dotted: {SATURATED:g}, "
        "from which on positive pairs have no more to gain.",
        f"Cosines of positive and negative pairs by epoch for {len(rows)} losses.",
    )


def _panel(axes: Axes, curves: pd.DataFrame, colour: str) -> None:
    axes.axhline(SATURATED, color=GREY, lw=1, ls=":", zorder=0.5)
    for place, (_, own) in enumerate(curves.groupby(["seed", "fold"])):
        own = own.sort_values("epoch")
        told = ("positive pairs", "hardest negative pairs") if place == 0 else (None, None)
        axes.plot(own["epoch"], own["positives"], color=colour, lw=1.3, label=told[0])
        axes.plot(own["epoch"], own["negatives"], color=colour, lw=1.3, ls="--", label=told[1])
    axes.xaxis.get_major_locator().set_params(integer=True)

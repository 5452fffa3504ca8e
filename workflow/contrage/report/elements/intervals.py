"""The figure of intervals: how wide they are, and what they hold of bands and of sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from contrage.evaluation.statistics.conformal import PEOPLE, SITE
from contrage.report.elements.ingredients import Ingredients
from contrage.report.style import GREY, STUDY_COLOURS, Figure, loss_name, save

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

MOST = 40
"""Sites that are drawn, those of which fewest are held first."""
COLOURS = {PEOPLE: STUDY_COLOURS[0], SITE: STUDY_COLOURS[1]}
MARKS = {PEOPLE: "o", SITE: "D"}


def intervals(given: Ingredients) -> Figure | None:
    """Draw what the best row's intervals hold, against the level, and every row's widths."""
    import matplotlib.pyplot as plt

    table = given.tables.get("intervals")
    if table is None or not table["half_width"].notna().any():
        return None
    rows = [row for row in given.rows if row in set(table["row"])]
    own = table[(table["row"] == rows[0]) & table["share"].notna()]
    bands = own[(own["part"] == "band") & (own["new"] == "person")]
    sites = own[(own["part"] == "site") & (own["new"] == "site")]
    names = _order(sites)
    left, right = [*["bands"] * bool(len(bands)), "widths"], ["sites"] * bool(names)
    heights = [max(2, bands["value"].nunique()), max(2, len(rows))][-len(left) :]
    size = (
        7.4 if right else 4.6,
        max(0.9 * len(left) + 0.27 * sum(heights), 0.7 + 0.22 * len(names)),
    )
    canvas, panels = plt.subplot_mosaic(
        [[name, *right] for name in left], figsize=size, height_ratios=heights
    )
    level = float(table["level"].iloc[0])
    if "bands" in panels:
        _shares(panels["bands"], bands, list(dict.fromkeys(bands["value"]))[::-1], level)
        panels["bands"].set_title(f"new people, by {given.target.label()}", fontsize=9.5)
    _widths(panels["widths"], table, rows, given)
    if right:
        _shares(panels["sites"], sites, names, level)
        panels["sites"].set_title(f"new {given.kind.groups}", fontsize=9.5)
    _legend(canvas, table, given)
    words = _caption(given, rows[0], len(names), bool(right)), _alt(rows)
    return save(canvas, given.output, "intervals", "Intervals", *words)


def _order(sites: pd.DataFrame) -> list[str]:
    """Return the sites that are drawn, the one of which fewest are held last."""
    least = sites[sites["interval"] == PEOPLE].sort_values("share", ascending=False, kind="stable")
    return list(least["value"])[-MOST:]


def _shares(axes: Axes, table: pd.DataFrame, names: list[str], level: float) -> None:
    """Draw shares with their intervals, a line per name, those of both half widths apart."""
    axes.axvline(level, color=GREY, lw=1, ls="--", zorder=0.5)
    kinds = list(dict.fromkeys(table["interval"]))
    people = table.drop_duplicates("value").set_index("value")["people"]
    for at, kind in enumerate(kinds):
        own = table[table["interval"] == kind].set_index("value").reindex(names)
        place = np.arange(len(names)) + 0.22 * (at - (len(kinds) - 1) / 2)
        axes.hlines(place, own["low"], own["high"], color=COLOURS[kind], lw=1.1, alpha=0.6)
        axes.scatter(own["share"], place, s=16, marker=MARKS[kind], color=COLOURS[kind], zorder=3)
    labels = [f"{name} ({people[name]})" for name in names]
    axes.set_yticks(np.arange(len(names)), labels, fontsize=8)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.6, len(names) - 0.4), xlabel="held")
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100 %"])


def _widths(axes: Axes, table: pd.DataFrame, rows: list[str], given: Ingredients) -> None:
    """Draw both half widths of each row, the best row first."""
    whole = table[table["part"] == "all"].drop_duplicates(["row", "interval"])
    for kind, own in whole.groupby("interval"):
        found = own.set_index("row")["half_width"].reindex(rows[::-1])
        axes.scatter(
            found, np.arange(len(rows)), s=24, marker=MARKS[kind], color=COLOURS[kind], zorder=3
        )
    axes.set_yticks(np.arange(len(rows)), [loss_name(row) for row in rows[::-1]], fontsize=8)
    axes.set(ylim=(-0.6, len(rows) - 0.4), xlabel=given.target.axis("± half width"))
    axes.set_xlim(0, 1.12 * whole["half_width"].max())


def _legend(canvas: Canvas, table: pd.DataFrame, given: Ingredients) -> None:
    """Say above all panels what colours are."""
    from matplotlib.lines import Line2D

    made = {PEOPLE: "made of people", SITE: f"made of {given.kind.groups}"}
    there = table.loc[table["half_width"].notna(), "interval"]
    marks = [
        Line2D([], [], color=COLOURS[kind], marker=MARKS[kind], ls="", ms=5, label=made[kind])
        for kind in made
        if kind in set(there)
    ]
    canvas.legend(handles=marks, loc="outside upper left", ncols=2, fontsize=8.5)


def _caption(given: Ingredients, row: str, sites: int, has_sites: bool) -> str:
    said = (
        f"Part of the people that an interval of {loss_name(row)} holds, with 95 % intervals, "
        "against the level (dashed); n in brackets. People by the interval of all others."
    )
    if has_sites:
        said += f" {given.kind.group.capitalize()} by {given.kind.group}: by both intervals of the"
        said += f" other {given.kind.groups} alone"
        said += f" (the {MOST} of which fewest are held)." if sites == MOST else "."
    return f"{said} Half widths of each loss."


def _alt(rows: list[str]) -> str:
    return f"Shares of people within intervals, and half widths of {len(rows)} losses."

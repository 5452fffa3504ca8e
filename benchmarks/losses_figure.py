"""The figure of `benchmarks/losses.py`: time and memory against the number of anchors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from contrage.report.style import (
    GREY,
    INK,
    LOSS_COLOURS,
    STUDY_COLOURS,
    loss_colours,
    loss_name,
    save,
    use_style,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

FLOOR_MB = 1.0  # less is noise of the allocator


def colours(names: list[str]) -> dict[str, str]:
    """Give every loss the report's colour, and another one where two would be alike."""
    spare = [*LOSS_COLOURS, *STUDY_COLOURS, GREY, INK]
    found: dict[str, str] = {}
    for name, colour in loss_colours(names).items():
        if name in names:
            taken = {*found.values(), *(c for n, c in loss_colours([]).items() if n != name)}
            free = [c for c in spare if c not in taken]
            found[name] = colour if colour not in taken or not free else free[0]
    return found


def draw(table: pd.DataFrame, folder: Path, limits: dict[str, float]) -> None:
    """Write losses-benchmark.png and .svg."""
    use_style()
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    canvas, (left, right) = plt.subplots(1, 2, figsize=(11, 5.6))
    colour = colours(list(table["loss"].unique()))
    panel(left, table, "seconds_min", colour)
    panel(right, table.assign(**_floored(table)), "peak_mb", colour)
    left.set_title("Time of one forward and backward pass, one thread")
    left.set_ylabel("seconds")
    right.set_title("Peak of memory above what was in use before")
    right.set_ylabel(f"MB (less is drawn as {FLOOR_MB:g})")
    for axes, limit, text in (
        (left, limits["seconds"], "limit: 1 s at N = 1024"),
        (right, limits["megabytes"], "limit: 1 GB at N = 1024"),
    ):
        reference(axes, limit, text)
    lines = [
        Line2D([], [], color=INK, lw=2, marker="o", ms=4, label="contrage"),
        Line2D([], [], color=INK, lw=1.2, ls="--", label="the formula written naively"),
        Line2D([], [], color=GREY, lw=1, ls=":", label="slopes N² and N³"),
    ]
    canvas.legend(handles=lines, loc="outside lower center", ncols=3)
    save(canvas, folder, "losses-benchmark", "", "", "")


def _floored(table: pd.DataFrame) -> dict[str, pd.Series]:
    return {name: table[name].clip(lower=FLOOR_MB) for name in ("peak_mb", "naive_peak_mb")}


def panel(axes: Axes, table: pd.DataFrame, column: str, colour: dict[str, str]) -> None:
    """Draw one line per loss, and a dashed one for its naive version."""
    import seaborn as sns

    look = {"x": "anchors", "hue": "loss", "palette": colour, "estimator": None, "legend": False}
    sns.lineplot(table, y=column, **look, lw=2, marker="o", ms=4, mec="none", zorder=3, ax=axes)
    sns.lineplot(table, y=f"naive_{column}", **look, lw=1.2, ls="--", ax=axes)
    last = table.dropna(subset=column).sort_values("anchors").groupby("loss").last()
    ends = {name: (end["anchors"], end[column]) for name, end in last.iterrows()}
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    sizes = sorted(table["anchors"].unique())
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()
    axes.set_xlabel("N, number of anchors (samples × views)")
    axes.set_xlim(sizes[0] / 1.15, sizes[-1] * (sizes[-1] / sizes[0]) ** 0.4)
    axes.grid(False, axis="x")
    label_ends(axes, ends, colour)
    guides(axes, sizes)


def label_ends(axes: Axes, ends: dict[str, tuple[float, float]], colour: dict[str, str]) -> None:
    """Write each loss's name beside the end of its line, moved apart where they would overlap."""
    low, high = np.log(axes.get_ylim())
    names = sorted(ends, key=lambda name: ends[name][1])
    heights = spread([float(np.log(ends[name][1])) for name in names], (high - low) / 24)
    for name, height in zip(names, heights, strict=True):
        x, y = ends[name]
        line = {"arrowstyle": "-", "color": colour[name], "lw": 0.7, "relpos": (0, 0.5)}
        axes.annotate(
            loss_name(name), (x, y), (x * 1.5, np.exp(height)), color=colour[name], fontsize=9,
            va="center", arrowprops={**line, "shrinkA": 1, "shrinkB": 3},
        )  # fmt: skip


def spread(heights: list[float], gap: float) -> list[float]:
    """Push rising heights apart until neighbours are a gap from each other."""
    heights = list(heights)
    for _ in range(300):
        for place in range(1, len(heights)):
            missing = gap - (heights[place] - heights[place - 1])
            if missing > 0:
                heights[place - 1] -= missing / 2
                heights[place] += missing / 2
    return heights


def guides(axes: Axes, sizes: list[int]) -> None:
    """Draw short lines of the slopes N² and N³ in the lower right."""
    if len(sizes) < 2:
        return
    low, high = axes.get_ylim()
    first, last = sizes[-2], sizes[-1]
    for power in (2, 3):
        start = low * (high / low) ** 0.03
        ends = (start, start * (last / first) ** power)
        axes.plot((first, last), ends, ":", color=GREY, lw=1.2)
        axes.annotate(
            f"N{'²' if power == 2 else '³'}",
            (last, ends[1]),
            (3, -2),
            color=GREY,
            textcoords="offset points",
            fontsize=8.5,
        )
    axes.set_ylim(low, high)


def reference(axes: Axes, limit: float, text: str) -> None:
    """Draw the corner that lines may not leave: the limit, up to 1024 anchors."""
    low, high = axes.get_ylim()
    left, right = axes.get_xlim()
    high = max(high, 1.6 * limit)
    axes.plot((left, 1024, 1024), (limit, limit, low), color=INK, lw=1)
    axes.annotate(text, (left, limit), (5, 4), textcoords="offset points", fontsize=9)
    axes.set(xlim=(left, right), ylim=(low, high))

"""How each kind of figure of a study is drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from contrage.report.style import GREY, INK, STUDY_COLOURS, loss_colours
from contrage.settings.steps.study import CurveAsked, FigureAsked
from contrage.study.words import label, measure, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

Labels = Mapping[str, str]
ACROSS = 4  # panels in a line
SEED, PERSON, TRAINING = "seed", "participant_id", ["seed", "fold"]


@dataclass(frozen=True)
class Panel:
    """Lines of a finished table of one overlay, cohort and row.

    Attributes
    ----------
    overlay, cohort, row : str
    lines : DataFrame
    """

    overlay: str
    cohort: str
    row: str
    lines: pd.DataFrame


def curves(asked: CurveAsked, points: pd.DataFrame, laws: pd.DataFrame, labels: Labels) -> Canvas:
    """Draw each value of a curve in a panel, with a line for each row."""
    import matplotlib.pyplot as plt

    n = len(asked.y)
    canvas, axes = plt.subplots(1, n, figsize=(4.4 * n + 0.6, 3.9), squeeze=False)
    rows = list(dict.fromkeys(points["row"]))
    colours = loss_colours(rows)
    x = pd.to_numeric(points[asked.x], errors="coerce")
    for panel, value in zip(axes[0], asked.y, strict=True):
        for row in rows:
            of_row = points[points["row"] == row].assign(_x=x).sort_values("_x", kind="stable")
            of_row = of_row.dropna(subset=[value, "_x"])
            look = {"color": colours.get(row, INK), "label": label(row, labels)}
            panel.plot(of_row["_x"], of_row[value], marker="o", markersize=5, **look)
            _ahead(panel, of_row, laws, value, colours.get(row, INK))
        if value in asked.log:
            _logarithmic(panel, x)
        panel.set_xlabel(measure(asked.x, labels))
        panel.set_ylabel(measure(value, labels))
    _legend(canvas, axes[0][0])
    return canvas


def _ahead(axes: Axes, points: pd.DataFrame, laws: pd.DataFrame, value: str, colour: str) -> None:
    """Draw what the line of a row says of a larger training set, with its interval."""
    if "forecast" not in laws or not len(points):
        return
    of_row = laws[(laws["row"] == points["row"].iloc[0]) & (laws["value"] == value)]
    for law in of_row.itertuples():
        last = points["_x"].max()
        on_line = law.factor * last**law.exponent
        ends = [last, law.forecast_size], [on_line, law.forecast]
        axes.plot(*ends, color=colour, linestyle=":", linewidth=1.2)
        axes.plot(law.forecast_size, law.forecast, marker="o", ms=6, mfc="white", mec=colour)
        if not math.isnan(law.forecast_low):
            bounds = law.forecast_low, law.forecast_high
            axes.vlines(law.forecast_size, *bounds, color=colour, linewidth=1.6)


def _legend(canvas: Canvas, axes: Axes) -> None:
    """Put names above the panels, in as many columns as the figure has room for."""
    handles, names = axes.get_legend_handles_labels()
    for columns in range(min(len(names), 4), 0, -1):
        legend = canvas.legend(handles, names, loc="outside upper left", ncols=columns)
        if columns == 1 or legend.get_window_extent().width <= canvas.bbox.width:
            return
        legend.remove()


def _logarithmic(axes: Axes, x: pd.Series) -> None:
    """Make both axes logarithmic, with the sizes themselves as ticks."""
    from matplotlib.ticker import NullFormatter, NullLocator, ScalarFormatter

    axes.set_xscale("log")
    axes.set_yscale("log")
    sizes = sorted({round(each) for each in x.dropna()})
    kept = [s for i, s in enumerate(sizes) if i == 0 or math.log(s / sizes[i - 1]) > 0.09]
    axes.set_xticks(kept, [str(each) for each in kept], rotation=45 if len(kept) > 5 else 0)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(ScalarFormatter())
    low, high = axes.get_ylim()
    axes.yaxis.set_minor_formatter(ScalarFormatter() if high < 4 * low else NullFormatter())


def _grid(n: int, width: float, height: float, same: bool = True) -> tuple[Canvas, list[Axes]]:
    """Return panels in lines of at most `ACROSS`, those that are left over switched off."""
    import matplotlib.pyplot as plt

    across = min(n, ACROSS if n != 5 else 3)
    down = math.ceil(n / across)
    size = (max(width * across, 5.5), height * down)
    canvas, axes = plt.subplots(down, across, figsize=size, squeeze=False, sharey=same, sharex=same)
    flat = list(axes.flat)
    for spare in flat[n:]:
        spare.set_visible(False)
    return canvas, flat[:n]


def _title(panel: Panel, panels: Sequence[Panel], labels: Labels) -> str:
    """Return what tells a panel from the others."""
    parts = [panel.row, panel.cohort, panel.overlay]
    varies = [len({(p.row, p.cohort, p.overlay)[i] for p in panels}) > 1 for i in range(3)]
    told = [label(part, labels) for part, differs in zip(parts, varies, strict=True) if differs]
    return ", ".join(dict.fromkeys(told)) or label(panel.row, labels)


def _of_people(lines: pd.DataFrame, keys: list[str], values: list[str]) -> pd.DataFrame:
    """Return one line for each person, the mean over seeds, where a table has one for each seed."""
    if not {SEED, PERSON} <= set(lines.columns):
        return lines
    return lines.groupby([PERSON, *keys], as_index=False, sort=False)[values].mean()


def _by_seed(lines: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield the lines of each seed: seeds see the same people, who are not more people."""
    if SEED not in lines:
        yield lines
        return
    for _, part in lines.groupby(SEED, sort=True):
        yield part


def violin(asked: FigureAsked, panels: Sequence[Panel], labels: Labels) -> tuple[Canvas, str]:
    """Draw the distribution over people of y, mean over seeds, in each group x, with its mean."""
    import seaborn as sns

    order = asked.order or tuple(dict.fromkeys(str(g) for p in panels for g in p.lines[asked.x]))
    colours = dict(zip(order, STUDY_COLOURS, strict=False))
    canvas, axes = _grid(len(panels), 2.9, 3.3)
    said = []
    for panel, ax in zip(panels, axes, strict=True):
        lines = panel.lines.dropna(subset=[asked.y])
        lines = _of_people(lines, [asked.x], [asked.y])
        there = [each for each in order if each in set(lines[asked.x])]
        look: dict[str, Any] = {"x": asked.x, "y": asked.y, "order": there, "ax": ax}
        look |= {"hue": asked.x, "hue_order": there, "palette": colours, "legend": False}
        sns.violinplot(lines, **look, inner=None, linewidth=0.8, cut=0, alpha=0.7)
        for place, group in enumerate(there):
            mean = lines.loc[lines[asked.x] == group, asked.y].mean()
            ax.hlines(mean, place - 0.3, place + 0.3, color=INK, linewidth=1.5)
            words = f"{mean:z.2f}".replace("-", "−")
            ax.annotate(words, (place, mean), (0, 3), textcoords="offset points",
                        ha="center", fontsize=8, color=INK)  # fmt: skip
            said.append(f"{panel.row} {group} {shown(mean)}")
        ax.axhline(0, color=GREY, linewidth=0.8, linestyle="--", zorder=0)
        ax.set_title(_title(panel, panels, labels))
        ax.set(xlabel="", ylabel=measure(asked.y, labels))
    return canvas, ", ".join(said)


def roc(asked: FigureAsked, panels: Sequence[Panel], labels: Labels) -> tuple[Canvas, str]:
    """Draw how well y tells the last group of `order` from the first, a panel per cohort.

    Each seed has a curve; the area is the mean of theirs.
    """
    from sklearn.metrics import roc_auc_score, roc_curve

    negative, positive = asked.order[0], asked.order[-1]
    both = [each for each in panels if _has_both(asked, each, negative, positive)]
    groups = _by_cohort(both, labels)
    canvas, axes = _grid(max(len(groups), 1), 3.9, 3.9)
    colours, said = loss_colours(p.row for p in panels), []
    for (cohort, own), ax in zip(groups.items(), axes, strict=bool(groups)):
        ax.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle="--")
        for panel in own:
            lines = panel.lines.dropna(subset=[asked.y])
            lines = lines[lines[asked.x].isin([negative, positive])]
            curves, areas = [], []
            for seed in _by_seed(lines):
                truth = (seed[asked.x] == positive).astype(int)
                if truth.nunique() == 2:
                    curves.append(roc_curve(truth, seed[asked.y])[:2])
                    areas.append(roc_auc_score(truth, seed[asked.y]))
            if not areas:
                continue
            words = f"{label(panel.row, labels)} {np.mean(areas):.2f}"
            for place, (false, true) in enumerate(curves):
                shown_as = "_" if place else words  # with _ matplotlib's legend leaves it out
                ax.plot(false, true, color=colours.get(panel.row, INK), label=shown_as)
            said.append(f"{cohort} {words}")
        ax.set_title(cohort if len(groups) > 1 else "")
        ax.set(xlabel=f"share of {negative} called {positive}", aspect="equal")
        ax.set_ylabel(f"share of {positive} found")
        ax.legend(loc="lower right", title="AUC")
    return canvas, ", ".join(said)


def _has_both(asked: FigureAsked, panel: Panel, *groups: str) -> bool:
    """Return whether a panel has people of all groups of whom y is known."""
    known = panel.lines.dropna(subset=[asked.y])
    return set(groups) <= set(known[asked.x])


def _by_cohort(panels: Sequence[Panel], labels: Labels) -> dict[str, list[Panel]]:
    found: dict[str, list[Panel]] = {}
    several = len({panel.overlay for panel in panels}) > 1
    for panel in panels:
        parts = [panel.overlay, panel.cohort] if several else [panel.cohort]
        name = ", ".join(dict.fromkeys(label(each, labels) for each in parts))
        found.setdefault(name, []).append(panel)
    return found


def line(asked: FigureAsked, panels: Sequence[Panel], labels: Labels) -> tuple[Canvas, str]:
    """Draw y over x, a line for each seed and value of `by`, or row where there is none."""
    together = asked.by is None
    groups = (
        _by_cohort(panels, labels) if together else {_title(p, panels, labels): [p] for p in panels}
    )
    canvas, axes = _grid(len(groups), 3.6, 3.5)
    for (title, own), ax in zip(groups.items(), axes, strict=True):
        if asked.diagonal:
            ax.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle="--")
        for name, lines, colour in _coloured(asked, own, labels):
            lines = lines.dropna(subset=[asked.x, asked.y]).sort_values(asked.x, kind="stable")
            for place, seed in enumerate([lines] if asked.x == SEED else _by_seed(lines)):
                look = {"color": colour, "label": "_" if place else name}
                ax.plot(seed[asked.x], seed[asked.y], marker="o", markersize=4, **look)
                if asked.low and asked.high:
                    low, high = seed[asked.low], seed[asked.high]
                    ax.fill_between(seed[asked.x], low, high, color=colour, alpha=0.15, linewidth=0)
        ax.set_title(title if len(groups) > 1 else "")
        ax.set(xlabel=measure(asked.x, labels), ylabel=measure(asked.y, labels))
    _legend(canvas, axes[0])
    return canvas, f"{len(groups)} panels"


def _coloured(
    asked: FigureAsked, panels: Sequence[Panel], labels: Labels
) -> list[tuple[str, pd.DataFrame, str]]:
    """Return name, lines and colour of each line of a panel."""
    if asked.by is None:
        colours = loss_colours(panel.row for panel in panels)
        return [(label(p.row, labels), p.lines, colours.get(p.row, INK)) for p in panels]
    frame = pd.concat([panel.lines for panel in panels])
    order = asked.order or tuple(dict.fromkeys(frame[asked.by].astype(str)))
    colours = dict(zip(order, (*STUDY_COLOURS, *[GREY] * len(order)), strict=False))
    parts = [(name, frame[frame[asked.by].astype(str) == name]) for name in order]
    return [(label(name, labels), part, colours[name]) for name, part in parts if len(part)]


def scatter(asked: FigureAsked, panels: Sequence[Panel], labels: Labels) -> tuple[Canvas, str]:
    """Draw points and the line through them, with r, its Fisher interval and n, per panel.

    The interval takes points as independent, which those of one training are not; it says so.
    """
    canvas, axes = _grid(len(panels), 3.4, 3.4, same=False)
    colours, said = loss_colours(panel.row for panel in panels), []
    for panel, ax in zip(panels, axes, strict=True):
        lines = panel.lines.dropna(subset=[asked.x, asked.y])
        lines = _of_people(lines, [], [asked.x, asked.y])
        x, y = lines[asked.x].to_numpy(float), lines[asked.y].to_numpy(float)
        ax.scatter(x, y, color=colours.get(panel.row, INK), s=22, edgecolor="white", linewidth=0.5)
        words = _count(lines)
        if len(x) > 3 and x.std() > 0 and y.std() > 0:
            slope, start = np.polyfit(x, y, 1)
            ends = np.array([x.min(), x.max()])
            ax.plot(ends, start + slope * ends, color=INK, linewidth=1)
            words = _correlation(x, y, words)
        ax.set_title(f"{_title(panel, panels, labels)}\n{words}", fontsize=9)
        ax.set(xlabel=measure(asked.x, labels), ylabel=measure(asked.y, labels))
        said.append(f"{_title(panel, panels, labels)}: {words.replace(chr(10), ' ')}")
    return canvas, "; ".join(said)


def _count(lines: pd.DataFrame) -> str:
    """Return how many points there are, and of how many trainings if the table says."""
    count = f"n = {len(lines)}"
    if not set(TRAINING) <= set(lines.columns):
        return count
    return f"{count} of {len(lines.drop_duplicates(TRAINING))} trainings"


def _correlation(x: np.ndarray, y: np.ndarray, count: str) -> str:
    from scipy.stats import pearsonr

    found = pearsonr(x, y)
    low, high = found.confidence_interval()
    bounds = f"{low:.2f} to {high:.2f},\nas if points were independent"
    return f"r = {found.statistic:.2f}, {count}\n({bounds})".replace("-", "−")


KINDS: dict[str, Callable[..., tuple[Any, str]]] = {
    "violin": violin,
    "roc": roc,
    "line": line,
    "scatter": scatter,
}

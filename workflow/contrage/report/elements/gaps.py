"""Figures of the brain-age gap: by group, as ROC curves, and over the years."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contrage.evaluation.statistics.gap import ALL
from contrage.report.elements.ingredients import Ingredients
from contrage.report.style import GREY, INK, Figure, loss_name, save
from contrage.report.text import interval, listed, number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

GROUP_COLOURS = ("#0072B2", "#56B4E9", "#E69F00", "#D55E00", "#CC79A7", "#009E73", "#5D4A8A")
"""Okabe and Ito's, from blue for controls to vermilion."""
METHODS = {"cole": "Cole's method", "residual": "residual of the line of controls", "raw": "raw"}
WIDTH, MOST = 7.0, 4
"""Inches of the page; panels beside each other."""


def of_row(row: str, cohort: str, cohorts: int) -> str:
    """Return what stands above a panel."""
    return loss_name(row) if cohort == ALL or cohorts < 2 else f"{loss_name(row)}, {cohort}"


def shown(table: pd.DataFrame, rows: list[str]) -> list[tuple[str, str]]:
    """Return the rows and cohorts of a table in the order of the table of errors."""
    there = table.groupby(["row", "cohort"], sort=False).size().index.tolist()
    order = {row: place for place, row in enumerate(rows)}
    return sorted((pair for pair in there if pair[0] in order), key=lambda pair: order[pair[0]])


def colours(groups: list[str]) -> dict[str, str]:
    """Return the colour of each group."""
    return {name: GROUP_COLOURS[at % len(GROUP_COLOURS)] for at, name in enumerate(groups)}


def with_patients(table: pd.DataFrame) -> pd.DataFrame:
    """Return the lines of cohorts with several groups, as far as there are such cohorts."""
    several = table.groupby("cohort")["group"].transform("nunique") > 1
    return table[several] if several.any() else table


def gap_by_group(given: Ingredients) -> Figure | None:
    """Draw the gap of each group as violins, with the mean and its interval."""
    import matplotlib.pyplot as plt

    table, people = given.tables.get("gap"), given.tables.get("gap_people")
    if table is None or people is None or not len(table):
        return None
    kind = table["kind"].iloc[0]
    palette = colours(table["group"].drop_duplicates().tolist())
    table = with_patients(table[(table["kind"] == kind) & table["mean"].notna()])
    pairs = shown(table, given.rows)
    if not pairs:
        return None
    across = min(MOST, len(pairs))
    down = -(-len(pairs) // across)
    size = (WIDTH if across > 1 else 4.5, 2.9 * down)
    canvas, panels = plt.subplots(down, across, figsize=size, sharey=True, squeeze=False)
    for axes in panels.flat[len(pairs) :]:
        axes.remove()
    cohorts = table["cohort"].nunique()
    for axes, (row, cohort) in zip(panels.flat, pairs, strict=False):
        own, each = (every[_is(every, row, cohort)] for every in (table, people))
        _violins(axes, own, each, kind, palette)
        axes.set_title(of_row(row, cohort, cohorts).replace(", ", "\n"), fontsize=9.5)
        axes.set(xlabel="", ylabel="")
    canvas.supylabel("brain-age gap in years", fontsize=10)
    groups = listed(table["group"].drop_duplicates().tolist())
    return save(
        canvas,
        given.output,
        "gap_by_group",
        "Brain-age gap by group",
        f"Predicted minus true age ({METHODS[kind]}) at each person's first scan. Violin: people, "
        "mean over seeds; white dot: mean, with its bootstrap interval over people; below the name "
        "of a group stands how many they are.",
        f"Violins of the brain-age gap of {groups} by {len(pairs)} models.",
    )


def _is(table: pd.DataFrame, row: str, cohort: str) -> pd.Series:
    return (table["row"] == row) & (table["cohort"] == cohort)


def _violins(
    axes: Axes, table: pd.DataFrame, people: pd.DataFrame, kind: str, palette: dict[str, str]
) -> None:
    import seaborn as sns

    groups = table["group"].tolist()
    each = people.groupby(["group", "participant_id"], as_index=False)[kind].mean()
    look = {"x": "group", "hue": "group", "order": groups, "hue_order": groups, "legend": False}
    sns.violinplot(
        each, y=kind, **look, palette=palette, inner=None, cut=0, linewidth=0.6,
        density_norm="width", alpha=0.75, ax=axes,
    )  # fmt: skip
    axes.axhline(0, color=GREY, linewidth=0.8, linestyle="--", zorder=0.5)
    places = range(len(groups))
    axes.vlines(places, table["ci_low"], table["ci_high"], color=INK, linewidth=2, zorder=3)
    axes.scatter(places, table["mean"], s=26, color="white", edgecolor=INK, zorder=4)
    names = [f"{name}\n{int(n)}" for name, n in zip(groups, table["n"], strict=True)]
    axes.set_xticks(list(places), names, fontsize=8)


def roc(given: Ingredients) -> Figure | None:
    """Draw the ROC curve of each loss, and that of age alone, by cohort."""
    import matplotlib.pyplot as plt

    table, curves = given.tables.get("roc"), given.tables.get("roc_curves")
    if table is None or curves is None or not len(curves):
        return None
    kind = table["score"].iloc[0]
    cohorts = list(dict.fromkeys(cohort for _, cohort in shown(curves, given.rows)))
    if not cohorts:
        return None
    size = (4.6 * len(cohorts), 4.6)
    canvas, panels = plt.subplots(1, len(cohorts), figsize=size, squeeze=False)
    for axes, cohort in zip(panels.flat, cohorts, strict=True):
        _curves(axes, given, table[table["cohort"] == cohort], curves, cohort, kind)
        if len(cohorts) > 1:
            axes.set_title(cohort)
    line = table.iloc[0]
    sides = f"{line['positive']} from {line['negative']}"
    seeds = " One curve per seed; areas are means over seeds." if curves["seed"].any() else ""
    return save(
        canvas,
        given.output,
        "roc",
        f"{line['positive']} told from {line['negative']} by the gap",
        f"ROC curves of the brain-age gap ({METHODS[kind]}) at each person's first scan; in "
        f"brackets the area and its interval (DeLong). Age alone is what telling by how old people "
        f"are comes to.{seeds}",
        f"ROC curves that tell {sides} by {table['row'].nunique() - 1} losses.",
    )


def _curves(
    axes: Axes,
    given: Ingredients,
    table: pd.DataFrame,
    curves: pd.DataFrame,
    cohort: str,
    kind: str,
) -> None:
    rates = ["false_positive_rate", "true_positive_rate"]
    here = curves[curves["cohort"] == cohort]
    by_age = here[here["score"] == "age"]
    if len(by_age):
        (found,) = table[table["score"] == "age"].drop_duplicates("cohort").itertuples()
        label = f"age alone ({_area(found)})"
        first = by_age[by_age["row"] == by_age["row"].iloc[0]]
        axes.plot(*first[rates].to_numpy().T, color=GREY, linestyle="--", lw=1.4, label=label)
    for row in given.rows:
        own = here[(here["row"] == row) & (here["score"] == kind)]
        for seed, curve in own.groupby("seed"):
            found = table[(table["row"] == row) & (table["score"] == kind)].iloc[0]
            label = f"{loss_name(row)} ({_area(found)})" if seed == own["seed"].iloc[0] else None
            colour = given.loss_colours.get(row, INK)
            axes.plot(*curve[rates].to_numpy().T, color=colour, lw=1.6, label=label)
    axes.plot([0, 1], [0, 1], color="0.8", lw=1, zorder=0.5)
    ticks = [0, 0.25, 0.5, 0.75, 1]
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), xticks=ticks, yticks=ticks, box_aspect=1)
    first = table.iloc[0]
    axes.set_xlabel(f"part of {first['negative']} taken for {first['positive']}")
    axes.set_ylabel(f"part of {first['positive']} recognised")
    axes.legend(loc="lower right", fontsize=8)


def _area(found: pd.Series) -> str:
    return f"{number(found.auc)}, {interval(found.ci_low, found.ci_high)}"


def slopes(given: Ingredients) -> Figure | None:
    """Draw how the gap of everyone changed since the first scan, and the slope of each group."""
    import matplotlib.pyplot as plt

    table, people = given.tables.get("slopes"), given.tables.get("slopes_people")
    if table is None or people is None or not len(people):
        return None
    kind = table["kind"].iloc[0]
    table = table[(table["kind"] == kind) & table["slope"].notna()]
    pairs, groups = shown(table, given.rows), table["group"].drop_duplicates().tolist()
    if not pairs:
        return None
    size = (max(4.5, 1.75 * len(groups)), 0.6 + 1.75 * len(pairs))
    canvas, panels = plt.subplots(
        len(pairs), len(groups), figsize=size, sharex=True, sharey=True, squeeze=False
    )
    cohorts = table["cohort"].nunique()
    for line, (row, cohort) in zip(panels, pairs, strict=True):
        own = people[_is(people, row, cohort)]
        for axes, group in zip(line, groups, strict=True):
            found = table[_is(table, row, cohort) & (table["group"] == group)]
            _followed(axes, own[own["group"] == group], found, kind, colours(groups)[group])
        line[0].set_ylabel(of_row(row, cohort, cohorts).replace(", ", "\n"), fontsize=9)
    for axes, group in zip(panels[0], groups, strict=True):
        axes.set_title(group)
    reach = people[kind] - people.groupby(["row", "participant_id"])[kind].transform("first")
    axes.set_ylim(*reach.quantile([0.005, 0.995]))
    canvas.supxlabel("years since the first scan", fontsize=10)
    canvas.supylabel("change of the gap in years", fontsize=10)
    return save(
        canvas,
        given.output,
        "slopes",
        "Brain-age gap over the years",
        f"Faint: change of each person's gap ({METHODS[kind]}) since the first scan. Line and "
        "band: the group's slope with its bootstrap interval over people, written above it in "
        "years of gap per year. The outermost half per cent is cut off.",
        f"Change of the brain-age gap over years of {listed(groups)} by {len(pairs)} models.",
    )


def _followed(
    axes: Axes, people: pd.DataFrame, found: pd.DataFrame, kind: str, colour: str
) -> None:
    for _, one in people.groupby("participant_id"):
        axes.plot(one["years"], one[kind] - one[kind].iloc[0], color=colour, lw=0.5, alpha=0.2)
    axes.axhline(0, color=GREY, linewidth=0.8, linestyle="--", zorder=0.5)
    if not len(found):
        return
    from matplotlib.patheffects import withStroke

    (group,), end = found.itertuples(), people["years"].max()
    low, high = (0, group.ci_low * end), (0, group.ci_high * end)
    axes.fill_between([0, end], low, high, color=INK, alpha=0.18, linewidth=0, zorder=3)
    axes.plot([0, end], [0, group.slope * end], color=INK, lw=2, zorder=4)
    text = f"{number(group.slope)} ({interval(group.ci_low, group.ci_high)})\n{int(group.n)} people"
    axes.text(
        0.04, 0.97, text, transform=axes.transAxes, va="top", fontsize=7.5, color=INK,
        path_effects=[withStroke(linewidth=2.5, foreground="white")],
    )  # fmt: skip

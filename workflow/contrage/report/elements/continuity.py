"""The figure of continuity: Lipschitz factors of each row, and what goes with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from contrage.report.elements.ingredients import Ingredients
from contrage.report.style import GREY, INK, Figure, loss_name, save
from contrage.report.text import missing, number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SHOWN = 0.98
"""Part of the factors that are drawn: a few have no end."""


def continuity(given: Ingredients) -> Figure | None:
    """Draw the factors of each row as violins; beside them draws of people against a reference."""
    import matplotlib.pyplot as plt

    table, people = given.tables.get("lipschitz"), given.tables.get("lipschitz_people")
    if table is None or people is None or not people["factor"].notna().any():
        return None
    table = table.set_index("row")
    rows = [row for row in given.rows if row in table.index]
    draws = given.tables.get("lipschitz_draws")
    drawn = [] if draws is None else [row for row in rows if row in set(draws["row"])]
    size = (7.0 if drawn else 4.4, max(3.0, 0.9 + 0.42 * len(rows)))
    canvas, panels = plt.subplots(1, 1 + bool(drawn), figsize=size, squeeze=False)
    _factors(panels[0][0], people, table, rows, given)
    if drawn:
        _draws(panels[0][1], draws, table, drawn, given)
    reference = next((each for each in table["reference"] if not missing(each)), "")
    caption = (
        "How far targets of nearest neighbours are apart, over how far their features are: small "
        f"is smooth. White dot: median; the largest {round(100 * (1 - SHOWN))} of 100 are not "
        "drawn."
    )
    if drawn:
        caption += (
            f" Right: a dot is a draw of test people, against {loss_name(reference)}: smoother to "
            "the right, better r above; ρ is the correlation of both."
        )
    return save(
        canvas,
        given.output,
        "continuity",
        "Continuity of the features",
        caption,
        f"Violins of Lipschitz factors of {len(rows)} losses.",
    )


def _factors(
    axes: Axes, people: pd.DataFrame, table: pd.DataFrame, rows: list[str], given: Ingredients
) -> None:
    """Draw a violin a row, the smoothest first."""
    import seaborn as sns

    rows = sorted(rows, key=lambda row: table.loc[row, "median"])
    known = people[people["factor"].notna() & people["row"].isin(rows)]
    end = known["factor"].quantile(SHOWN)
    sns.violinplot(
        known[known["factor"] <= end], x="factor", y="row", hue="row", order=rows, ax=axes,
        palette={row: given.loss_colours.get(row, INK) for row in rows}, cut=0, inner=None,
        density_norm="width", linewidth=0.6, saturation=1, legend=False,
    )  # fmt: skip
    at = np.arange(len(rows))
    axes.scatter(
        table.loc[rows, "median"], at, s=22, color="white", edgecolor=INK, linewidth=0.8, zorder=4
    )
    axes.set_yticks(at, [loss_name(row) for row in rows], fontsize=9)
    axes.set(xlabel=given.target.axis("Lipschitz factor"), ylabel="", xlim=(0, end))
    axes.set_title("smoother to the left", fontsize=9.5)


def _draws(
    axes: Axes, draws: pd.DataFrame, table: pd.DataFrame, rows: list[str], given: Ingredients
) -> None:
    axes.axhline(0, color=GREY, lw=0.8, zorder=0.5)
    axes.axvline(0, color=GREY, lw=0.8, zorder=0.5)
    for row in rows:
        own = draws[draws["row"] == row]
        label = f"{loss_name(row)}, ρ {number(table.loc[row, 'rho'])}"
        colour = given.loss_colours.get(row, INK)
        axes.scatter(own["z"], own["r_gap"], s=9, color=colour, alpha=0.6, linewidth=0, label=label)
    reference = loss_name(table["reference"].dropna().iloc[0])
    axes.set(xlabel=f"Z: smoother than {reference}", ylabel=f"r minus that of {reference}")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=8, handletextpad=0.2)

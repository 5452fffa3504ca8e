"""Figures of predictions person by person: against the truth, and the error by band of target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from contrage.dataset.roles import REPORTED
from contrage.evaluation.statistics.bands import LEAST, bands
from contrage.report.digits import error_digits
from contrage.report.elements.ingredients import Ingredients
from contrage.report.elements.outcome import over_seeds, width_of_page
from contrage.report.style import GREY, INK, Figure, loss_name, save
from contrage.report.text import count, number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

NORMAL = 1.96
"""Standard deviations between which 95 % of a normal distribution lie."""
BANDS = 5
"""Into which the range of a target is cut that has no decades."""


def bland_altman(given: Ingredients) -> Figure | None:
    """Draw predicted minus true target over the mean of both, a panel per loss."""
    import pandas as pd
    import seaborn as sns

    tests = {row: over_seeds(given.predictions(row)) for row in given.rows}
    tests = {row: frame for row, frame in tests.items() if len(frame) > 1}
    if not tests:
        return None
    every, colours = given.grouped(pd.concat(tests, names=["row"]).reset_index())
    every = every.assign(
        middle=(every["mean"] + every["target"]) / 2, apart=every["mean"] - every["target"]
    )
    grid = sns.relplot(
        every, x="middle", y="apart", col="row", hue="group", hue_order=list(colours),
        palette=colours, s=12 if len(every) > 200 * len(tests) else 24, linewidth=0.4,
        legend=False, **width_of_page(len(tests), 3.4, 2.9, 2.3),
    )  # fmt: skip
    said = []
    for row, part in every.groupby("row", sort=False):
        said.append(_limits(grid.axes_dict[row], given, str(row), part["apart"].to_numpy()))
    word = given.target.word
    grid.set_axis_labels("", "")
    grid.figure.supxlabel(given.target.label(f"mean of predicted and true {word}"), fontsize=10)
    grid.figure.supylabel(given.target.label("predicted minus true"), fontsize=10)
    n = len(next(iter(tests.values())))
    many = "mean prediction over seeds" if len(given.settings.seeds) > 1 else "the one seed"
    return save(
        grid.figure,
        given.output,
        "bland_altman",
        f"Agreement of predicted and true {word} (Bland and Altman)",
        f"{count(n, 'test scan')} per panel ({many}). Line: mean difference; dashed: 1.96 standard "
        "deviations to either side, between which 95 % of differences lie if they are normal. A "
        "cloud that leans says that the error depends on the target: predictions lean to the mean.",
        f"Predicted minus true {word} over their mean. {' '.join(said)}",
    )


def _limits(axes: Axes, given: Ingredients, row: str, apart: np.ndarray) -> str:
    """Draw the mean difference and the limits of agreement; say them."""
    middle, sd = float(apart.mean()), float(apart.std(ddof=1))
    low, high = middle - NORMAL * sd, middle + NORMAL * sd
    axes.axhline(0, color=GREY, lw=0.8, zorder=0.5)
    axes.axhline(middle, color=INK, lw=1.4)
    for limit in (low, high):
        axes.axhline(limit, color=INK, lw=1.1, ls="--")
    digits = error_digits(given.target)
    told = f"{number(middle, digits)} ({number(low, digits)} to {number(high, digits)})"
    axes.set_title(f"{loss_name(row)}\n{told}", fontsize=9)
    return f"{loss_name(row)}: {told}."


def error_by_band(given: Ingredients) -> Figure | None:
    """Draw the mean error of each loss in bands of the target, with its interval."""
    data = people_by_band(given)
    if data is None or data["band"].nunique() < 2:
        return None
    rows = [row for row in given.rows if row in set(data["row"])]
    sizes = data[data["row"] == rows[0]].groupby("band", observed=True).size()
    names = {band: f"{band}\nn = {size}" for band, size in sizes.items()}
    data = data.assign(band=data["band"].map(names).astype(str), name=data["row"].map(loss_name))
    canvas = _points_by_band(given, data, rows, list(names.values()))
    said = data.groupby(["name", "band"], sort=False)["error"].mean()
    digits = error_digits(given.target)
    told = [f"{n}, {b.partition(chr(10))[0]}: {e:.{digits}f}" for (n, b), e in said.items()]
    return save(
        canvas,
        given.output,
        "error_by_band",
        f"Error by {given.target.word}",
        f"{int(sizes.sum())} test participants, each with the mean error over scans and seeds; n: "
        f"how many are in a band. Dot: mean; bar: {100 * given.settings.statistics.confidence:g} % "
        "bootstrap interval over the participants of the band (percentiles). Bands with fewer "
        f"than {LEAST} are joined with a neighbour.",
        f"Mean absolute error by band. {'; '.join(told)}.",
    )


def _points_by_band(
    given: Ingredients, data: pd.DataFrame, rows: list[str], order: list[str]
) -> Canvas:
    """Draw a dot and a bar for each loss and band."""
    import matplotlib.pyplot as plt
    import seaborn as sns

    statistics = given.settings.statistics
    canvas, axes = plt.subplots(figsize=(7.8, 3.6))
    sns.pointplot(
        data, x="band", y="error", hue="name", order=order, ax=axes,
        hue_order=[loss_name(row) for row in rows], dodge=0.6 if len(rows) > 1 else False,
        palette=[given.loss_colours[row] for row in rows], linestyle="none", markersize=5,
        errorbar=("ci", 100 * statistics.confidence), n_boot=statistics.bootstrap,
        seed=statistics.seed, err_kws={"linewidth": 1.6},
    )  # fmt: skip
    axes.set(ylim=(0, None), xlabel=given.target.label())
    axes.set_ylabel(given.target.label("mean absolute error"))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4)
    return canvas


def people_by_band(given: Ingredients) -> pd.DataFrame | None:
    """Return row, participant_id, error (mean over scans and seeds) and band of each test person.

    Of several scans the band is that of their mean target. None without predictions.
    """
    import pandas as pd

    parts = []
    for row in given.rows:
        frames = [frame[frame["split"] == REPORTED] for frame in given.predictions(row)]
        if not frames or not len(frames[0]):
            continue
        both = pd.concat(frames)
        both = both.assign(error=(both["predicted"] - both["target"]).abs())
        found = both.groupby("participant_id")[["error", "target"]].mean().reset_index()
        parts.append(found.assign(row=row))
    if not parts:
        return None
    data = pd.concat(parts, ignore_index=True)
    people = data.drop_duplicates("participant_id").set_index("participant_id")["target"]
    reach = float(people.max() - people.min())
    width = 10.0 if given.target.is_age else float(f"{reach / BANDS:.1g}") or 1.0
    number_of, names = bands(people, None, width)
    band = pd.Series([names[at] for at in number_of], index=people.index)
    order = pd.CategoricalDtype(names, ordered=True)
    return data.assign(band=data["participant_id"].map(band).astype(order))

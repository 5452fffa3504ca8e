"""Strips: a line of dots per group, with a box where there are many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from contrage.report.style import INK

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection


def strips(
    axes: Axes, data: pd.DataFrame, x: str, colours: dict[str, str], most: float = np.inf
) -> list[tuple[PathCollection, pd.DataFrame]]:
    """Draw a line of dots per group, and a box of the middle half of five or more.

    Parameters
    ----------
    data : DataFrame
        With columns ``group`` and `x`, the values drawn, of which none is missing.
    colours : dict
        Of every group, in the order from the top.
    most : float
        With more rows, only those are dots that lie outside a box's whiskers.

    Returns
    -------
    list of (PathCollection, DataFrame)
        The dots of each group and their rows, in one order.
    """
    import seaborn as sns

    np.random.seed(0)  # seaborn's jitter comes from here: the same figure every time
    look = {"x": x, "y": "group", "hue": "group", "order": list(colours), "palette": colours}
    look |= {"hue_order": list(colours), "legend": False, "orient": "h", "ax": axes}
    values = data.groupby("group")[x]
    if len(boxed := data[values.transform("size") >= 5]):
        sns.boxplot(
            boxed, **look, whis=(25, 75), showcaps=False, showfliers=False, saturation=1,
            width=0.68, linewidth=0, boxprops={"alpha": 0.18},
            medianprops={"color": INK, "linewidth": 2},
        )  # fmt: skip
    if len(data) > most:
        low, high = values.transform("quantile", 0.25), values.transform("quantile", 0.75)
        data = data[(data[x] - (low + high) / 2).abs() > 2 * (high - low)]
    before = len(axes.collections)
    sns.stripplot(data, **look, jitter=0.25, size=4.5, alpha=0.7)
    axes.set(xlabel="", ylabel="")
    parts = (data[data["group"] == group] for group in colours)
    return list(zip(axes.collections[before:], parts, strict=True))

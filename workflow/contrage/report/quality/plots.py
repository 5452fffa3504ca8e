"""Strip plots as SVG inside the page: a dot per scan that leads to its row."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from html import escape, unescape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from contrage.report.quality.rows import metric
from contrage.report.strips import strips
from contrage.report.style import GREY, INK, NO_SITE, study_colours, use_style
from contrage.report.text import number
from contrage.settings.blocks.quality import QualitySettings
from contrage.settings.build import as_plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NO_METADATA = ("Creator", "Date", "Format", "Type")
MOST_DOTS = 600
"""Above this number of scans only those are dots that lie outside the middle half's whiskers."""


def distributions(
    table: pd.DataFrame, names: list[str], limits: QualitySettings, called: Mapping[str, str]
) -> list[str]:
    """Return one SVG per metric that differs between scans, with a line per site.

    Parameters
    ----------
    table : DataFrame
        `contrage.report.quality.rows.scan_rows`.
    names : list of str
        The metrics.
    limits : QualitySettings
        Of a metric its min_<metric> and max_<metric> are dashed lines.
    called : mapping of str to str
        scan_id → what the page calls it.
    """
    use_style()
    table = table.assign(scan=table["scan_id"].map(called))
    known, plots = as_plain(limits), []
    for name in names:
        values = pd.to_numeric(table[name], errors="coerce").astype(float)
        if values.nunique() > 1 and not is_truth_value(table[name]):
            ends = (f"min_{name}", f"max_{name}")
            bounds = [known[end] for end in ends if end in known and known[end] is not None]
            plots.append(plot(table, values, name, bounds))
    return plots


def is_truth_value(values: pd.Series) -> bool:
    """Return whether a column says yes and no."""
    known = values.dropna()
    return len(known) > 0 and all(isinstance(value, bool | np.bool_) for value in known)


def plot(table: pd.DataFrame, values: pd.Series, name: str, limits: list[float]) -> str:
    """Return the SVG of one metric: a line per site, a box of the middle half, dots."""
    from matplotlib.figure import Figure

    shown = metric(name)
    title = f"{shown.label}: {shown.meaning}" if shown.meaning else shown.label
    data = table.assign(value=values, site=table["site"].fillna(NO_SITE)).dropna(subset="value")
    sizes = data["site"].value_counts().sort_index()
    colours = study_colours(table["site"]) | {NO_SITE: GREY if len(sizes) > 1 else INK}
    names = {site: f"{site} ({size})" for site, size in sizes.items()}
    data["group"] = data["site"].map(names)
    canvas = Figure(figsize=(6.4, 0.6 + 0.3 * len(names)), layout="constrained")
    axes = canvas.subplots()
    canvas.suptitle(title, x=0, ha="left", size=9, weight="bold")
    palette = {text: colours[site] for site, text in names.items()}
    for dots, part in strips(axes, data, "value", palette, MOST_DOTS):
        doubtful = part["status"].isin(("flagged", "misplaced"))
        dots.set(edgecolor=INK, linewidth=np.where(doubtful, 1.6, 0))
        dots.set_urls([f"#{scan}" for scan in part["scan"].str.replace(" ", "-")])
    for limit in limits:
        axes.axvline(limit, color=INK, ls="--", lw=1.3, gid="limit")
    told = {
        row.scan.replace(" ", "-"): f"{row.scan}: {number(row.value, 3)}"
        for row in data.itertuples()
    }
    return _within_page(canvas, f"{title}, by site", told)


def _within_page(canvas: Figure, title: str, told: dict[str, str]) -> str:
    """Return a figure as SVG with links inside the page, each with what is told of its scan."""
    import matplotlib as mpl

    def link(found: re.Match) -> str:
        text = escape(told[unescape(found[1])])
        return f'<a href="#{found[1]}" tabindex="-1"><title>{text}</title>'

    file = io.StringIO()
    # Names of parts are different in each figure, since all of them stand in one page.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": title}):
        canvas.savefig(file, format="svg", metadata=dict.fromkeys(NO_METADATA))
    svg = re.sub(r'<a xlink:href="#([^"]+)"[^>]*>', link, file.getvalue().partition("<svg")[2])
    svg = re.sub(r' (id="[A-Za-z0-9.]+_\d+"|xmlns(:xlink)?="[^"]*")', "", svg)
    svg = svg.replace('id="limit"', 'class="limit"')
    return f'<svg role="group" aria-label="{escape(title)}"{svg}'

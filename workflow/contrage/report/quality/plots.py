"""Strip plots as SVG inside the page: a dot per scan that leads to its row."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import numpy as np
import pandas as pd

from contrage.report.quality.rows import metric
from contrage.report.style import GREY, INK, STUDY_COLOURS, study_colours
from contrage.report.text import number

WIDTH, LEFT, RIGHT, LINE, FOOT = 640, 150, 20, 30, 34
MOST_DOTS = 600
"""Above this number of scans only those are dots that lie outside the middle half's whiskers."""
NO_SITE = "(not given)"


def distributions(table: pd.DataFrame, names: list[str], limits: Mapping[str, float]) -> list[str]:
    """Return one SVG per metric that differs between scans, with a line per site.

    Parameters
    ----------
    table : DataFrame
        `contrage.report.quality.rows.scan_rows`.
    names : list of str
        The metrics.
    limits : mapping
        min_<metric> and max_<metric>: dashed lines.
    """
    plots = []
    for name in names:
        values = pd.to_numeric(table[name], errors="coerce").astype(float)
        if values.nunique() > 1 and not is_truth_value(table[name]):
            bounds = [limits.get(f"{end}_{name}") for end in ("min", "max")]
            plots.append(strips(table, values, name, [b for b in bounds if b is not None]))
    return plots


def is_truth_value(values: pd.Series) -> bool:
    """Return whether a column says yes and no."""
    known = values.dropna()
    return len(known) > 0 and all(isinstance(value, bool | np.bool_) for value in known)


def strips(table: pd.DataFrame, values: pd.Series, name: str, limits: list[float]) -> str:
    """Return the SVG of one metric: a line per site, a box of the middle half, dots."""
    sites = table["site"].fillna(NO_SITE)
    colours = study_colours(table["site"]) | {NO_SITE: GREY if sites.nunique() > 1 else INK}
    known = [site for site in sorted(sites.unique()) if values[sites == site].notna().any()]
    height = LINE * len(known) + FOOT + 22
    low, high, ticks = axis([*values.dropna(), *limits])
    scale = (WIDTH - LEFT - RIGHT) / (high - low)

    def x(value: float) -> float:
        return round(LEFT + (value - low) * scale, 1)

    shown = metric(name)
    title = f"{shown.label}: {shown.meaning}" if shown.meaning else shown.label
    parts = [f'<text x="0" y="13" class="title">{escape(title)}</text>']
    bottom = 22 + LINE * len(known)
    for tick in ticks:
        parts.append(f'<path class="grid" d="M{x(tick)} 22V{bottom}"/>')
        parts.append(f'<text x="{x(tick)}" y="{bottom + 16}" class="tick">{tick:g}</text>')
    parts += [f'<path class="limit" d="M{x(limit)} 20V{bottom}"/>' for limit in limits]
    for line, site in enumerate(known):
        middle, chosen = 22 + LINE * (line + 0.5), values[sites == site].dropna()
        label = f"{site} ({len(chosen)})"
        parts.append(f'<text x="{LEFT - 8}" y="{middle + 4}" class="site">{escape(label)}</text>')
        colour = colours.get(site, STUDY_COLOURS[0])
        parts += _site(table, chosen, middle, colour, x, len(table) > MOST_DOTS)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="group" aria-label="{escape(title)}, by site">'
        f"{''.join(parts)}</svg>"
    )


def _site(table, values, middle, colour, x, outside_only) -> list[str]:
    """Return the box and the dots of one site."""
    low, median, high = np.percentile(values, [25, 50, 75])
    parts = []
    if len(values) >= 5:
        width = max(x(high) - x(low), 0.5)
        parts.append(
            f'<rect x="{x(low)}" y="{middle - 10}" width="{width:.1f}" height="20" '
            f'fill="{colour}" fill-opacity=".18"/>'
            f'<path d="M{x(median)} {middle - 10}v20" stroke="{INK}" stroke-width="2"/>'
        )
    reach = 1.5 * (high - low)
    for place, (row, value) in enumerate(values.items()):
        if outside_only and low - reach <= value <= high + reach:
            continue
        scan = escape(str(table.at[row, "scan_id"]))
        y = middle + 12 * ((place * 0.618) % 1 - 0.5)  # a fixed pattern in place of random jitter
        doubtful = table.at[row, "status"] in ("flagged", "misplaced")
        ring = f' stroke="{INK}" stroke-width="1.6"' if doubtful else ""
        parts.append(
            f'<a href="#{scan}" tabindex="-1"><circle cx="{x(value)}" cy="{y:.1f}" r="3.6" '
            f'fill="{colour}" fill-opacity=".75"{ring}><title>{scan}: {number(value, 3)}</title>'
            "</circle></a>"
        )
    return parts


def axis(values: list[float]) -> tuple[float, float, list[float]]:
    """Return the ends of an axis that holds the values, and three to eight round numbers on it."""
    low, high = float(min(values)), float(max(values))
    span = high - low or abs(high) or 1.0
    low, high = low - 0.04 * span, high + 0.04 * span
    rough = (high - low) / 4
    power = 10.0 ** np.floor(np.log10(rough))
    step = power * next(m for m in (1, 2, 5, 10) if power * m >= rough * 0.7)
    first, last = np.ceil(low / step), np.floor(high / step)
    return low, high, [round(float(n * step), 10) + 0.0 for n in np.arange(first, last + 1)]

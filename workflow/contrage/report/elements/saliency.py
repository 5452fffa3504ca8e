"""The figure of where rows look: on the template, or as bars of features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from contrage.evaluation.saliency.found import Found, read
from contrage.evaluation.saliency.maps import SMOOTH_MM, smoothed
from contrage.imaging.images import Image, resample
from contrage.report.elements.imaging import planes
from contrage.report.elements.ingredients import Ingredients
from contrage.report.style import GREY, INK, MOST_REGIONS, SALIENCY_NAMES, Figure, loss_name, save

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

LEAST = 0.1
"""Part of the largest value below which nothing is drawn."""


def saliency(given: Ingredients) -> Figure | None:
    """Draw where differences between predictions come from, of the methods that may be shown."""
    found = [read(file) for files in given.attributions_of.values() for file in files]
    shown = [(each, name) for each in found for name, m in each.methods.items() if m.judged.shown]
    if not shown:
        return None
    if all(each.affine is not None for each, _ in shown):
        return _on_template(given, shown)
    return _bars(given, shown)


def _on_template(given: Ingredients, shown: list[tuple[Found, str]]) -> Figure:
    import matplotlib.pyplot as plt

    from contrage.imaging.template.grids import mni_template

    under = mni_template(2).anatomical
    canvas, grid = plt.subplots(
        len(shown), 3, figsize=(6.6, 2.15 * len(shown) + 0.3), squeeze=False
    )
    for line, (found, name) in zip(grid, shown, strict=True):
        on_grid = _resampled(found, name, under)
        top = float(np.abs(on_grid).max()) or 1.0
        most = np.unravel_index(np.abs(on_grid).argmax(), on_grid.shape)
        point = (under.affine @ [*most, 1])[:3]
        below, above = (planes(each, under.affine, point) for each in (under.array, on_grid))
        for axes, dark, bright in zip(line, below, above, strict=True):
            axes.imshow(dark, cmap="gray", vmin=0, vmax=1.1)
            hidden = np.ma.masked_where(np.abs(bright) < LEAST * top, bright / top)
            drawn = axes.imshow(hidden, cmap="RdBu_r", vmin=-1, vmax=1, alpha=0.75)
            _bare(axes)
        line[0].set_ylabel(f"{loss_name(found.row)}\n{SALIENCY_NAMES[name]}", fontsize=9)
    for axes, name in zip(grid[0], ("sagittal", "coronal", "axial"), strict=True):
        axes.set_title(name, fontsize=9)
    canvas.colorbar(drawn, ax=grid, label="part, of the largest", shrink=0.6, aspect=30)
    people = max(len(found.scans) for found, _ in shown)
    return save(
        canvas,
        given.output,
        "saliency",
        "Where the differences between predictions come from",
        f"Of {people} test people, on the template, cut through the largest value. Red: a voxel's "
        "part of the differences between predictions; blue: it works against them. "
        f"Smoothed (SD {SMOOTH_MM:g} mm), and left out below a tenth of the largest. The "
        "participant's left is on the left. It says what these models use, not what changes.",
        f"Maps of {len(shown)} methods on three planes of the template.",
    )


def smoothed_map(found: Found, name: str) -> Image:
    """Return where differences between predictions come from, smoothed for the eye."""
    assert found.affine is not None
    explained = found.methods[name].explained.sum(axis=0)
    return Image(smoothed(explained, found.affine, name), found.affine)


def _resampled(found: Found, name: str, under: Image) -> np.ndarray:
    """Return a map on the template's grid, smoothed."""
    return resample(smoothed_map(found, name), under, order=0 if name == "occlusion" else 1)


def _bare(axes: Axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _bars(given: Ingredients, shown: list[tuple[Found, str]]) -> Figure | None:
    """Draw the features, regions or blocks that explain most, a panel a row and method."""
    import matplotlib.pyplot as plt

    table = given.tables.get("saliency")
    if table is None:
        return None
    parts = {
        (found.row, name): table[
            (table["row"] == found.row)
            & (table["method"] == name)
            & (table["rank"] <= MOST_REGIONS)
        ].sort_values("rank")
        for found, name in shown
    }
    most = max(len(part) for part in parts.values())
    size = (4.2 * len(parts), 0.9 + 0.26 * most)
    canvas, panels = plt.subplots(1, len(parts), figsize=size, squeeze=False)
    for axes, ((row, name), part) in zip(panels[0], parts.items(), strict=True):
        _panel(axes, part, given.loss_colours.get(row, INK))
        axes.set_title(f"{loss_name(row)}, {SALIENCY_NAMES[name]}", fontsize=9.5)
    return save(
        canvas,
        given.output,
        "saliency",
        "What explains the differences between predictions",
        f"Those that explain most, {most} at most; all are 1 together by integrated gradients. "
        "Lines: intervals over test people.",
        f"Bars of regions or features for {len(parts)} methods.",
    )


def _panel(axes: Axes, part: pd.DataFrame, colour: str) -> None:
    at = np.arange(len(part))
    axes.barh(at, part["explained"], color=colour, height=0.7)
    known = part["ci_low"].notna().to_numpy()
    bounds = part[["ci_low", "ci_high"]].to_numpy()
    axes.hlines(at[known], bounds[known, 0], bounds[known, 1], color=INK, lw=1)
    axes.axvline(0, color=GREY, lw=0.8)
    axes.set_yticks(at, part["region"].astype(str), fontsize=8.5)
    axes.invert_yaxis()
    axes.set_xlabel("part of the differences between predictions")

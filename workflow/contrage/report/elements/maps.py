"""The figure of the maps of all people: what stands on the page where no script draws them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from contrage.files import read_image, read_json
from contrage.imaging.images import Image, resample
from contrage.report.elements.imaging import POINT, planes
from contrage.report.elements.ingredients import Ingredients
from contrage.report.style import Figure, save
from contrage.report.viewer import LISTING, TEMPLATE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST = 0.1
"""Part of the end of a scale with two sides below which nothing is drawn."""


def maps(given: Ingredients) -> Figure | None:
    """Draw each map of all people on the template, in three planes."""
    import matplotlib.pyplot as plt

    if given.maps is None:
        return None
    folder = given.maps
    listed = read_json(folder / LISTING, whole=folder)
    under = _image(folder / TEMPLATE)
    canvas, grid = plt.subplots(len(listed), 3, figsize=(7, 2.1 * len(listed) + 0.2), squeeze=False)
    for line, each in zip(grid, listed, strict=True):
        over = resample(_image(folder / each["file"]), under)
        _line(line, under, over, each)
    for axes, name in zip(grid[0], ("sagittal", "coronal", "axial"), strict=True):
        axes.set_title(name, fontsize=9)
    told = " ".join(f"{each['title']}: {each['caption']}" for each in listed)
    return save(
        canvas,
        given.output,
        "maps",
        "All people together, on the template",
        f"{told} The participant's left is on the left.",
        " ".join(each["alt"] for each in listed),
    )


def _image(file: Path) -> Image:
    volume = read_image(file)
    return Image(np.asarray(volume.dataobj, np.float32), volume.affine)


def _line(line: np.ndarray, under: Image, over: np.ndarray, each: dict[str, Any]) -> None:
    """Draw a map; of one with two sides, through its largest value, and none of its small ones."""
    low, high = each["low"], each["high"]
    point, least = POINT, 1e-6 * high
    if low < 0:
        least = LEAST * high
        most = np.unravel_index(np.abs(over).argmax(), over.shape)
        point = tuple((under.affine @ [*most, 1])[:3])
    below = planes(under.array, under.affine, point)
    above = planes(over, under.affine, point)
    for axes, dark, bright in zip(line, below, above, strict=True):
        axes.imshow(dark, cmap="gray", vmin=0, vmax=280)
        shown = np.ma.masked_where(np.abs(bright) < least, bright)
        drawn = axes.imshow(shown, cmap=each["colours"], vmin=low, vmax=high, alpha=0.85)
        _bare(axes)
    line[0].set_ylabel(each["title"].replace(", ", "\n"), fontsize=9)
    line[0].figure.colorbar(drawn, ax=list(line), label=each["label"], shrink=0.85, aspect=14)


def _bare(axes: Axes) -> None:
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)

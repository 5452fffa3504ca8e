"""Figures made of brain images: preprocessed scans and examples of coverage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from contrage.modalities import Picture
from contrage.report.elements.ingredients import Ingredients
from contrage.report.style import Figure, save
from contrage.report.text import number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas
    from matplotlib.image import AxesImage

POINT = (6.0, -18.0, 12.0)  # mm in MNI space: through thalamus and lateral ventricle
N_EXAMPLES = 4


def planes(
    image: np.ndarray, affine: np.ndarray, point: Sequence[float] = POINT
) -> list[np.ndarray]:
    """Return the sagittal, coronal and axial plane through a point (mm), ready for ``imshow``.

    Front is left in the sagittal plane, the participant's left is left in the others.
    Axes are flipped as the affine says, so the image may be stored in any RAS-aligned order.
    """
    signs = np.sign(np.diag(affine)[:3])
    index = np.linalg.solve(affine, [*point, 1])[:3].round().astype(int)
    index = np.clip(index, 0, np.array(image.shape) - 1)
    flips = tuple(axis for axis in range(3) if signs[axis] < 0)
    image = np.flip(image, flips)
    x, y, z = (n - 1 - i if s < 0 else i for i, n, s in zip(index, image.shape, signs, strict=True))
    cuts = image[x, ::-1, ::-1].T, image[:, y, ::-1].T, image[:, ::-1, z].T
    return [_tile(cut, max(image.shape)) for cut in cuts]


def _tile(plane: np.ndarray, side: int) -> np.ndarray:
    """Return the plane on a square of the image's longest side, less a margin that is empty.

    Equal squares keep all planes at one scale.
    """
    gaps = [((side - n) // 2, side - n - (side - n) // 2) for n in plane.shape]
    square = np.pad(plane, gaps)
    margin = side // 20
    return square[margin : side - margin, margin : side - margin]


def preprocessing(given: Ingredients) -> Figure | None:
    """Draw preprocessed scans in three planes, from the smallest target to the largest (Fig. 2)."""
    target, values = given.target, given.scans.assign(target=given.targets)
    scans = _with_images(given, values.sort_values("target"), N_EXAMPLES)
    if not scans:
        return None
    anatomical = [_anatomical(given, scan.scan_id) for scan in scans]
    maps = [given.image(scan.scan_id, given.map_name) for scan in scans]
    kinds = [pictures for pictures in (anatomical, maps) if all(pictures)]
    if not given.kind.picture.label:
        kinds = [maps]
    canvas, grid = _grid_of_scans(kinds, maps, given.kind.picture)
    for axes, name in zip(grid[0], ["sagittal", "coronal", "axial"] * len(kinds), strict=True):
        axes.set_title(name, fontsize=9)
    for axes, scan in zip(grid[:, 0], scans, strict=True):
        axes.set_ylabel(_named(given, target.told(target.whole(scan.target)), scan), fontsize=9)
    return save(
        canvas,
        given.output,
        "preprocessing",
        f"Preprocessed scans, {'young to old' if target.is_age else f'by {target.word}'}",
        f"After all steps, in MNI152 space: {_kinds(given, kinds)} in the planes "
        f"x = {number(POINT[0], 0)}, y = {number(POINT[1], 0)}, z = {number(POINT[2], 0)} mm; the "
        "participant's left is on the left.",
        f"Brain images of {len(scans)} participants "
        + ("aged " if target.is_age else f"with {target.word} ")
        + ", ".join(target.whole(scan.target) for scan in scans),
    )


def _grid_of_scans(kinds: list, maps: list, scale: Picture) -> tuple[Canvas, np.ndarray]:
    """Draw one line of planes per scan; those in `maps` on one scale, where they have one."""
    import matplotlib.pyplot as plt

    lines, columns = len(kinds[0]), 3 * len(kinds)
    canvas, grid = plt.subplots(
        lines, columns, figsize=(4.4 * len(kinds) + 1.2, 1.5 * lines + 0.4), squeeze=False
    )
    for kind, pictures in enumerate(kinds):
        for line, (volume, affine) in enumerate(pictures):
            is_map = bool(scale.label) and pictures is maps
            limit = _top(maps, scale.step) if is_map else np.percentile(volume[volume > 0], 99.5)
            cells = grid[line, 3 * kind : 3 * kind + 3]
            for axes, plane in zip(cells, planes(volume, affine), strict=True):
                drawn = _show(axes, plane, limit, scale.colours if is_map else "gray")
    if scale.label:
        canvas.colorbar(drawn, ax=grid[:, -1], label=scale.label, shrink=0.8)
    return canvas, grid


def coverage_examples(given: Ingredients) -> Figure | None:
    """Draw maps from full coverage downwards, with the brain's outline (Fig. 7)."""
    import matplotlib.pyplot as plt

    scans = _spectrum(given)
    maps = {scan.scan_id: given.image(scan.scan_id, given.map_name) for scan in scans}
    scans = [scan for scan in scans if maps[scan.scan_id] is not None]
    if len(scans) < 2:
        return None
    canvas, grid = plt.subplots(3, len(scans), figsize=(2 * len(scans) + 0.9, 6.2), squeeze=False)
    words, scale = given.kind, given.kind.picture
    top = _top(list(maps.values()), scale.step)
    masks = {s.scan_id: m for s in scans if (m := given.image(s.scan_id, "mask")) is not None}
    for column, scan in zip(grid.T, scans, strict=True):
        volume, affine = maps[scan.scan_id]
        mask = masks.get(scan.scan_id)
        outlines = planes(*mask) if mask else [None] * 3
        for axes, plane, outline in zip(column, planes(volume, affine), outlines, strict=True):
            drawn = _show(axes, plane, top, scale.colours)
            if outline is not None and outline.any():
                axes.contour(outline, [0.5], colors="#56B4E9", linewidths=0.8)
        told = _named(given, f"{100 * scan.coverage:.0f} %", scan)
        column[0].set_title(told, fontsize=9, loc="center")
    if scale.label:
        canvas.colorbar(drawn, ax=grid[:, -1], label=scale.label, shrink=0.7)
    listed = ", ".join(f"{100 * scan.coverage:.0f} %" for scan in scans)
    return save(
        canvas,
        given.output,
        "coverage_examples",
        f"{words.one.capitalize()}s by coverage",
        f"Sagittal, coronal and axial plane of {words.many} that cover the brain less and less"
        + ("; blue: outline of the brain mask." if masks else "."),
        f"{words.many[0].upper()}{words.many[1:]} with coverage of {listed}.",
    )


def _named(given: Ingredients, told: str, scan: Any) -> str:
    """Return what is told of a scan, with its id where ids are shown."""
    return f"{told}\n{scan.scan_id}" if given.settings.show_ids else told


def _kinds(given: Ingredients, kinds: list) -> str:
    """Say what is shown and how it is scaled."""
    if not given.kind.picture.label:
        return f"{given.kind.many}, each with its own grey scale,"
    maps = f"{given.kind.many} on one colour scale"
    return (
        f"anatomical images, each with its own grey scale, and {maps}" if len(kinds) > 1 else maps
    )


def _anatomical(given: Ingredients, scan: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the image that was stripped and registered, where one was used and is there."""
    name = given.settings.anatomical
    return given.image(scan, name) if name else None


def _with_images(given: Ingredients, scans: pd.DataFrame, number: int) -> list:
    """Return `number` scans that have an image, evenly spread over the rows of `scans`."""
    rows = [scan for scan in scans.itertuples() if given.has_image(scan.scan_id, given.map_name)]
    places = np.unique(np.linspace(0, len(rows) - 1, min(number, len(rows))).round().astype(int))
    return [rows[place] for place in places]


def _spectrum(given: Ingredients) -> list:
    """Return scans with coverages evenly spread from the most to the least, most first."""
    if "coverage" not in given.scans:
        return []
    left = [s for s in given.scans.dropna(subset="coverage").itertuples()]
    left = [scan for scan in left if given.has_image(scan.scan_id, given.map_name)]
    chosen = []
    ends = [scan.coverage for scan in sorted(left, key=lambda scan: -scan.coverage)]
    for aim in np.linspace(ends[0], ends[-1], min(N_EXAMPLES, len(left))) if left else []:
        best = min(left, key=lambda scan: abs(scan.coverage - aim))
        left.remove(best)
        chosen.append(best)
    return sorted(chosen, key=lambda scan: -scan.coverage)


def _top(maps: list[tuple[np.ndarray, np.ndarray] | None], step: float) -> float:
    """Return the upper end of the common scale, in steps: most of all tissue fits below it."""
    values = [np.percentile(m[0][m[0] > 0], 99) for m in maps if m is not None and (m[0] > 0).any()]
    return float(step * np.ceil(max(values) / step)) if values else 1.0


def _show(axes: Axes, plane: np.ndarray, top: float, colours: str) -> AxesImage:
    drawn = axes.imshow(plane, cmap=colours, vmin=0, vmax=top)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    return drawn

"""The picture of a preprocessed scan: in MNI152 with the template outlined; before and after."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
from PIL import Image as Canvas
from PIL import ImageDraw, ImageFont
from scipy import ndimage

from contrage import modalities
from contrage.files import atomic
from contrage.imaging.images import Image
from contrage.imaging.masks import centre
from contrage.imaging.quality.native import Native, sections
from contrage.imaging.template.grids import grid_voxel_mm, mni_template
from contrage.imaging.template.source import Source

PIXELS_PER_MM = 1.5
OUTLINE, OWN_OUTLINE = (255, 196, 0), (86, 200, 255)
PAPER, INK = (18, 18, 20), (226, 226, 226)
STRIP, GAP = 26, 24  # pixels: of the line above each row, and between the two blocks
CUTS_MM = (6.0, -18.0, 10.0)
"""Planes x, y, z in MNI152: beside the midline, through the thalamus, through putamen."""
SIDES = (("P", "A"), ("L", "R"), ("L", "R"))
"""What is at the left and at the right edge of a sagittal, coronal and axial panel."""
COLOURS = np.array(
    [(0, 0, 4), (51, 13, 92), (120, 28, 109), (187, 55, 84), (237, 105, 37), (251, 180, 26),
     (252, 255, 164)]
)  # fmt: skip
"""Seven stops of matplotlib's inferno: even in lightness, safe for colour-blind readers."""

Panels = list[np.ndarray]


def draw(
    path: Path,
    head: Image | None,
    maps: dict[str, Image],
    caption: str,
    native: Native | None,
    source: Source,
) -> None:
    """Draw T1 and maps in MNI152 and, beside them, the T1 before and after.

    Parameters
    ----------
    path : Path
        PNG to write, about 900 pixels wide, or 1800 with the native image.
    head : Image or None
        On the MNI152 grid. The template's brain is outlined.
    maps : dict of str to Image
        Likewise, by name, in their units; at least one image in all.
    caption : str
        Printed below.
    native : Native or None
        The raw image, with the brain that was found outlined, and what was made of it.
    source : Source
        The template whose brain is outlined.
    """
    rows, ends = [], []
    if head is not None:
        panels = _in_mni(_grey(head.array), head, source)
        rows.append(("in MNI152, the template's brain outlined", panels))
    for name, image in maps.items():
        kind = modalities.load(name)
        highest = kind.picture.highest or _largest(image.array, kind.picture.step)
        ends.append(kind.written(highest))
        panels = _in_mni(_coloured(image.array / highest), image, source)
        rows.append((f"{kind.title} in MNI152, 0 to {ends[-1]}", panels))
    left = _block(rows)
    if maps:
        _colour_bar(left, ", ".join(ends))
    blocks = [left] if native is None else [left, _block(_before_and_after(native))]
    width = sum(block.width for block in blocks) + GAP * (len(blocks) - 1)
    height = max(block.height for block in blocks)
    canvas = Canvas.new("RGB", (width, height + 40), PAPER)
    for place, block in enumerate(blocks):
        canvas.paste(block, (0 if place == 0 else left.width + GAP, 0))
    ImageDraw.Draw(canvas).text((12, height + 10), caption, INK, font=_font(17))
    _save(canvas, path)


def _largest(array: np.ndarray, step: float) -> float:
    """Return the upper end of the colours of a map whose kind states none, in whole steps."""
    return max(1.0, float(np.ceil(np.percentile(array[array != 0], 99) / step))) * step


def draw_failure(path: Path, reason: str) -> None:
    """Draw a small card that says why a scan has no picture."""
    lines = textwrap.wrap(f"failed: {reason}", 84)[:6]
    canvas = Canvas.new("RGB", (700, 24 + 22 * len(lines)), PAPER)
    pen = ImageDraw.Draw(canvas)
    pen.multiline_text((12, 10), "\n".join(lines), (255, 150, 130), font=_font(15), spacing=5)
    _save(canvas, path)


def _save(canvas: Canvas.Image, path: Path) -> None:
    with atomic(path) as temporary:
        canvas.save(temporary, format="PNG", optimize=False)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=size)


def _block(rows: list[tuple[str, Panels]]) -> Canvas.Image:
    """Return rows of panels below each other, each with a line of words above it."""
    widths = [sum(panel.shape[1] for panel in panels) for _, panels in rows]
    heights = [max(panel.shape[0] for panel in panels) for _, panels in rows]
    canvas = Canvas.new("RGB", (max(widths), sum(heights) + STRIP * len(rows)), PAPER)
    pen, top = ImageDraw.Draw(canvas), 0
    for (words, panels), height in zip(rows, heights, strict=True):
        pen.text((12, top + 5), words, INK, font=_font(15))
        top, left = top + STRIP, 0
        for panel, sides in zip(panels, SIDES, strict=True):
            canvas.paste(Canvas.fromarray(_centred(panel, height)), (left, top))
            pen.text((left + 8, top + 6), sides[0], INK, font=_font(15))
            left += panel.shape[1]
            pen.text((left - 20, top + 6), sides[1], INK, font=_font(15))
        top += height
    return canvas


def _in_mni(coloured: np.ndarray, image: Image, source: Source) -> Panels:
    """Return three planes of an RGB volume on the MNI152 grid, outlined; left is left."""
    voxel_mm = grid_voxel_mm(image.array.shape)
    outline = mni_template(voxel_mm, source).brain
    scale = PIXELS_PER_MM * voxel_mm
    index = np.linalg.inv(image.affine) @ np.array([*CUTS_MM, 1.0])
    cuts = np.round(index[:3]).astype(int)
    return [_panel(coloured, outline, axis, cuts[axis], image.affine, scale) for axis in range(3)]


def _panel(
    volume: np.ndarray, mask: np.ndarray, axis: int, cut: int, affine: np.ndarray, scale: float
) -> np.ndarray:
    plane, edge = np.take(volume, cut, axis=axis), np.take(mask, cut, axis=axis)
    others = [i for i in range(3) if i != axis]
    for position, other in enumerate(others):
        if affine[other, other] < 0:  # show every axis from left, back and foot onwards
            plane, edge = np.flip(plane, position), np.flip(edge, position)
    plane, edge = np.rot90(plane), np.rot90(edge)
    large = ndimage.zoom(plane.astype(float), (scale, scale, 1), order=1)
    big = ndimage.zoom(edge.astype(float), scale, order=1) > 0.5
    return _outlined(large, big, OUTLINE)


def _before_and_after(native: Native) -> list[tuple[str, Panels]]:
    """Return the raw image with the brain outlined, and the brain; each in its own grey scale."""
    middle = centre(native.raw, native.mask)
    inside = native.raw.with_array(native.mask.astype(np.float32))
    edges = [plane > 0.5 for plane in sections(inside, middle, 1 / PIXELS_PER_MM)]
    rows = []
    for words, image in (
        ("before: as scanned, the brain that was found outlined", native.raw),
        (f"after: skull-stripped{', N4' * native.with_n4}", native.corrected),
    ):
        values = image.array[native.mask & (image.array > 0)]
        planes = [_grey(plane, values) for plane in sections(image, middle, 1 / PIXELS_PER_MM)]
        if image is native.raw:
            planes = [_outlined(*pair, OWN_OUTLINE) for pair in zip(planes, edges, strict=True)]
        rows.append((words, [plane.astype(np.uint8) for plane in planes]))
    return rows


def _outlined(plane: np.ndarray, mask: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    plane[mask ^ ndimage.binary_erosion(mask)] = colour
    return np.clip(plane, 0, 255).astype(np.uint8)


def _centred(panel: np.ndarray, height: int) -> np.ndarray:
    above = (height - panel.shape[0]) // 2
    below = height - panel.shape[0] - above
    return np.pad(panel, ((above, below), (0, 0), (0, 0)))


def _grey(array: np.ndarray, brain: np.ndarray | None = None) -> np.ndarray:
    """Return greys, white at the highest values of the brain (by default: of what is above 0)."""
    values = array[array > 0] if brain is None else brain
    top = np.percentile(values, 99.5) if values.size else 1.0
    grey = np.clip(array / top, 0, 1) ** 0.9 * 255
    return np.repeat(grey[..., None], 3, axis=-1)


def _coloured(array: np.ndarray) -> np.ndarray:
    """Colour a map from 0 to 1; black where it has no values."""
    position = np.clip(array, 0, 1) * (len(COLOURS) - 1)
    stops = np.arange(len(COLOURS))
    channels = [np.interp(position, stops, COLOURS[:, c]) for c in range(3)]
    return np.stack(channels, axis=-1) * (array != 0)[..., None]


def _colour_bar(canvas: Canvas.Image, label: str) -> None:
    length, left, top = 130, canvas.width - 190, canvas.height - 22
    ramp = _coloured(np.linspace(1e-3, 1, length))[None].repeat(9, axis=0)
    canvas.paste(Canvas.fromarray(ramp.astype(np.uint8)), (left, top))
    pen = ImageDraw.Draw(canvas)
    pen.text((left - 14, top - 5), "0", INK, font=_font(14))
    pen.text((left + length + 5, top - 5), label, INK, font=_font(14))

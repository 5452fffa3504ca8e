"""The picture of a preprocessed scan: three planes, the template's outline, a caption."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
from PIL import Image as Canvas
from PIL import ImageDraw, ImageFont
from scipy import ndimage

from contrage.files import atomic
from contrage.imaging.images import Image
from contrage.imaging.template import grid_voxel_mm, mni_template

PIXELS_PER_MM = 1.5
HIGHEST = {"stiffness": (5.0, "5 kPa"), "dampingratio": (0.5, "0.5")}
"""Upper end of a map's colours, and how it is written."""
OUTLINE = (255, 196, 0)
PAPER, INK = (18, 18, 20), (226, 226, 226)
CUTS_MM = (6.0, -18.0, 10.0)
"""Planes x, y, z in MNI152: beside the midline, through the thalamus, through putamen."""
COLOURS = np.array(
    [(0, 0, 4), (51, 13, 92), (120, 28, 109), (187, 55, 84), (237, 105, 37), (251, 180, 26),
     (252, 255, 164)]
)  # fmt: skip
"""Seven stops of matplotlib's inferno: even in lightness, safe for colour-blind readers."""


def draw(path: Path, head: Image | None, maps: dict[str, Image], caption: str) -> None:
    """Draw T1 and maps, each in three planes with the template's brain outlined.

    Parameters
    ----------
    path : Path
        PNG to write, about 900 pixels wide.
    head : Image or None
        On the MNI152 grid.
    maps : dict of str to Image
        Likewise: stiffness (kPa), dampingratio; at least one image in all.
    caption : str
        Printed below.
    """
    rows = []
    if head is not None:
        rows.append(_row(_grey(head.array), head))
    for name, image in maps.items():
        rows.append(_row(_coloured(image.array / HIGHEST[name][0]), image))
    body = np.concatenate(rows, axis=0)
    canvas = Canvas.new("RGB", (body.shape[1], body.shape[0] + 40), PAPER)
    canvas.paste(Canvas.fromarray(body), (0, 0))
    pen = ImageDraw.Draw(canvas)
    pen.text((12, body.shape[0] + 10), caption, INK, font=_font(17))
    if maps:
        _colour_bar(canvas, body.shape[0], ", ".join(HIGHEST[name][1] for name in maps))
    _save(canvas, path)


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


def _row(coloured: np.ndarray, image: Image) -> np.ndarray:
    """Return three planes of an RGB volume side by side, outlined; left is left."""
    voxel_mm = grid_voxel_mm(image.array.shape)
    outline = mni_template(voxel_mm).brain
    scale = PIXELS_PER_MM * voxel_mm
    index = np.linalg.inv(image.affine) @ np.array([*CUTS_MM, 1.0])
    cuts = np.round(index[:3]).astype(int)
    panels = [_panel(coloured, outline, axis, cuts[axis], image.affine, scale) for axis in range(3)]
    height = max(panel.shape[0] for panel in panels)
    padded = [_centred(panel, height) for panel in panels]
    return np.concatenate(padded, axis=1)


def _panel(
    volume: np.ndarray, mask: np.ndarray, axis: int, cut: int, affine: np.ndarray, scale: float
) -> np.ndarray:
    plane, edge = np.take(volume, cut, axis=axis), np.take(mask, cut, axis=axis)
    others = [i for i in range(3) if i != axis]
    for position, other in enumerate(others):
        if affine[other, other] < 0:  # show every axis from left, back and foot onwards
            plane, edge = np.flip(plane, position), np.flip(edge, position)
    plane, edge = np.rot90(plane), np.rot90(edge)
    large = np.stack(
        [ndimage.zoom(plane[..., c].astype(float), scale, order=1) for c in range(3)], axis=-1
    )
    big = ndimage.zoom(edge.astype(float), scale, order=1) > 0.5
    large[big ^ ndimage.binary_erosion(big)] = OUTLINE
    return np.clip(large, 0, 255).astype(np.uint8)


def _centred(panel: np.ndarray, height: int) -> np.ndarray:
    above = (height - panel.shape[0]) // 2
    below = height - panel.shape[0] - above
    return np.pad(panel, ((above, below), (0, 0), (0, 0)))


def _grey(array: np.ndarray) -> np.ndarray:
    values = array[array > 0]
    top = np.percentile(values, 99.5) if values.size else 1.0
    grey = np.clip(array / top, 0, 1) ** 0.9 * 255
    return np.repeat(grey[..., None], 3, axis=-1)


def _coloured(array: np.ndarray) -> np.ndarray:
    """Colour a map from 0 to 1; black where it has no values."""
    position = np.clip(array, 0, 1) * (len(COLOURS) - 1)
    stops = np.arange(len(COLOURS))
    channels = [np.interp(position, stops, COLOURS[:, c]) for c in range(3)]
    return np.stack(channels, axis=-1) * (array != 0)[..., None]


def _colour_bar(canvas: Canvas.Image, bottom: int, label: str) -> None:
    length, left, top = 130, canvas.width - 190, bottom - 22
    ramp = _coloured(np.linspace(1e-3, 1, length))[None].repeat(9, axis=0)
    canvas.paste(Canvas.fromarray(ramp.astype(np.uint8)), (left, top))
    pen = ImageDraw.Draw(canvas)
    pen.text((left - 14, top - 5), "0", INK, font=_font(14))
    pen.text((left + length + 5, top - 5), label, INK, font=_font(14))

"""Grey pictures in two dimensions, PNG or JPEG, such as X-rays of the hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from contrage.errors import BadScanError
from contrage.modalities._modality import Modality, picture
from contrage.prepared import Cut, Prepared
from contrage.settings.blocks.kinds import XraySettings

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

    Grey = np.ndarray
    """Of shape (height, width), float32."""

SETTINGS = XraySettings
MODALITY = picture(
    many="X-rays",
    title="X-ray",
    group="site",
    ending="xray.png or xray.jpg or xray.jpeg",
)
DEPTHS = {"1": 1, "L": 255, "I;16": 65535, "I;16B": 65535, "I;16L": 65535}
"""Pillow's names of pictures with one grey value a pixel → the largest number of their bits."""


def configured(modality: Modality, settings: XraySettings) -> Modality:
    """Return the kind with the height and width that are asked for."""
    return replace(modality, shape=settings.size)


def prepares(settings: XraySettings) -> str:
    """Say what is done to the pictures."""
    height, width = settings.size
    fit = "padded with black" if settings.fit == "pad" else "stretched"
    white = "the picture's own largest value" if settings.intensity == "own" else "full white"
    return (
        f"The X-rays were cropped where the source says what of them is meant, {fit} to the ratio "
        f"of height and width and resized to {height}×{width} pixels, with 1 for {white}; skull "
        "stripping, bias correction and registration are not for them and did not run."
    )


def reading(
    kind: Prepared, settings: XraySettings
) -> Callable[[Path, Cut | None, Callable[[str], None]], np.ndarray]:
    """Return what reads a picture: float32 of shape (1, height, width), 0 to 1."""

    def read(path: Path, cut: Cut | None, tell: Callable[[str], None]) -> np.ndarray:
        grey, depth = _grey(path)
        if depth > DEPTHS["L"]:
            tell("pictures of 16 bits a pixel")
        part = _meant(path, grey, cut) / (depth if settings.intensity == "depth" else 1)
        low, high = part.min(), part.max()
        if low == high:  # black at its sides would make it look like a picture
            raise BadScanError(path, "has one value in all pixels that are meant; leave it out")
        if settings.intensity == "own":
            part = (part - low) / (high - low)
        height, width = settings.size
        return _resized(_padded(part, height / width, settings.fit), height, width)[None]

    return read


def _grey(path: Path) -> tuple[Grey, int]:
    """Return a picture's values as they stand there, and the largest that they could be."""
    import numpy as np
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as opened:
            opened.load()
            found = ImageOps.exif_transpose(opened)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        message = " ".join(str(error).split())[:100]
        raise BadScanError(
            path, f"cannot be read as a picture ({message}); copy it again"
        ) from None
    if found.mode in DEPTHS:
        return np.asarray(found).astype(np.float32), DEPTHS[found.mode]
    return _of_colours(path, found), DEPTHS["L"]


def _of_colours(path: Path, found: Image.Image) -> Grey:
    """Return the grey values of a picture that is stored in colours although it has none."""
    import numpy as np

    if found.mode in ("I", "F"):
        raise BadScanError(
            path, "has 32 bits a pixel, where 8 or 16 are read; save it as 16-bit PNG"
        )
    if _has_16_bits(path):
        raise BadScanError(
            path,
            "has 16 bits of colours or with transparency, of which 8 would be read; save it "
            "as 16-bit grey",
        )
    bands = np.asarray(found.convert("RGB"))
    if (bands != bands[..., :1]).any():
        raise BadScanError(
            path, "is a picture in colours, where all are grey; convert it, or leave it out"
        )
    return bands[..., 0].astype(np.float32)


def _has_16_bits(path: Path) -> bool:
    """Return whether a PNG says so in its first lines; Pillow gives 8 of them in colours."""
    with path.open("rb") as file:
        head = file.read(25)
    return head.startswith(b"\x89PNG\r\n\x1a\n") and head[24] == 16


def _meant(path: Path, grey: Grey, cut: Cut | None) -> Grey:
    """Return the part of a picture that is meant, a box within a half."""
    if cut is None:
        return grey
    height, width = grey.shape
    if cut.size not in (None, (width, height)):
        raise BadScanError(
            path,
            f"has {width}×{height} pixels, and its box is of a picture of "
            f"{cut.size[0]}×{cut.size[1]}; give it as its owner has it, or boxes of its own size",
        )
    left, right = {"left": (0, width // 2), "right": (width // 2, width), "whole": (0, width)}[
        cut.half
    ]
    top, bottom = 0, height
    if cut.box is not None:
        x, y, wide, high = cut.box
        left, right = max(left, round(x)), min(right, round(x + wide))
        top, bottom = max(top, round(y)), min(bottom, round(y + high))
    if right - left < 2 or bottom - top < 2:
        raise BadScanError(
            path, f"has {width}×{height} pixels, and its box lies outside of them: {cut.box}"
        )
    if cut.box is not None and (x + wide > width + 1 or y + high > height + 1):
        raise BadScanError(
            path,
            f"has {width}×{height} pixels, and its box ends outside of them: {cut.box}; is it "
            "stored in another size than the boxes are of?",
        )
    return grey[top:bottom, left:right]


def _padded(grey: Grey, ratio: float, fit: str) -> Grey:
    """Return a picture with black at both sides until its height is `ratio` times its width."""
    import numpy as np

    if fit == "stretch":
        return grey
    height, width = grey.shape
    missing = max(0, round(width * ratio) - height), max(0, round(height / ratio) - width)
    return np.pad(grey, [(each // 2, each - each // 2) for each in missing])


def _resized(grey: Grey, height: int, width: int) -> Grey:
    """Return a picture in another size, linearly interpolated over all pixels that it covers."""
    import numpy as np
    from PIL import Image

    whole = Image.fromarray(np.ascontiguousarray(grey, dtype=np.float32))
    made = whole.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(made, dtype=np.float32)

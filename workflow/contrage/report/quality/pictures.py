"""Pictures of scans as a page holds them."""

from __future__ import annotations

import base64
import io
import logging
from pathlib import Path

from contrage.files import reading

logger = logging.getLogger(__name__)

PICTURE_WIDTH = 1200


def embedded(files: list[Path], limit: int) -> list[str] | None:
    """Return the pictures as JPEG data for the page, None if together they exceed a limit."""
    found, size = [], 0
    for file in files:
        data = jpeg_data(file)
        size += len(data)
        if size > limit:
            logger.info("pictures exceed %.0f MB: the page shows the files beside it", limit / 1e6)
            return None
        found.append(data)
    return found


def jpeg_data(file: Path) -> str:
    """Return a picture as the address of an image: JPEG, in itself."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg(file)).decode('ascii')}"


def jpeg(file: Path) -> bytes:
    """Return a picture as JPEG of at most `PICTURE_WIDTH` pixels."""
    from PIL import Image

    with reading(file), Image.open(file) as picture:
        small = picture.convert("RGB")
    small.thumbnail((PICTURE_WIDTH, 10 * PICTURE_WIDTH), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=70, optimize=True)
    return stream.getvalue()

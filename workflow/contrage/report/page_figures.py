"""Figures as a page holds them itself."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field
from pathlib import Path

from contrage.files import read_json, reading


@dataclass(frozen=True)
class PageFigure:
    """A figure ready for the template."""

    name: str
    title: str
    caption: str
    alt: str
    width: int
    height: int
    data: str = field(repr=False)


def pictures(folder: Path) -> dict[str, PageFigure]:
    """Read the figures that were made, as data that the page holds itself."""
    listing = folder / "figures.json"
    found = {}
    for entry in read_json(listing, whole=folder) if listing.is_file() else []:
        data = base64.b64encode(_whole(folder / entry["file"], folder)).decode("ascii")
        keys = ("name", "title", "caption", "alt", "width", "height")
        found[entry["name"]] = PageFigure(**{key: entry[key] for key in keys}, data=data)
    return found


def _whole(file: Path, folder: Path) -> bytes:
    """Return the bytes of a figure that can be read to its end; its folder is made as a whole."""
    from PIL import Image

    with reading(file, whole=folder):
        content = file.read_bytes()
        Image.open(io.BytesIO(content)).load()
    return content

"""What a page holds itself so that it can show images: NiiVue, the template, maps."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import contrage
from contrage.files import read_json, reading

LISTING, TEMPLATE = "maps.json", "template.nii.gz"
HERE = Path(__file__).parent
NIIVUE = Path(contrage.__file__).parent / "resources" / "niivue" / "niivue.umd.js"
STEPS = 17
"""Colours by which a colour map is told; NiiVue draws lines between them."""
KEYS = ("name", "title", "caption", "alt", "label", "low", "high")


def scripts() -> dict[str, str]:
    """Return the scripts and the style of a page that shows images."""
    return {
        "niivue": NIIVUE.read_text(encoding="utf-8"),
        "script": (HERE / "brains.js").read_text(encoding="utf-8"),
        "style": (HERE / "brains.css").read_text(encoding="utf-8"),
    }


def viewer_of(folder: Path | None) -> dict[str, Any] | None:
    """Return what the page of an experiment needs to show its maps; None without maps.

    Parameters
    ----------
    folder : Path or None
        What the step maps wrote.

    Returns
    -------
    dict or None
        `scripts`; ``page``, the script of this page; ``data``: the template, and each map with its
        scale, files as base64.
    """
    if folder is None:
        return None
    listed = read_json(folder / LISTING, whole=folder)
    if not listed:
        return None
    shown = [
        {key: each[key] for key in KEYS}
        | {"data": whole_file(folder / each["file"], folder)}
        | {"colours": colours_of(each["colours"], each["low"] < 0)}
        for each in listed
    ]
    data = {"template": whole_file(folder / TEMPLATE, folder), "maps": shown}
    return scripts() | {"page": (HERE / "maps.js").read_text(encoding="utf-8"), "data": data}


def whole_file(path: Path, folder: Path) -> str:
    """Return a file's bytes as base64; its folder is made as a whole."""
    with reading(path, whole=folder):
        return base64.b64encode(path.read_bytes()).decode("ascii")


def colours_of(name: str, has_two_sides: bool = False) -> dict[str, list[int]]:
    """Return a colour map of matplotlib as NiiVue takes it: red, green, blue, opacity, where.

    Its end is transparent, or its middle where it has two sides: what is 0 shows what lies below.
    """
    import matplotlib as mpl

    places = [round(255 * step / (STEPS - 1)) for step in range(STEPS)]
    found = [mpl.colormaps[name](place) for place in places]
    opaque = [min(255, 4 * abs(2 * place - 255)) if has_two_sides else 255 for place in places]
    if not has_two_sides:
        opaque[0] = 0
    red, green, blue = ([round(255 * colour[at]) for colour in found] for at in range(3))
    return {"R": red, "G": green, "B": blue, "A": opaque, "I": places}

"""Take the pictures of a finished demo that the documentation shows, and its model's card.

    python docs/take_pictures.py results/demo

Needs the tools of the tests, and a Chromium (its path in CONTRAGE_CHROMIUM if it is none of PATH).
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

DOCS = Path(__file__).resolve().parent
IMAGES = DOCS / "images"
PAGE = {"width": 1400, "height": 1500}
COLOURS = 128
"""Of a picture: a page has few, and the file is a third of what it were."""


def take(results: Path, cohort: str = "phantom") -> None:
    """Take the heads of the report and of the quality page, and the card."""
    quality = results.parent / "derivatives" / cohort / "quality.html"
    program = os.environ.get("CONTRAGE_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport=PAGE)
        for file, name in ((results / "report.html", "report"), (quality, "quality")):
            head(page, file, IMAGES / f"{name}.png")
        browser.close()
    (card,) = results.glob("models/*/MODEL.md")
    shutil.copy(card, DOCS / "examples/MODEL.md")


def head(page: Any, file: Path, picture: Path) -> None:
    """Take what a window of a page shows first."""
    page.goto(file.resolve().as_uri())
    page.screenshot(path=picture)
    Image.open(picture).convert("RGB").quantize(COLOURS).save(picture, optimize=True)


if __name__ == "__main__":
    take(Path(sys.argv[1]), *sys.argv[2:])

"""The site of the documentation, built in a copy and looked at in a real browser."""

from __future__ import annotations

import functools
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PAGES = ("index.html", "tutorial.html", "losses.html", "configuration.html", "api/losses.html")
LEFT = shutil.ignore_patterns(
    *(".git", ".venv", ".snakemake", ".cache", "__pycache__", "*.egg-info"),
    *("build", "dist", "results", "tests", "niivue"),
)
WIDER = """() => [...document.querySelectorAll("article *")].filter((one) => {
  for (let at = one.parentElement; at && at.tagName !== "ARTICLE"; at = at.parentElement)
    if (["auto", "scroll", "hidden"].includes(getComputedStyle(at).overflowX)) return false;
  const box = one.getBoundingClientRect();
  return box.width > 1 && box.right > document.documentElement.clientWidth + 1;
}).map((one) => one.tagName + ": " + one.textContent.slice(0, 60))"""
"""Elements that end right of the window, but for those within a box that scrolls."""


@pytest.fixture(scope="module")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Build the site as `make docs` does, and give the address at which it is served."""
    copy = tmp_path_factory.mktemp("documented") / "contrage"
    shutil.copytree(root, copy, symlinks=True, ignore=LEFT)
    environment = {**os.environ, "PYTHONPATH": str(copy / "workflow")}
    done = subprocess.run(
        [sys.executable, "docs/build_site.py"],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    handler = functools.partial(Silent, directory=str(copy / "build/site"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join(30)
    server.server_close()


class Silent(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing of it."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def look(browser: Any, site: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Return a function that opens a page of the site; none may say or ask anything wrong."""
    wrong: list[str] = []
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    context.set_default_timeout(120_000)  # of a machine on which much else runs
    context.on("weberror", lambda error: wrong.append(str(error.error)))

    def asked(one: Any) -> None:
        if not one.url.startswith((site, "data:", "blob:")):
            wrong.append(f"asked of {one.url}")

    def open_page(name: str) -> Any:
        page = context.new_page()
        page.on("request", asked)
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.goto(site + name, wait_until="networkidle")
        return page

    yield open_page
    context.close()
    assert wrong == []


@pytest.mark.parametrize("look", [1400, 400], indirect=True)
def test_pages_ask_nothing_of_others_and_fit_their_window(look):
    for name in PAGES:
        page = look(name)
        assert page.locator("article h1").count() >= 1, name
        assert page.evaluate(WIDER) == [], name
        broken = "() => [...document.images].filter((one) => !one.naturalWidth).length"
        assert page.evaluate(broken) == 0, name


@pytest.mark.parametrize("look", [1400], indirect=True)
def test_formulas_are_drawn_and_lists_and_tables_are_none_of_plain_text(look):
    page = look("losses.html")
    assert page.locator("math").count() > 50
    assert page.locator("math mfrac").first.bounding_box()["height"] > 15
    text = page.locator("article").inner_text()
    assert "$`" not in text and "| --- |" not in text and "\\frac" not in text


@pytest.mark.parametrize("look", [1400], indirect=True)
def test_a_key_is_found_by_the_search(look):
    page = look("index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("stiffness_unit")
    page.get_by_text(re.compile(r"^[1-9]\d* results?$")).wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/configuration.html*#cohort.stiffness_unit")

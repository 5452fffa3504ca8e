"""The index in a browser, from a file and without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from results_folder import PEOPLE, experiment

from contrage.index.page import write_index

EVIL = "<img onerror=alert(1) src=x>"


@pytest.fixture
def opened(browser: Any, tmp_path: Path, request: pytest.FixtureRequest) -> Any:
    """The page over four experiments; it may ask for nothing, and say nothing wrong."""
    experiment(tmp_path, "a", written="2026-09-01T00:00:00+00:00", description=EVIL)
    experiment(tmp_path, "b", written="2026-08-01T00:00:00+00:00", shift=2.0)
    other = {"source": "bids", "name": "others"}
    experiment(tmp_path, "c10", written="2026-07-01T00:00:00+00:00", shift=1.0, cohort=other)
    experiment(tmp_path, "c9", written="2026-06-01T00:00:00+00:00", people=PEOPLE[:5])
    write_index(tmp_path, tmp_path / "index.html")
    context = browser.new_context(viewport={"width": request.param, "height": 900}, offline=True)
    page, wrong = context.new_page(), []
    address = (tmp_path / "index.html").as_uri()
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda asked: asked.url in (address, "data:,") or wrong.append(asked.url))
    page.goto(address)
    yield page
    context.close()
    assert wrong == []


def column(page: Any, number: int) -> list[str]:
    cells = page.locator("#experiments tbody tr").locator("td, th")
    width = page.locator("#experiments thead th").count()
    return [text.strip() for text in cells.all_inner_texts()[number::width]]


def lines(page: Any, table: str) -> list[list[str]]:
    rows = page.locator(f"#{table} tbody tr").all()
    return [row.locator("td, th").all_inner_texts() for row in rows]


@pytest.mark.parametrize("opened", [1400, 400], indirect=True)
def test_it_sorts_finds_and_compares_at_every_width(opened):
    assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    heads = opened.locator("#experiments thead button")
    heads.nth(0).click()
    assert column(opened, 0) == ["a", "b", "c9", "c10"]
    heads.nth(5).click()
    up = [float(text.split()[0]) for text in column(opened, 5)]
    heads.nth(5).click()
    assert up == sorted(up) and column(opened, 5)[0].startswith(str(up[-1]))
    opened.fill("#find", "others")
    assert opened.locator("#experiments tbody tr:visible").count() == 1
    assert lines(opened, "settings") == [["description", EVIL, ""]]
    ahead = lines(opened, "paired")
    opened.select_option("#one", label="b")
    opened.select_option("#other", label="a")
    back = lines(opened, "paired")
    for one, other in zip(ahead, back, strict=True):
        assert one[2:4] == other[3:1:-1]
        assert one[4].removeprefix("−") == other[4].removeprefix("−")
        low, high = one[5].split(" to ")
        assert other[5] == " to ".join(_turned(text) for text in (high, low))
    opened.select_option("#other", label="c10")
    assert opened.locator("#no-people").is_visible() and not opened.locator("#paired").is_visible()


def _turned(text: str) -> str:
    return text[1:] if text.startswith("−") else f"−{text}"

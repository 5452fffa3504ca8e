"""Pages of a run in a real browser: opened from a disk, without a network."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OUTSIDE = """() => {
  const wide = document.documentElement.clientWidth;
  const found = [];
  if (document.documentElement.scrollWidth > wide) found.push("the page is wider than its window");
  const inScroller = (each) => {
    for (let above = each.parentElement; above; above = above.parentElement) {
      if (getComputedStyle(above).overflowX !== "visible") return true;
    }
    return false;
  };
  for (const each of document.querySelectorAll("main *")) {
    const box = each.getBoundingClientRect();
    if (!box.width || !box.height || inScroller(each)) continue;
    const told = `${each.tagName} ${each.id} ${each.className}`;
    if (box.right > wide + 1 || box.left < -1) found.push(told);
  }
  return found;
}"""
CUT = """() => [...document.querySelectorAll(".scroll")]
  .filter((each) => each.scrollWidth > each.clientWidth + 1)
  .map((each) => each.getAttribute("aria-label"))"""
BROKEN = """() => [...document.images]
  .filter((each) => each.hasAttribute("src") && each.complete && !each.naturalWidth)
  .map((each) => each.alt)"""


@dataclass
class Opened:
    """A page, and what its console said that is no help, or was asked of elsewhere."""

    page: Any
    address: str
    wrong: list[str] = field(default_factory=list)

    def outside(self) -> list[str]:
        """Return the elements that lie outside of the window, but for what scrolls in a box."""
        return self.page.evaluate(OUTSIDE)

    def cut(self) -> list[str]:
        """Return the tables that are wider than their box."""
        return self.page.evaluate(CUT)

    def broken(self) -> list[str]:
        """Return the pictures that cannot be drawn."""
        return self.page.evaluate(BROKEN)


def opened(context: Any, address: str | Path) -> Opened:
    """Open a page and listen to it from the first word."""
    found = Opened(context.new_page(), address if isinstance(address, str) else address.as_uri())

    def said(message: Any) -> None:
        if message.type == "error":
            found.wrong.append(f"console: {message.text}")

    def asked(request: Any) -> None:
        home = found.address.rpartition("/")[0]
        if not request.url.startswith((home, "data:", "blob:")):
            found.wrong.append(f"asked of {request.url}")

    found.page.on("console", said)
    found.page.on("pageerror", lambda error: found.wrong.append(f"error: {error}"))
    found.page.on("request", asked)
    found.page.goto(found.address)
    return found

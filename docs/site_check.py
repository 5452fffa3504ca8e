"""Whether every link of the built site leads somewhere, and nothing is asked of other hosts."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
"""Elements for which a browser fetches something at once; a link of `a` waits for a click."""

IDLE = {"canonical", "next", "prev"}
"""What a `link` may say without being fetched."""


@dataclass
class Page(HTMLParser):
    """What a page has and asks for.

    Attributes
    ----------
    ids : set of str
    links, loaded : list of str
        Addresses: those that are followed on a click, and those that are fetched at once.
    """

    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element is called and where it leads."""
        said = {name: value or "" for name, value in attrs}
        if "id" in said:
            self.ids.add(said["id"])
        address = said.get(LOADED.get(tag, ""), "")
        if tag == "a" and "href" in said:
            self.links.append(said["href"])
        elif address and said.get("rel", "") not in IDLE:
            self.loaded.append(address)


def read(file: Path) -> Page:
    """Read one page."""
    page = Page()
    page.feed(file.read_text(encoding="utf-8"))
    return page


def problems(site: Path) -> list[str]:
    """Return a line for each address that leads nowhere, or that is fetched from elsewhere."""
    pages = {file.resolve(): read(file) for file in sorted(site.rglob("*.html"))}
    found = []
    for file, page in pages.items():
        name = file.relative_to(site.resolve())
        if name.name == "404.html":  # its addresses start at the site's root, wherever that will be
            continue
        found += [
            f"{name}: fetches {address}"
            for address in page.loaded
            if is_elsewhere(address) or lost(address, file, pages)
        ]
        found += [
            f"{name}: nothing at {address}"
            for address in page.links
            if not is_elsewhere(address) and lost(address, file, pages)
        ]
    return found


def is_elsewhere(address: str) -> bool:
    """Return whether an address is of another host, or of another scheme than a page's."""
    parts = urlsplit(address)
    return bool(parts.netloc) or parts.scheme not in ("", "data")


def lost(address: str, file: Path, pages: dict[Path, Page]) -> bool:
    """Return whether an address of the site has no file, or no such place in its page."""
    parts = urlsplit(address)
    if parts.scheme == "data":
        return False
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if target.is_dir():
        target /= "index.html"
    place = unquote(parts.fragment)
    if not target.is_file():
        return True
    return bool(place) and target in pages and place not in pages[target].ids

"""Draw docs/images/architecture.svg: the rooms of the package and who imports whom.

    python docs/draw_architecture.py

The order of the rooms is that of the layers in pyproject.toml, which `lint-imports` holds; the
arrows are the imports that stand in the files today. A test compares the picture with the code.
"""

from __future__ import annotations

import ast
import tomllib
from collections import Counter
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "workflow/contrage"
PICTURE = ROOT / "docs/images/architecture.svg"
WIDTH, ROW, LEFT, BOX = 1180, 58, 24, 700
INK, SOFT, ROOM, ARROW = "#1c2733", "#5b6b7a", "#eef3f8", "#2f6db0"
GROUND = "the ground"
WORDS = {
    GROUND: "files, tables, names, errors and logs: what every room stands on",
    "plan": "configuration → jobs, and what of it cannot work, said before the first job",
}


def rooms() -> list[str]:
    """Return the rooms from top to bottom: the layers of import-linter's first contract.

    Single files of the package are one room, the ground, unless a layer names them alone above it.
    """
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (layers,) = (
        contract["layers"]
        for contract in linter["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    )
    names = [
        name.strip(" ():").removeprefix("contrage.")
        for layer in layers
        for name in layer.split("|")
    ]
    found = [name for name in names if (PACKAGE / name).is_dir()]
    unlisted = sorted(
        folder.name
        for folder in PACKAGE.iterdir()
        if (folder / "__init__.py").is_file() and folder.name not in found
    )
    return [*unlisted, *found, GROUND]


def room_of(parts: tuple[str, ...]) -> str:
    """Return the room of a module, given by its parts below contrage."""
    return parts[0] if parts and (PACKAGE / parts[0]).is_dir() else GROUND


def imports() -> Counter[tuple[str, str]]:
    """Return how many files of a room import another room."""
    found: Counter[tuple[str, str]] = Counter()
    for file in sorted(PACKAGE.rglob("*.py")):
        own = room_of(file.relative_to(PACKAGE).with_suffix("").parts)
        if file.parent == PACKAGE and file.stem in ("cli", "__main__", "__init__"):
            continue  # the command line loads every step by its name
        found.update((own, other) for other in _imported(file) - {own})
    return found


def _imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
            names.update(
                f"{node.module}.{alias.name}" for alias in node.names if node.module == "contrage"
            )
    parts = (tuple(name.split(".")[1:]) for name in names if name.startswith("contrage."))
    return {room_of(each) for each in parts if each}


def words(room: str) -> str:
    """Return what a room is for: the first sentence of its docstring."""
    if room in WORDS:
        return WORDS[room]
    text = ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text("utf-8"))) or ""
    return text.partition("\n")[0]


def shelves(room: str) -> str:
    """Return the shelves of a room, or its files where it has none."""
    if room == GROUND:
        files = (file.stem for file in PACKAGE.glob("*.py") if not file.stem.startswith("_"))
        return ", ".join(sorted(files))
    folders = sorted(file.parent.name for file in (PACKAGE / room).glob("*/__init__.py"))
    if folders:
        return ", ".join(f"{name}/" for name in folders)
    return ", ".join(sorted(file.stem for file in (PACKAGE / room).glob("[!_]*.py")))


def draw() -> str:
    """Return the picture: a row per room, an arc on the right per import of a room by another."""
    order = rooms()
    height = ROW * len(order) + 76
    middle = {room: 60 + ROW * row + ROW // 2 - 4 for row, room in enumerate(order)}
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"',
        ' font-family="Helvetica, Arial, sans-serif">',
        "<title>The rooms of contrage and who imports whom</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="34" font-size="17" font-weight="bold" fill="{INK}">'
        "The rooms of contrage: a room imports rooms below it, never above</text>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerUnits="userSpaceOnUse" '
        'markerWidth="9" markerHeight="9" orient="auto">'
        f'<path d="M0 0 8 4 0 8z" fill="{ARROW}"/></marker></defs>',
    ]
    for room in order:
        lines += _row(room, middle[room])
    for (upper, lower), count in sorted(imports().items()):
        lines.append(_arc(middle[upper], middle[lower], count, order))
    return "\n".join([*lines, "</svg>"]) + "\n"


def _row(room: str, y: int) -> list[str]:
    top = y - ROW // 2 + 5
    inside = shelves(room)
    return [
        f'<rect x="{LEFT}" y="{top}" width="{BOX}" height="{ROW - 10}" rx="6" fill="{ROOM}" '
        'stroke="#c6d3df"/>',
        f'<text x="{LEFT + 14}" y="{top + 20}" font-size="14" fill="{INK}">'
        f'<tspan font-weight="bold">{escape(room)}</tspan>'
        f'<tspan dx="10" fill="{SOFT}">{escape(words(room))}</tspan></text>',
        f'<text x="{LEFT + 14}" y="{top + 38}" font-size="12" fill="{SOFT}">'
        f"{escape(inside)}</text>",
    ]


def _arc(start: int, end: int, count: int, order: list[str]) -> str:
    x = LEFT + BOX
    reach = 30 + (WIDTH - x - 60) * abs(end - start) / (ROW * len(order))
    up = end < start  # drawn in red: lint-imports would refuse it
    colour = "#c0392b" if up else ARROW
    width = 0.8 + min(count, 20) / 10
    return (
        f'<path d="M{x} {start} C{x + reach * 1.3:.0f} {start} {x + reach * 1.3:.0f} {end} {x + 3} '
        f'{end}" fill="none" stroke="{colour}" stroke-opacity="0.45" stroke-width="{width:.1f}" '
        'marker-end="url(#tip)"/>'
    )


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
    print(PICTURE)

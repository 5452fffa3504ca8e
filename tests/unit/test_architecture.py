"""The map of the house is drawn from the code, so that it cannot age."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def drawing():
    spec = importlib.util.spec_from_file_location("drawing", ROOT / "docs/draw_architecture.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_picture_in_the_docs_shows_the_imports_of_today(drawing):
    drawn = drawing.PICTURE.read_text(encoding="utf-8")
    assert drawn == drawing.draw(), "draw it again: python docs/draw_architecture.py"


def test_every_room_of_the_package_is_on_the_map(drawing):
    folders = {file.parent.name for file in drawing.PACKAGE.glob("*/__init__.py")}
    assert folders == set(drawing.rooms()) - {drawing.GROUND}


def test_no_arrow_points_upward(drawing):
    rows = {room: row for row, room in enumerate(drawing.rooms())}
    arrows = drawing.imports()
    assert ("learning", "dataset") in arrows
    assert [pair for pair in arrows if rows[pair[0]] > rows[pair[1]]] == []


def test_a_room_says_what_it_is_for(drawing):
    assert all(len(drawing.words(room)) > 10 for room in drawing.rooms())


def names_of_tables() -> list[str]:
    """Return the files and folders that the tables of the docs' map name.

    "<name>" stands for a name of one's own: any file of the folder will do.
    """
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    names = {name for line in lines for name in re.findall(r"`([\w./<>]+)`", line)}
    return sorted(name for name in names if "/" in name or re.search(r"\.\w+$", name))


@pytest.mark.parametrize("name", names_of_tables())
def test_what_the_map_names_is_there(drawing, name):
    homes = (ROOT, drawing.PACKAGE, ROOT / "tests", *drawing.PACKAGE.iterdir())
    pattern = name.rstrip("/").replace("<name>", "*")
    assert any(list(home.glob(pattern)) for home in homes if home.is_dir())


def test_the_map_says_where_every_room_and_every_folder_of_one_file_each_is(drawing):
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rooms = [room for room in drawing.rooms() if room != drawing.GROUND]
    assert [room for room in rooms if f"| `{room}/` |" not in text] == []
    folders = {
        file.parent.relative_to(drawing.PACKAGE).as_posix()
        for file in drawing.PACKAGE.rglob("__init__.py")
        if "__path__" in file.read_text(encoding="utf-8")
    }
    assert len(folders) == 8
    assert [folder for folder in folders if f"`{folder}/<name>.py`" not in text] == []


def test_no_two_classes_of_the_package_share_a_name(drawing):
    homes: dict[str, list[str]] = {}
    for file in drawing.PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(str(file.relative_to(drawing.PACKAGE)))
    assert {name: files for name, files in homes.items() if len(files) > 1} == {}

"""The map of the house is drawn from the code, so that it cannot age."""

from __future__ import annotations

import importlib.util
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

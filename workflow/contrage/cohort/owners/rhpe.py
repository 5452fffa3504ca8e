"""Hand X-rays of RHPE (Escobar et al., MICCAI 2019): both hands, boxes, no bone ages to test on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from contrage.cohort.owners.columns import KeptColumns
from contrage.cohort.owners.hands import (
    BONEAGE,
    OWN,
    PICTURES,
    SPLIT,
    TEST,
    TRAIN,
    VAL,
    Hands,
    bone_age,
    drawn,
    sex_of_cell,
    told_of_draw,
)
from contrage.cohort.owners.labels import label_of
from contrage.cohort.owners.persons import Listed, files_by_label
from contrage.errors import TableError, few
from contrage.prepared import Cut
from contrage.settings.blocks.owners_of_files import ImagesSettings
from contrage.settings.steps.cohort import CohortStep
from contrage.tables import Table, read_table

ANNOTATIONS, KEY = "RHPE_Annotations", "cohort.images.boxes"
PARTS = {"train": TRAIN, "val": TEST}
"""Folder → what its people are: the owners keep the bone ages of their own test to themselves."""
NEEDED, NAMED = ("ID", "Male", "Boneage"), ("width", "file_name")


def is_there(folder: Path) -> bool:
    """Return whether a folder is RHPE's."""
    return (folder / ANNOTATIONS).is_dir()


def read(settings: CohortStep) -> Hands:
    """Read the tables of train and val, and the boxes.

    Raises
    ------
    TableError
        If a table, a column, or a file of boxes is not there or cannot be used.
    """
    folder, asked = Path(settings.path), settings.images
    tables = {part: _table(folder, part) for part in PARTS}
    kept = KeptColumns(settings, OWN, [*tables.values()])
    names = [row[tables["train"].column("ID", "cohort.path")] for row in tables["train"].rows]
    held = drawn(map(label_of, names), asked.val, asked.seed)
    boxes = _cuts(folder, asked)
    people = [
        each
        for at, (part, table) in enumerate(tables.items())
        for each in _people(table, at, PARTS[part], kept, held, asked, boxes)
    ]
    notes = [
        "RHPE's own test has no bone ages, its errors are for the owners' server: the pictures of "
        f"val are tested on. {told_of_draw(held, asked.val)}"
    ]
    read_from = [*(table.path for table in tables.values()), *_boxes(folder, asked)]
    return Hands(people, files(folder), read_from, notes)


def cuts(folder: Path, asked: ImagesSettings) -> dict[str, Cut]:
    """Return which part of each picture is meant, by label."""
    found = _cuts(folder, asked)
    return {label: found.get(label, Cut(asked.half, None)) for label in files(folder)}


def _table(folder: Path, part: str) -> Table:
    return read_table(folder / ANNOTATIONS / f"RHPE_Boneage_{part}.csv")


def files(folder: Path) -> dict[str, list[Path]]:
    """Return the pictures of train and val, by label."""
    found: dict[str, list[Path]] = {}
    for part in PARTS:
        for label, paths in files_by_label(folder / f"RHPE_{part}", PICTURES).items():
            found.setdefault(label, []).extend(paths)
    return found


def _people(
    table: Table,
    at: int,
    part: str,
    kept: KeptColumns,
    held: set[str],
    asked: ImagesSettings,
    boxes: dict[str, Cut],
) -> list[Listed]:
    person, male, months = (table.column(name, "cohort.path") for name in NEEDED)
    found = []
    for line, cells in zip(table.numbers, table.rows, strict=True):
        label = label_of(cells[person])
        own = {BONEAGE: bone_age(cells[months])}
        own[SPLIT] = VAL if part == TRAIN and label in held else part
        rows = [cells if number == at else None for number in range(len(PARTS))]
        sex, wrong = sex_of_cell(cells[male], "Male")
        if asked.boxes and label not in boxes:
            wrong = wrong or f"no box in the {asked.half} half of its picture ({KEY})"
        found.append(Listed(label, kept.of(own, rows), line, sex=sex, reason=wrong))
    return found


def _boxes(folder: Path, asked: ImagesSettings) -> list[Path]:
    """Return the files of boxes.

    Raises
    ------
    TableError
        If boxes are asked for and there are none.
    """
    if asked.boxes is None:
        return []
    found = sorted(folder.rglob(asked.boxes))
    if not found:
        raise TableError(
            f"{folder}: no file {asked.boxes} there ({KEY}); set it to null for the half as it is"
        )
    return found


def _cuts(folder: Path, asked: ImagesSettings) -> dict[str, Cut]:
    """Return label → the box around all boxes whose middle lies in the half that is meant."""
    found = {}
    for path in _boxes(folder, asked):
        images, boxes = _coco(path)
        for number, image in images.items():
            own = [box for box in boxes.get(number, []) if _is_in(asked.half, box, image["width"])]
            if own:
                label = label_of(Path(image["file_name"]).stem)
                size = round(image["width"]), round(image["height"])
                found[label] = Cut(asked.half, _around(own), size)
    return found


def _coco(path: Path) -> tuple[dict[Any, dict[str, Any]], dict[Any, list[list[float]]]]:
    """Return the pictures and the boxes of a file in COCO's format, both by the picture's number.

    Raises
    ------
    TableError
        If it is none.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        images = {each["id"]: each for each in told["images"]}
        lacking = {key for each in images.values() for key in NAMED if key not in each}
        boxes: dict[Any, list[list[float]]] = {}
        for each in told["annotations"]:
            x, y, width, height = map(float, each["bbox"])
            boxes.setdefault(each["image_id"], []).append([x, y, width, height])
    except (ValueError, TypeError, KeyError) as error:
        raise TableError(
            f"{path}: is no file of boxes in COCO's format, with images and annotations that have "
            f"bbox ({error}) ({KEY})"
        ) from None
    if lacking:
        raise TableError(f"{path}: images without {few(sorted(lacking))} ({KEY})")
    return images, boxes


def _is_in(half: str, box: Sequence[float], width: float) -> bool:
    middle = box[0] + box[2] / 2
    return half == "whole" or (middle < width / 2) == (half == "left")


def _around(boxes: Sequence[Sequence[float]]) -> tuple[float, ...]:
    left, top = (min(box[axis] for box in boxes) for axis in (0, 1))
    right, bottom = (max(box[axis] + box[axis + 2] for box in boxes) for axis in (0, 1))
    return left, top, right - left, bottom - top

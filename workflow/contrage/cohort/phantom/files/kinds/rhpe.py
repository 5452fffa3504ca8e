"""Hand X-rays in RHPE's layout: both hands in a picture, boxes of them, a test without bone age."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from contrage.cohort.phantom.files.kinds._hand import BOYS_LATER, HEIGHT, WIDTH, HandLook, hand
from contrage.cohort.phantom.files.kinds._parts import dealt_part, of_person
from contrage.cohort.phantom.files.kinds.rsna import write_png
from contrage.files import write_json
from contrage.tables import write_csv

SOURCE = "images"
PEOPLE = 80
TRAIN, VAL, TEST = "train", "val", "test"
PARTS = (TEST, VAL, TRAIN, TRAIN, TRAIN, VAL, TRAIN, TRAIN)
LOOK = HandLook(dark=40, bright=180, noise=9)
"""Less contrast than RSNA's."""
YOUNGEST, OLDEST = 36.0, 228.0
TOLD_LATER = 12.0
"""Standard deviation of the age in years beside the bone age, in months."""
EDGE = 6
"""Pixels around each hand."""
TABLES = {
    TRAIN: ("RHPE_Boneage_train.csv", ("ID", "Male", "Boneage", "Chronological")),
    VAL: ("RHPE_Boneage_val.csv", ("ID", "Male", "Boneage", "Chronological")),
    TEST: ("RHPE_Gender_Chronological_test.csv", ("ID", "Male", "Chronological")),
}
ANNOTATIONS = "RHPE_Annotations"


def write(seed: int, people: int, folder: Path) -> list[dict[str, Any]]:
    """Write pictures, tables and boxes of the left hand; nobody of the test has a bone age."""
    truth, pictures = [], {part: [] for part in TABLES}
    rows: dict[str, list[dict[str, Any]]] = {part: [] for part in TABLES}
    for number in range(people):
        rng = of_person(seed, "rhpe", number)
        part, is_male = dealt_part(number, PARTS), bool(rng.integers(2))
        months = round(float(rng.uniform(YOUNGEST, OLDEST)))
        maturity = months - BOYS_LATER * is_male + rng.normal(0, 6)
        name = f"{number + 1:05d}"
        picture, box = _both(rng, maturity)
        write_png(folder / f"RHPE_{part}" / f"{name}.png", picture)
        age = max(1.0, months + rng.normal(0, TOLD_LATER))
        told = {"ID": name, "Male": is_male, "Boneage": months, "Chronological": f"{age:.2f}"}
        rows[part].append({column: told[column] for column in TABLES[part][1]})
        pictures[part].append((name, picture.shape, box))
        of_hand = {"participant_id": name, "part": part, "target": months, "male": is_male}
        truth.append({**of_hand, "maturity": f"{maturity:.4f}", "box": " ".join(map(str, box))})
    for part, (table, columns) in TABLES.items():
        write_csv(folder / ANNOTATIONS / table, list(columns), rows[part])
        write_json(
            folder / ANNOTATIONS / f"RHPE_anatomical_ROIs_{part}.json", _coco(pictures[part])
        )
    return truth


def _both(rng: np.random.Generator, maturity: float) -> tuple[np.ndarray, tuple[int, ...]]:
    """Return both hands side by side, the right one mirrored, and the left one's box x, y, w, h."""
    top, left = (int(each) for each in rng.integers(2, EDGE + 3, 2))
    height, half = HEIGHT + 2 * EDGE, WIDTH + 2 * EDGE
    whole = np.clip(rng.normal(LOOK.dark, LOOK.noise, (height, 2 * half)), 0, 255)
    whole = np.rint(whole).astype(np.uint8)
    whole[top : top + HEIGHT, left : left + WIDTH] = hand(rng, maturity, LOOK)
    mirrored = hand(rng, maturity, LOOK)[:, ::-1]
    start = 2 * half - left - WIDTH
    whole[top : top + HEIGHT, start : start + WIDTH] = mirrored
    return whole, (left, top, WIDTH, HEIGHT)


def _coco(pictures: list[tuple[str, tuple[int, ...], tuple[int, ...]]]) -> dict[str, Any]:
    """Return boxes as COCO has them."""
    images, boxes = [], []
    for number, (name, shape, box) in enumerate(pictures):
        size = {"height": shape[0], "width": shape[1]}
        images.append({"id": number, "file_name": f"{name}.png", **size})
        boxes.append({"id": number, "image_id": number, "category_id": 1, "bbox": list(box)})
        boxes[-1] |= {"area": box[2] * box[3], "iscrowd": 0}
    return {"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "hand"}]}

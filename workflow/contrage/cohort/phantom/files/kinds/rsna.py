"""Hand X-rays in RSNA's layout: a PNG per hand, and tables of training, validation and test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from contrage.cohort.phantom.files.kinds._hand import (
    BOYS_LATER,
    OLDEST,
    YOUNGEST,
    HandLook,
    hand,
)
from contrage.cohort.phantom.files.kinds._parts import dealt_part, of_person
from contrage.files import atomic
from contrage.tables import write_csv

SOURCE = "images"
PEOPLE = 240
TRAINING, VALIDATION, TEST = "training", "validation", "test"
PARTS = (TEST, VALIDATION, *[TRAINING] * 6)
LOOK = HandLook(dark=18, bright=215, noise=7)
FIRST = 1377
FOLDERS = {
    TRAINING: "boneage-training-dataset/boneage-training-dataset",
    VALIDATION: "boneage-validation-dataset/boneage-validation-dataset-1",
    TEST: "boneage-test-dataset",
}
TABLES = {
    TRAINING: "boneage-training-dataset.csv",
    VALIDATION: "Validation Dataset.csv",
    TEST: "Bone age ground truth.csv",
}
COLUMNS = {
    TRAINING: ("id", "boneage", "male"),
    VALIDATION: ("Image ID", "Bone Age (months)", "male"),
    TEST: ("Case ID", "Ground truth bone age (months)", "Sex"),
}
"""Column of the picture, of the bone age in months, of the sex."""


def write(seed: int, people: int, folder: Path) -> list[dict[str, Any]]:
    """Write pictures of 64×48 pixels, 8 bits, and their tables; an eighth is tested."""
    truth = []
    tables: dict[str, list[dict[str, Any]]] = {part: [] for part in FOLDERS}
    for number in range(people):
        rng = of_person(seed, "rsna", number)
        part, is_male = dealt_part(number, PARTS), bool(rng.integers(2))
        months = round(float(rng.uniform(YOUNGEST, OLDEST)))
        maturity = months - BOYS_LATER * is_male + rng.normal(0, 6)
        write_png(folder / FOLDERS[part] / f"{FIRST + number}.png", hand(rng, maturity, LOOK))
        of_sex = {TEST: "M" if is_male else "F"}.get(part, str(is_male))
        row = (FIRST + number, months, of_sex)
        tables[part].append(dict(zip(COLUMNS[part], row, strict=True)))
        told = {"participant_id": str(FIRST + number), "part": part, "target": months}
        truth.append({**told, "male": is_male, "maturity": f"{maturity:.4f}"})
    for part, rows in tables.items():
        write_csv(folder / TABLES[part], list(COLUMNS[part]), rows)
    return truth


def write_png(path: Path, picture: np.ndarray) -> None:
    """Write a grey picture of 8 bits."""
    from PIL import Image

    with atomic(path) as temporary:
        Image.fromarray(picture).save(temporary, format="PNG")

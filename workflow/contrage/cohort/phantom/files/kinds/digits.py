"""Handwritten digits as a table of 64 pixels: real data that scikit-learn brings along, no phantom.

1,797 digits of 8×8 pixels with values 0 to 16 (Alpaydin and Kaynak 1998, UCI's "Optical recognition
of handwritten digits", its test part), which stand for people of whom the digit is to be predicted
as a number.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from contrage.cohort.phantom.tables.draws import stream
from contrage.tables import write_csv

SOURCE = "table"
FILE = "digits.csv"
PEOPLE = 1797
PIXELS = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]


def write(seed: int, people: int, folder: Path) -> list[dict[str, Any]]:
    """Write so many of them, in an order that the seed draws; more people change nobody."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    order = stream(seed, "files", "digits").permutation(len(digits.target))[:people]
    rows, truth = [], []
    for number in map(int, order):
        pixels = np.char.mod("%d", digits.data[number])
        told = {"participant_id": f"d{number:04d}", "digit": int(digits.target[number])}
        rows.append({**told, **dict(zip(PIXELS, pixels, strict=True))})
        truth.append({"participant_id": told["participant_id"], "target": told["digit"]})
    write_csv(folder / FILE, list(rows[0]), rows)
    return truth

"""Tiny cohorts written as their owners hand them out; a test changes one thing of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

REGIONS = [f"{side}Reg{k:02d}" for k in range(1, 72) for side in "lr"]
NAMES = [f"{region}_{tissue}_Vol" for tissue in ("GM", "CSF") for region in REGIONS]
TABLE = "neuromorphometrics_cat12_vbm_roi.tsv"
Rows = Sequence[Sequence[object]]


def write(path: Path, columns: str, rows: Rows, end: str = "\n", mark: str = "") -> Path:
    """Write a table: columns in one text, blanks between them; a CSV in quotation marks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    is_csv = path.suffix == ".csv"
    quoted = '"{}"'.format if is_csv else str
    lines = [columns.split("|"), *rows]
    text = end.join((", " if is_csv else "\t").join(map(quoted, line)) for line in lines)
    path.write_bytes((mark + text + end).encode())
    return path


def without(path: Path, column: str) -> None:
    """Take a column out of a table."""
    separator = ", " if path.suffix == ".csv" else "\t"
    lines = [line.split(separator) for line in path.read_text().splitlines()]
    place = [cell.strip('\ufeff"') for cell in lines[0]].index(column)
    kept = [separator.join(line[:place] + line[place + 1 :]) for line in lines]
    path.write_text("\n".join(kept) + "\n")


def replace(path: Path, old: str, new: str) -> None:
    """Change a text in a file, which must be there."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def write_regions(
    folder: Path, scans: Sequence[tuple[str, str, int]], names: Sequence[str] = NAMES
) -> Path:
    """Write a table of regions: participant, session and run of each row; values by row."""
    head = "|".join(["participant_id", "session", "run", "TIV", "GM_Vol", *names])
    rows = [
        [*scan, 1000 + row, 600, *(f"{value:.2f}" for value in values_of(row, len(names)))]
        for row, scan in enumerate(scans)
    ]
    return write(folder / TABLE, head, rows)


def values_of(row: int, count: int = len(NAMES)) -> np.ndarray:
    """Return the features of a row of a table of regions."""
    return np.round(np.arange(count) / 10 + 7 * row + 1, 2)

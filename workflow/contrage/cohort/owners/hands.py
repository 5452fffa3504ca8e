"""What tables of hand X-rays have in common: bone age, sex, and who is held out for choosing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from contrage.cohort.owners.persons import Listed
from contrage.tables import is_missing

BONEAGE, SPLIT = "boneage", "split"
OWN = (BONEAGE, SPLIT)
"""Columns that the source itself makes: months, and train, val, test or validation."""
TRAIN, VAL, TEST, VALIDATION = "train", "val", "test", "validation"
PICTURES = (".png", ".jpg", ".jpeg")
_MALE = {"true": "M", "false": "F", "1": "M", "0": "F", "m": "M", "f": "F"}


@dataclass(frozen=True)
class Hands:
    """Who is in a folder of hand X-rays.

    Attributes
    ----------
    people : list of Listed
    files : dict of str to list of Path
        By label.
    tables : list of Path
    notes : list of str
    """

    people: list[Listed]
    files: dict[str, list[Path]]
    tables: list[Path]
    notes: list[str]


def sex_of_cell(cell: str, column: str) -> tuple[str | None, str]:
    """Return M or F of a cell that says whether somebody is male, and why the cell is wrong."""
    if is_missing(cell):
        return None, ""
    found = _MALE.get(cell.casefold())
    return found, "" if found else f"{column} is {cell!r}, neither True nor False"


def drawn(labels: Iterable[str], part: float, seed: int) -> set[str]:
    """Return a part of the people, each by a draw that follows from seed and id alone."""
    everyone = sorted(labels, key=lambda label: _draw(label, seed))
    return set(everyone[: round(part * len(everyone))])


def _draw(label: str, seed: int) -> str:
    return hashlib.sha256(f"{seed} {label}".encode()).hexdigest()


def bone_age(cell: str | None) -> str | None:
    """Return a bone age as it stands there, None where it is missing."""
    return None if cell is None or is_missing(cell) else cell


def told_of_draw(held: Sequence[str] | set[str], part: float) -> str:
    """Return a line on who is held out for choosing."""
    return f"{len(held)} people of the training table, {part:.3g} of them, have the split {VAL}"

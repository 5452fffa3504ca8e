"""A scan that a model is to predict."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from contrage.bids import IMAGES
from contrage.bundle.known import SESSION


@dataclass(frozen=True)
class Subject:
    """One scan to predict.

    Attributes
    ----------
    name : str
        By which predictions are told apart.
    images : dict of str to Path
        Raw files by the names of the steps: "anatomical", a map ("stiffness"), "mask",
        "magnitude"; of an array that comes prepared "array"; none of a table's row.
    values : dict of str to float, or None
        A table's features.
    known : float or None
        The true target, where it is told; of a binary one 0 or 1.
    sex, site : str or None
    volume : float or None
        By which an array's values are divided, where the model asks for one.
    problem : str or None
        Why it cannot be predicted, where its files say so already.
    notes : tuple of str
        What its reader should know.
    """

    name: str
    images: dict[str, Path] = field(default_factory=dict)
    values: dict[str, float] | None = None
    known: float | None = None
    sex: str | None = None
    site: str | None = None
    volume: float | None = None
    problem: str | None = None
    notes: tuple[str, ...] = ()


def person(subject: Subject) -> str:
    """Return whose scan a subject is."""
    return subject.name.partition(SESSION)[0]


def stem(path: Path) -> str:
    """Return a file's name without its endings."""
    name = path.name
    ending = next((end for end in IMAGES if name.endswith(end)), path.suffix)
    return name.removesuffix(ending) or name

"""What an evaluation is given: the files that it asks for, and the settings that it is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contrage.form import Form
from contrage.layout import wildcards
from contrage.target import Target

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Given:
    """The inputs of an evaluation; what it does not ask for is empty.

    Attributes
    ----------
    target : Target
        What is predicted.
    form : Form
        How `array` is to be read.
    rows : tuple of str
        Rows of the table of errors.
    told : mapping of str to object
        Dotted key of the configuration → its value, of those that the evaluation asks for.
    predictions : mapping of str to list of Path
        Row → file of each seed, of all rows that are trained.
    features : mapping of str to list of Path
        Row → file of each seed and fold.
    metrics : mapping of str to list of Path
        Row → file of each seed.
    models, logits : mapping of str to list of Path
        The same; logits of rows that contrast pairs.
    snapshots : mapping of str to list of Path
        Row → file of each seed, fold and epoch.
    attributions : mapping of str to list of Path
        Row → its one file, of rows that are explained.
    baselines, splits : list of Path
        Of each seed.
    truth : list of Path
        Of each phantom that the cohort is made of.
    scans, array : Path or None
        The table of scans; what is learned from, of images or features.
    """

    target: Target
    form: Form
    rows: tuple[str, ...]
    told: Mapping[str, Any]
    predictions: Mapping[str, list[Path]]
    features: Mapping[str, list[Path]]
    metrics: Mapping[str, list[Path]]
    models: Mapping[str, list[Path]]
    logits: Mapping[str, list[Path]]
    snapshots: Mapping[str, list[Path]]
    attributions: Mapping[str, list[Path]]
    baselines: list[Path]
    splits: list[Path]
    truth: list[Path]
    scans: Path | None
    array: Path | None

    def frames(self, row: str) -> list[pd.DataFrame]:
        """Return a row's predictions, one frame per seed.

        Its columns `target` and `predicted` are the true and the predicted value of each scan;
        `split` is the role that it had: only those of "test" are an error that may be told.
        """
        from contrage.evaluation.predictions import read

        return [read(file, self.target) for file in self.predictions[row]]


def by_row(pattern: str, files: Iterable[Path] | None) -> dict[str, list[Path]]:
    """Return row → its files, in the order in which they are given.

    Parameters
    ----------
    pattern : str
        Where such files lie: `Results.predictions` or `.metrics`.
    files : iterable of Path or None
    """
    found: dict[str, list[Path]] = {}
    for file in files or ():
        found.setdefault(wildcards(pattern, file)["row"], []).append(Path(file))
    return found

"""The files of trainings that a step of the report is given, by row.

The rule names them all; whose each is, its path says. Nothing is looked for in folders, where
files of other seeds, folds and rows lie that an earlier run has left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path

from contrage.layout import Results, wildcards


def curves_by_row(
    pattern: str, rows: Iterable[str], seeds: Sequence[int], folds: Sequence[int]
) -> dict[str, list[Path]]:
    """Return row → the curves of its trainings, as far as they are there.

    Parameters
    ----------
    pattern : str
        With {row}, {seed} and {fold}: of some hundred folds the files would be too many for a
        command line.
    rows : iterable of str
    seeds, folds : sequence of int
        Of the trainings.
    """
    pairs = list(product(seeds, folds))
    named = {
        row: [Path(pattern.format(row=row, seed=seed, fold=fold)) for seed, fold in pairs]
        for row in rows
    }
    return {row: [file for file in files if file.is_file()] for row, files in named.items()}


def snapshots_by_row(files: Iterable[Path] | None) -> dict[str, dict[int, Path]]:
    """Return row → epoch → the features of a training after it, epochs in order."""
    found: dict[str, dict[int, Path]] = {}
    for file in files or ():
        told = wildcards(Results.snapshot, file)
        found.setdefault(told["row"], {})[int(told["epoch"])] = Path(file)
    return {row: dict(sorted(epochs.items())) for row, epochs in found.items()}


def by_name(tables: Iterable[Path] | None) -> dict[str, Path]:
    """Return the name of each table of the report, "mae", and its file."""
    return {Path(file).stem: Path(file) for file in tables or ()}

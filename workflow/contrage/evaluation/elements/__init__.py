"""Evaluations of an experiment: one file in this folder = one table, `tables/<name>.tsv`.

A new file here is a new evaluation: it is computed in every experiment that has what it needs, and
its table stands on the page. Files whose name starts with an underscore are helpers. A file has

- ``TITLE``: its heading on the page;
- ``NEEDS``: which of `INPUTS` it reads, and no other file; an edit of what it does not read, or of
  another evaluation, does not repeat it, and an evaluation never trains anything. What needs
  ``snapshots`` makes trainings keep them, so that to switch it on trains again;
- ``SETTINGS``: the keys of the configuration that it is told, with dots ("statistics.seed"); where
  one of the block ``evaluations`` is null, it is left out;
- ``COLUMNS``: column of its table → heading on the page, where {unit} is the target's unit in
  brackets; other columns stand in the file alone. Empty: the page has words of its own for it;
- ``evaluate(given)``, which takes a `contrage.evaluation.given.Given` and returns a data frame.

The first four are plain values, read without running the file. Formulas are in
`contrage.evaluation.statistics`.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from contrage.errors import SettingsError

INPUTS = {
    "predictions": "of all rows and seeds, those of the ablation and of permuted targets too",
    "features": "of all rows, seeds and folds",
    "metrics": "what the probe wrote of all rows and seeds, its penalties among it",
    "models": "the weights of all rows, seeds and folds",
    "logits": "cosines of pairs after each epoch, of all trainings that contrast some",
    "snapshots": "features of all rows, seeds and folds after parts of the epochs",
    "attributions": "what the step saliency found, of rows that are explained",
    "baselines": "predictions of the baselines, of all seeds",
    "splits": "the folds of each seed, with the roles of scans",
    "scans": "the table of scans in the data set",
    "array": "what is learned from: images, prepared arrays, or features",
    "images": "the same where it was made of scans by the imaging stage; a table has none",
    "truth": "what is planted in a phantom of region tables; of other data there is none",
    "external": "nothing more to read: that the split may give people the role external",
    "number": "nothing more to read: that the target is a number, not one of two sides",
}
"""What an evaluation can ask for, and what that is."""


@dataclass(frozen=True)
class Element:
    """What an evaluation's file states of itself.

    Attributes
    ----------
    name, title : str
    needs, settings : tuple of str
    columns : dict of str to str
    """

    name: str
    title: str
    needs: tuple[str, ...]
    settings: tuple[str, ...]
    columns: dict[str, str]


def available() -> list[str]:
    """Name the evaluations that exist, in alphabetical order."""
    return sorted(_files())


def module(name: str) -> str:
    """Return the dotted name of an evaluation's module."""
    return f"{__name__}.{name}"


def element(name: str) -> Element:
    """Return what an evaluation states of itself.

    Raises
    ------
    SettingsError
        For an unknown name, a statement that is missing, or a need that nothing fills.
    """
    files = _files()
    if name not in files:
        raise SettingsError(f"there is no evaluation {name!r}, only {', '.join(files)}")
    return _stated(files[name])


def _files() -> dict[str, Path]:
    return _files_in(tuple(__path__))


@cache
def _files_in(folders: tuple[str, ...]) -> dict[str, Path]:
    """Return the evaluations of some folders, looked for once: plans ask often."""
    found = (file for folder in folders for file in sorted(Path(folder).glob("*.py")))
    return {file.stem: file for file in found if not file.stem.startswith("_")}


@cache
def _stated(file: Path) -> Element:
    stated = {
        node.targets[0].id: node.value
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    asked = ("TITLE", "NEEDS", "SETTINGS", "COLUMNS")
    if lacking := [name for name in asked if name not in stated]:
        raise SettingsError(f"{file}: an evaluation states {', '.join(lacking)}")
    title, needs, settings, columns = (ast.literal_eval(stated[name]) for name in asked)
    if unknown := sorted(set(needs) - set(INPUTS)):
        raise SettingsError(
            f"{file}: NEEDS {', '.join(unknown)}, but there are {', '.join(INPUTS)}"
        )
    return Element(file.stem, title, tuple(needs), tuple(settings), dict(columns))

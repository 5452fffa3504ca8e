"""Phantoms of files: one file in this folder = one owner's layout, `cohort.phantom_files.of`.

A new file here is a new phantom; beside it, the schema's list gets the name (a test holds that both
agree). Files whose name starts with an underscore are helpers. A file has

- ``SOURCE``: the cohort source that reads it;
- ``PEOPLE``: how many people there are unless it is said;
- ``write(seed, people, folder)``: writes the owner's files and returns the truth, a row per person.

Everybody has a stream of chance of his or her own, so that more people change nobody.
"""

from __future__ import annotations

import ast
import importlib
from functools import cache
from pathlib import Path
from types import ModuleType

from contrage.errors import SettingsError

KEY = "cohort.phantom_files"


def available() -> list[str]:
    """Name the phantoms that there are, in alphabetical order."""
    files = (file for folder in __path__ for file in Path(folder).glob("*.py"))
    return sorted({file.stem for file in files if not file.stem.startswith("_")})


def module(name: str) -> str:
    """Return the dotted name of a phantom's module."""
    if name not in available():
        raise SettingsError(f"{KEY}.of: no {name!r}; there are {', '.join(available())}")
    return f"{__name__}.{name}"


def load(name: str) -> ModuleType:
    """Return a phantom: see the package's docstring for what it has."""
    return importlib.import_module(module(name))


def source(name: str) -> str:
    """Return the cohort source that reads a phantom; its file is read, not run, by every plan."""
    return _source(Path(str(__path__[0])) / f"{module(name).rpartition('.')[2]}.py")


@cache
def _source(file: Path) -> str:
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "SOURCE":
            return str(ast.literal_eval(node.value))
    raise SettingsError(f"{file}: a phantom states SOURCE")

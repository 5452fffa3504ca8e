"""Phantoms of files: one file in this folder = one owner's layout, `cohort.phantom_files.of`.

A new file here is a new phantom; beside it, the schema's list gets the name (a test holds that both
agree). Files whose name starts with an underscore are helpers. A file has

- ``SOURCE``: the cohort source that reads it;
- ``PEOPLE``: how many people there are unless it is said;
- ``FILE``, of a table: its name, which `cohort.path` then leads to in place of the folder;
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
    file, found = _file(name), _stated(_file(name), "SOURCE")
    if found is None:
        raise SettingsError(f"{file}: a phantom states SOURCE")
    return found


def place(name: str) -> str:
    """Return what of a phantom's folder `cohort.path` leads to: its own folder, or a file there."""
    file = _stated(_file(name), "FILE")
    return name if file is None else f"{name}/{file}"


def _file(name: str) -> Path:
    return Path(str(__path__[0])) / f"{module(name).rpartition('.')[2]}.py"


@cache
def _stated(file: Path, constant: str) -> str | None:
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == constant:
            return str(ast.literal_eval(node.value))
    return None

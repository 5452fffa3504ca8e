"""One source of a cohort = one file in this folder; the file's name is what `cohort.source` says.

A new file here is a new source; beside it, the schema's list of `cohort.source` gets the name (a
test holds that both agree). Files whose name starts with an underscore are helpers. A source has

- ``COMES_AS``: what it finds: scans (raw images, which the imaging chain prepares), arrays (one
  file per scan, which somebody else has prepared) or table (rows of features);
- ``SETTINGS``: what decides who is in the cohort, of the fields of
  `contrage.settings.steps.cohort.CohortStep`;
- ``read(settings) -> Cohort``, which gets that dataclass, of these fields alone those that are
  named, and says in its errors what it looked for;
- of arrays, ``find(where) -> StoredArrays`` (`contrage.cohort.stored`), which gets a `WhereArrays`
  of `contrage.settings.steps.cohort`, and ``ARRAYS``, the fields of it that it reads beside path,
  image and ending;
- where it differs from the usual, ``IMAGES`` (the kinds of data that it has; without it all that
  come so), ``PATH`` (folder, file, or None where `cohort.path` is not read; folder without it),
  ``HAS_COLUMNS`` (false: it has no columns that `cohort.columns` could keep) and
  ``tables(settings) -> list of str`` (the tables that the step `cohort` waits for, where these are
  made by the run itself and not found).

It is loaded by a computed name: rules name it among the sources of what reads the cohort with it,
and an edit of another one plans nothing.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from contrage.errors import SettingsError


def available() -> list[str]:
    """Name the sources that exist, in alphabetical order."""
    files = (file for folder in __path__ for file in Path(folder).glob("*.py"))
    return sorted({file.stem for file in files if not file.stem.startswith("_")})


def module(name: str) -> str:
    """Return the dotted name of a source's module.

    Raises
    ------
    SettingsError
        For an unknown source.
    """
    if name not in available():
        raise SettingsError(
            f"cohort.source: there is no source '{name}', choose from {', '.join(available())}"
        )
    return f"{__name__}.{name}"


def load(name: str) -> ModuleType:
    """Return a source: see the package's docstring for what it has."""
    return importlib.import_module(module(name))


def coming_as(what: str) -> list[str]:
    """Name the sources that find scans, arrays or a table."""
    return [name for name in available() if load(name).COMES_AS == what]  # noqa: SIM300


def kinds_of(name: str, of_kind: list[str]) -> list[str]:
    """Return those of some kinds of data, all of which come as the source's do, that it has."""
    return [each for each in of_kind if each in getattr(load(name), "IMAGES", of_kind)]

"""One kind of data = one file in this folder; the file's name is what `cohort.image` says.

A new file here is a new kind: it says ``MODALITY = Modality(…)``, or one of the functions
`volume`, `regions` and `features`, which fill in what such kinds have in common. Beside it, the
schema's list of `cohort.image` gets the name (a test holds that both agree). Files whose name
starts with an underscore are helpers.

A kind that is not read as others are has a function ``read(path, modality)`` in its file, see
`contrage.dataset.arrays`; what it imports for that, it imports there. The file is loaded by a
computed name, so that it stands among the sources of no step that does not use it, and importing
this package imports neither NumPy nor any kind: it is read when a workflow is parsed.

A kind whose files are brought to one shape has a block of its own name in `cohort`, and in its file

- ``SETTINGS``, the block's dataclass (`contrage.settings.blocks.kinds`);
- ``configured(modality, settings)``, which returns the kind with its shape;
- ``reading(modality, settings)``, in place of ``read``, which returns a function of the path, of
  which part is meant (`contrage.prepared.Cut`, or None) and of ``tell``, that takes a word on what
  had to be done to a file;
- ``prepares(settings)``, which says in a sentence what is done to the files, and what is not;
- ``needs(settings)``, if it needs a package or a file, which raises `SettingsError` without it;
- ``beside(settings)``, if it reads files beside those of the scans, which names them.
"""

from __future__ import annotations

import importlib
from dataclasses import replace
from functools import cache
from pathlib import Path

from contrage.errors import SettingsError
from contrage.form import Form
from contrage.modalities._modality import ANATOMICAL, MAP, Modality, Picture
from contrage.settings.blocks.kinds import (
    PetSettings,
    SeriesSettings,
    VideoSettings,
    XraySettings,
)

__all__ = [
    "Form",
    "Modality",
    "OfKind",
    "Picture",
    "anatomicals",
    "available",
    "block",
    "check_needs",
    "configured",
    "files_beside",
    "learned",
    "load",
    "maps",
    "module",
    "prepared",
    "prepares",
    "reader",
]

OfKind = XraySettings | SeriesSettings | VideoSettings | PetSettings
"""What a kind is asked for."""


def available() -> list[str]:
    """Name the kinds of data that exist, in alphabetical order."""
    return list(_listed(tuple(__path__)))


@cache
def _listed(folders: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names in folders, read once: a plan asks for every scan which options are maps."""
    files = (file for folder in folders for file in Path(folder).glob("*.py"))
    return tuple(sorted({file.stem for file in files if not file.stem.startswith("_")}))


@cache
def load(name: str) -> Modality:
    """Return what is known of a kind of data.

    Parameters
    ----------
    name : str
        One of `available()`.

    Raises
    ------
    SettingsError
        For an unknown name.
    """
    found = importlib.import_module(module(name))
    return replace(found.MODALITY, name=name, reader=reader(name))


def module(name: str) -> str:
    """Return the dotted name of the module of a kind of data.

    Raises
    ------
    SettingsError
        For an unknown name.
    """
    if name not in available():
        raise SettingsError(
            f"cohort.image: there is no kind of data '{name}', choose from {', '.join(learned())}"
        )
    return f"{__name__}.{name}"


def reader(name: str) -> str | None:
    """Return the module that reads a kind's files, None of a kind that is read as others are."""
    home = module(name)
    own = importlib.import_module(home)
    return home if hasattr(own, "read") or hasattr(own, "reading") else None


def block(name: str) -> type[OfKind] | None:
    """Return the dataclass of a kind's block in `cohort`, None of a kind that is asked nothing."""
    return getattr(importlib.import_module(module(name)), "SETTINGS", None)


def configured(name: str, settings: OfKind | None) -> Modality:
    """Return what is known of a kind of data, with the shape that its block asks for."""
    kind = load(name)
    if settings is None:
        return kind
    return importlib.import_module(module(name)).configured(kind, settings)


def prepares(name: str, blocks: object) -> str:
    """Return a sentence on what is done to the files of a kind, and what is not.

    Parameters
    ----------
    name : str
    blocks : object
        Has the kind's block as an attribute of its name.

    Returns
    -------
    str
        Empty of what the imaging chain prepares, and of tables.
    """
    own, kind = importlib.import_module(module(name)), load(name)
    if hasattr(own, "prepares"):
        return own.prepares(getattr(blocks, name))
    if kind.comes_as != "arrays":
        return ""
    return f"The {kind.many} were prepared elsewhere and are read as they are."


def files_beside(name: str, settings: OfKind | None) -> list[str]:
    """Return the files that the arrays of a kind are made with, beside those of the scans."""
    own = importlib.import_module(module(name))
    return own.beside(settings) if hasattr(own, "beside") else []


def check_needs(name: str, settings: OfKind | None) -> None:
    """Raise `SettingsError` if a package, or a file, is not there that a kind of data needs."""
    own = importlib.import_module(module(name))
    if hasattr(own, "needs"):
        own.needs(settings)


def learned() -> list[str]:
    """Name the kinds that can be learned from, those of `cohort.image`."""
    return [name for name in available() if load(name).is_learned]


def maps() -> tuple[str, ...]:
    """Name the maps, which the chain carries along with an anatomical image, the usual first."""
    return _in_order(MAP, tuple(__path__))


def anatomicals() -> tuple[str, ...]:
    """Name the images that the imaging chain strips and registers, the usual one first."""
    return _in_order(ANATOMICAL, tuple(__path__))


def prepared() -> tuple[str, ...]:
    """Name the kinds that come as arrays which somebody else has prepared, one file per scan."""
    return tuple(name for name in available() if load(name).ending)


@cache
def _in_order(preprocessing: str, folders: tuple[str, ...]) -> tuple[str, ...]:
    found = [load(name) for name in _listed(folders)]
    chosen = [each for each in found if each.preprocessing == preprocessing]
    return tuple(each.name for each in sorted(chosen, key=lambda each: (each.rank, each.name)))

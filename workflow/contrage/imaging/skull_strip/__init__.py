"""Ways of skull stripping that other people maintain, a file each.

A file put here is a method of its name (`_` reads `-`): its `BACKEND` says what it needs. That of a
program has `node(folder, options)`, which `contrage.imaging.skull_strip._nipype` runs; that of a
package `mask(reference, path, options)`, which finds the brain itself. Beside it,
`preprocessing.skull_strip` of the schema has its name and a block with its settings. Nothing slow
is imported before either runs.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from contrage.errors import SettingsError

RUNNER = "contrage.imaging.skull_strip._nipype"
TEMPLATE = "contrage.imaging.skull_strip._template"


def lacks_nothing(found: str) -> None:
    """Of a program that runs wherever it is found."""


@dataclass(frozen=True)
class Backend:
    """What a method runs.

    Attributes
    ----------
    words, reference : str, tuple of two str
        Its name in a paper; a short name of what is cited, and where that stands.
    advice : str
        How to get it.
    names : tuple of str
        Executables that take the same arguments; the first on PATH is used. Empty: it is a
        Python package.
    packages : tuple of str
        Python packages that do the work; their versions are noted, and without `names` the
        first must be installed.
    fills : bool
        The program writes the brain itself: what is dark in it is no hole.
    lacks : callable
        Takes the executable found, and returns what else it cannot run without, or None.
    stamp : tuple of two str, optional
        A variable with a folder, and the file below that tells the program's version.
    mem_mb, runtime : int
        What a job is given, MiB and minutes.
    """

    words: str
    reference: tuple[str, str]
    advice: str
    names: tuple[str, ...] = ()
    packages: tuple[str, ...] = ("nipype",)
    fills: bool = False
    lacks: Callable[[str], str | None] = lacks_nothing
    stamp: tuple[str, str] | None = None
    mem_mb: int = 3000
    runtime: int = 60


def backends() -> dict[str, str]:
    """Return the methods that others maintain, a file each, and their modules."""
    files = (file for folder in __path__ for file in sorted(Path(folder).glob("[a-z]*.py")))
    return {file.stem.replace("_", "-"): f"{__name__}.{file.stem}" for file in files}


def available() -> list[str]:
    """Name the methods that exist: contrage's own, and those that others maintain."""
    return ["template", *backends(), "mask", "none"]


def backend(method: str) -> Backend | None:
    """Return what a method needs, None of those that need nothing; no other's file is read."""
    own = backends().get(method)
    return import_module(own).BACKEND if own else None


def require_backend(method: str) -> None:
    """Check that the program or package behind a method is there, before any job starts.

    Raises
    ------
    SettingsError
        Unknown method, its binary is not on PATH, its package is not installed, or what it
        cannot run without is missing.
    """
    key = "preprocessing.skull_strip.method"
    if method not in available():
        raise SettingsError(f"{key}: no method {method!r}; choose {', '.join(available())}")
    needed = backend(method)
    if needed is None:
        return
    found = executable(method)
    instead = f"{needed.advice}, or choose method 'template', which needs nothing"
    if not needed.names:
        package = needed.packages[0]
        if find_spec(package) is None:
            raise SettingsError(
                f"{key} {method!r} needs the Python package {package!r}, which is not installed; "
                + instead
            )
    elif found is None:
        names = " or ".join(repr(name) for name in needed.names)
        raise SettingsError(
            f"{key} {method!r} needs the program {names}, which is not on PATH; {instead}"
        )
    elif lacking := needed.lacks(found):
        raise SettingsError(f"{key} {method!r}: {lacking}")


def modules(method: str) -> tuple[str, ...]:
    """Return the dotted names of a method's own module, if any, and of what runs its program.

    They are imported by these computed names, so that a rule has to name them as code of its own.
    """
    if method == "template":
        return (TEMPLATE,)
    needed = backend(method)
    if needed is None:
        return ()
    return (backends()[method], *([RUNNER] if needed.names else []))


def executable(method: str) -> str | None:
    """Return the name of the program that a method runs here, None where there is none."""
    return next((name for name in _of(method).names if shutil.which(name)), None)


def program_version(method: str) -> str | None:
    """Return the version that a program's installation tells in a file; nothing is run.

    FSL writes $FSLDIR/etc/fslversion, FreeSurfer $FREESURFER_HOME/build-stamp.txt; HD-BET and
    the containers tell none.
    """
    needed = _of(method)
    if needed.stamp is None or executable(method) not in needed.names[:1]:
        return None
    variable, name = needed.stamp
    stamp = Path(os.environ.get(variable, ""), name)
    if not os.environ.get(variable) or not stamp.is_file():
        return None
    return (stamp.read_text(encoding="utf-8", errors="replace").strip().splitlines() or [None])[0]


def packages(method: str) -> tuple[str, ...]:
    """Return the Python packages that a method works with, whose versions are noted."""
    return _of(method).packages


def needs(method: str) -> dict[str, int]:
    """Return the memory (MiB) and time (minutes) that a job of skull stripping is given."""
    needed = _of(method)
    return {"mem_mb": needed.mem_mb, "runtime": needed.runtime}


def _of(method: str) -> Backend:
    """Return what a method needs, a backend of nothing for contrage's own."""
    return backend(method) or Backend("", ("", ""), "", packages=())

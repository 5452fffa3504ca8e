"""Which ways of skull stripping there are, and whether their programs are. Imports nothing slow."""

from __future__ import annotations

import os
import shutil
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from contrage.errors import SettingsError
from contrage.imaging import strippers

MEMORY_AT_1_MM = 5000
"""MiB of a preprocessing job whose images have voxels of 1 mm."""

MODULES = {
    file.stem.replace("_", "-"): f"{strippers.__name__}.{file.stem}"
    for file in sorted(Path(strippers.__file__).parent.glob("[a-z]*.py"))
}
"""The methods that others maintain, a file each, and their modules."""
BACKENDS: dict[str, strippers.Backend] = {
    method: import_module(module).BACKEND for method, module in MODULES.items()
}
METHODS = ("template", *BACKENDS, "mask", "none")


def require_backend(method: str) -> None:
    """Check that the program or package behind a method is there, before any job starts.

    Raises
    ------
    SettingsError
        Unknown method, its binary is not on PATH, its package is not installed, or what it
        cannot run without is missing.
    """
    key = "preprocessing.skull_strip.method"
    if method not in METHODS:
        raise SettingsError(f"{key}: no method {method!r}; choose {', '.join(METHODS)}")
    if method not in BACKENDS:
        return
    backend, found = BACKENDS[method], executable(method)
    instead = f"{backend.advice}, or choose method 'template', which needs nothing"
    if not backend.names:
        package = backend.packages[0]
        if find_spec(package) is None:
            raise SettingsError(
                f"{key} {method!r} needs the Python package {package!r}, which is not installed; "
                + instead
            )
    elif found is None:
        names = " or ".join(repr(name) for name in backend.names)
        raise SettingsError(
            f"{key} {method!r} needs the program {names}, which is not on PATH; {instead}"
        )
    elif lacking := backend.lacks(found):
        raise SettingsError(f"{key} {method!r}: {lacking}")


def module(method: str) -> tuple[str, ...]:
    """Return the dotted name of a method's own module, where it has one.

    It is imported by that computed name, so that a rule has to name it as code of its own.
    """
    return (MODULES[method],) if method in MODULES else ()


def executable(method: str) -> str | None:
    """Return the name of the program that a method runs here, None where there is none."""
    return next((name for name in BACKENDS[method].names if shutil.which(name)), None)


def program_version(method: str) -> str | None:
    """Return the version that a program's installation tells in a file; nothing is run.

    FSL writes $FSLDIR/etc/fslversion, FreeSurfer $FREESURFER_HOME/build-stamp.txt; HD-BET and
    the containers tell none.
    """
    backend = BACKENDS[method]
    if backend.stamp is None or executable(method) not in backend.names[:1]:
        return None
    variable, name = backend.stamp
    stamp = Path(os.environ.get(variable, ""), name)
    if not os.environ.get(variable) or not stamp.is_file():
        return None
    return (stamp.read_text(encoding="utf-8", errors="replace").strip().splitlines() or [None])[0]


def used(skull_strip: dict[str, Any]) -> dict[str, Any]:
    """Return the method and its own settings alone: those of the others decide nothing.

    Parameters
    ----------
    skull_strip : dict
        The block of the configuration.
    """
    method = skull_strip.get("method", "template")
    asked = {"method": method}
    if own := options(skull_strip):
        asked[method] = own
    return asked


def options(skull_strip: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of the method that is chosen, defaults filled in."""
    method = skull_strip.get("method", "template")
    defaults = BACKENDS[method].options if method in BACKENDS else {}
    return {**defaults, **skull_strip.get(method, {})}


def packages(method: str) -> tuple[str, ...]:
    """Return the Python packages that a method works with, whose versions are noted."""
    return BACKENDS[method].packages if method in BACKENDS else ()


def needs(method: str, grid_mm: int = 2) -> dict[str, int]:
    """Return the memory (MiB) and time (minutes) that a preprocessing job is given."""
    backend = BACKENDS.get(method) or strippers.Backend("", ("", ""), "")
    memory = backend.mem_mb if grid_mm == 2 else max(backend.mem_mb, MEMORY_AT_1_MM)
    return {"mem_mb": memory, "runtime": backend.runtime}

"""Which ways of skull stripping there are, and whether their programs are. Imports nothing slow."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contrage.errors import SettingsError

FREESURFER = "install FreeSurfer (surfer.nmr.mgh.harvard.edu) and source SetUpFreeSurfer.sh"
LICENSE = (
    "get one for free at surfer.nmr.mgh.harvard.edu/registration.html and save it as "
    "$FREESURFER_HOME/license.txt, or set FS_LICENSE to its file"
)


MEMORY_AT_1_MM = 5000
"""MiB of a preprocessing job whose images have voxels of 1 mm."""


@dataclass(frozen=True)
class Program:
    """What a method runs.

    Attributes
    ----------
    names : tuple of str
        Executables that take the same arguments; the first on PATH is used.
    advice : str
        How to get it.
    mem_mb, runtime : int
        What a job is given, MiB and minutes: of the programs' documentation, not measured.
    """

    names: tuple[str, ...]
    advice: str
    mem_mb: int = 3000
    runtime: int = 60


PROGRAMS = {
    "bet": Program(("bet",), "install FSL (fsl.fmrib.ox.ac.uk) and put $FSLDIR/bin on PATH"),
    "freesurfer": Program(("mri_watershed",), FREESURFER),
    "freesurfer-recon-all": Program(("recon-all",), FREESURFER, 6000, 180),
    "synthstrip": Program(
        ("mri_synthstrip", "synthstrip-singularity", "synthstrip-docker"),
        f"{FREESURFER} (7.3 or newer), or get the container's script from w3id.org/synthstrip",
        8000,
    ),
    "hdbet": Program(
        ("hd-bet",),
        "install HD-BET 2 (pip install hd-bet, in an environment of its own if need be) and run "
        "it once where there is a network: it fetches its weights",
        12000,
    ),
}
METHODS = ("template", *PROGRAMS, "mask", "none")
OPTIONS: dict[str, dict[str, Any]] = {
    "bet": {"frac": 0.5, "robust": True},
    "freesurfer": {"normalised": False},
    "synthstrip": {"border": 1, "no_csf": False},
    "hdbet": {"tta": False},
}
"""Settings of the methods that have any, with their defaults; the schema describes each."""


def require_backend(method: str) -> None:
    """Check that the program behind a method is there, before any job starts.

    Raises
    ------
    SettingsError
        Unknown method, its binary is not on PATH, or what it cannot run without is missing.
    """
    if method not in METHODS:
        raise SettingsError(
            f"preprocessing.skull_strip.method: no method {method!r}; choose {', '.join(METHODS)}"
        )
    if method not in PROGRAMS:
        return
    program = PROGRAMS[method]
    found = executable(method)
    if found is None:
        names = " or ".join(repr(name) for name in program.names)
        raise SettingsError(
            f"preprocessing.skull_strip.method {method!r} needs the program {names}, which is "
            f"not on PATH; {program.advice}, or choose method 'template', which needs nothing"
        )
    if found in ("recon-all", "mri_synthstrip") and not os.environ.get("FREESURFER_HOME"):
        raise SettingsError(
            f"preprocessing.skull_strip.method {method!r}: {found} is there, but FREESURFER_HOME "
            "is not set; source SetUpFreeSurfer.sh"
        )
    if found == "recon-all" and _license() is None:
        raise SettingsError(
            f"preprocessing.skull_strip.method {method!r}: FreeSurfer has no license; {LICENSE}"
        )


def executable(method: str) -> str | None:
    """Return the name of the program that a method runs here, None where there is none."""
    return next((name for name in PROGRAMS[method].names if shutil.which(name)), None)


def _license() -> Path | None:
    """FreeSurfer's license, where FreeSurfer itself looks for it."""
    home = Path(os.environ["FREESURFER_HOME"])
    places = [home / "license.txt", home / ".license"]
    if given := os.environ.get("FS_LICENSE"):
        places.insert(0, Path(given))
    return next((place for place in places if place.is_file()), None)


def program_version(method: str) -> str | None:
    """Return the version that a program's installation tells in a file; nothing is run.

    FSL writes $FSLDIR/etc/fslversion, FreeSurfer $FREESURFER_HOME/build-stamp.txt; HD-BET and
    the containers tell none.
    """
    stamps = {"bet": ("FSLDIR", "etc/fslversion")}
    if method in PROGRAMS and executable(method) in (
        "mri_watershed",
        "recon-all",
        "mri_synthstrip",
    ):
        stamps[method] = ("FREESURFER_HOME", "build-stamp.txt")
    variable, name = stamps.get(method, ("", ""))
    home = os.environ.get(variable) if variable else None
    stamp = Path(home) / name if home else None
    if stamp is None or not stamp.is_file():
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
    if method in OPTIONS:
        asked[method] = options(skull_strip)
    return asked


def options(skull_strip: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of the method that is chosen, defaults filled in."""
    method = skull_strip.get("method", "template")
    return {**OPTIONS.get(method, {}), **skull_strip.get(method, {})}


def needs(method: str, grid_mm: int = 2) -> dict[str, int]:
    """Return the memory (MiB) and time (minutes) that a preprocessing job is given."""
    program = PROGRAMS.get(method, Program((), ""))
    memory = program.mem_mb if grid_mm == 2 else max(program.mem_mb, MEMORY_AT_1_MM)
    return {"mem_mb": memory, "runtime": program.runtime}

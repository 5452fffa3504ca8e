"""Which ways of skull stripping there are, and whether their programs are. Imports nothing slow."""

from __future__ import annotations

import shutil

from contrage.errors import SettingsError

METHODS = ("template", "bet", "freesurfer", "mask", "none")
BINARIES = {
    "bet": ("bet", "install FSL (fsl.fmrib.ox.ac.uk) and put $FSLDIR/bin on PATH"),
    "freesurfer": (
        "mri_watershed",
        "install FreeSurfer (surfer.nmr.mgh.harvard.edu) and source SetUpFreeSurfer.sh",
    ),
}


def require_backend(method: str) -> None:
    """Check that the program behind a method is there, before any job starts.

    Raises
    ------
    SettingsError
        Unknown method, or its binary is not on PATH.
    """
    if method not in METHODS:
        raise SettingsError(
            f"preprocessing.skull_strip.method: no method {method!r}; choose {', '.join(METHODS)}"
        )
    binary, advice = BINARIES.get(method, (None, ""))
    if binary and shutil.which(binary) is None:
        raise SettingsError(
            f"preprocessing.skull_strip.method {method!r} needs the program {binary!r}, which is "
            f"not on PATH; {advice}, or choose method 'template', which needs nothing"
        )

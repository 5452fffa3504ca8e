"""How FreeSurfer is installed: what its programs need beside themselves. Imports nothing slow."""

from __future__ import annotations

import os
from pathlib import Path

ADVICE = "install FreeSurfer (surfer.nmr.mgh.harvard.edu) and source SetUpFreeSurfer.sh"
LICENSE = (
    "get one for free at surfer.nmr.mgh.harvard.edu/registration.html and save it as "
    "$FREESURFER_HOME/license.txt, or set FS_LICENSE to its file"
)
REFERENCE = (
    "FreeSurfer",
    "Ségonne et al. (2004), NeuroImage 22:1060-1075, doi:10.1016/j.neuroimage.2004.03.032",
)
STAMP = ("FREESURFER_HOME", "build-stamp.txt")


def lacks_home(found: str) -> str | None:
    """Return what to say where FreeSurfer's programs are on PATH, but it is not set up."""
    if os.environ.get("FREESURFER_HOME"):
        return None
    return f"{found} is there, but FREESURFER_HOME is not set; source SetUpFreeSurfer.sh"


def lacks_license(found: str) -> str | None:
    """Return what to say where it is not set up, or has no license."""
    return lacks_home(found) or (None if _license() else f"FreeSurfer has no license; {LICENSE}")


def _license() -> Path | None:
    """FreeSurfer's license, where FreeSurfer itself looks for it."""
    home = Path(os.environ["FREESURFER_HOME"])
    places = [home / "license.txt", home / ".license"]
    if given := os.environ.get("FS_LICENSE"):
        places.insert(0, Path(given))
    return next((place for place in places if place.is_file()), None)

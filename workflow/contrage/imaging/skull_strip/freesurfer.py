"""FreeSurfer's watershed (Ségonne et al. 2004)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from contrage.imaging.skull_strip import Backend
from contrage.imaging.skull_strip._freesurfer_home import ADVICE, REFERENCE, STAMP

if TYPE_CHECKING:
    from nipype.interfaces.base import CommandLine

BACKEND = Backend(
    words="FreeSurfer's watershed",
    reference=REFERENCE,
    advice=ADVICE,
    names=("mri_watershed",),
    fills=True,
    stamp=STAMP,
)


def node(folder: Path, options: dict) -> tuple[CommandLine, Path]:
    """Return the program, ready to run, and the file that it will write."""
    from nipype.interfaces.freesurfer import WatershedSkullStrip

    from contrage.imaging.skull_strip._interfaces import Strict
    from contrage.imaging.skull_strip._nipype import BRAIN, HEAD

    class Watershed(Strict, WatershedSkullStrip):
        """mri_watershed, whose exit status counts."""

        _subjects_dir = str(folder)  # else nipype insists on SUBJECTS_DIR

    watershed = Watershed(in_file=str(folder / HEAD), out_file=str(folder / BRAIN))
    if options["normalised"]:
        watershed.inputs.t1 = True
    return watershed, folder / BRAIN

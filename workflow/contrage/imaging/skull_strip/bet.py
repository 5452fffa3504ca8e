"""BET of FSL (Smith 2002)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from contrage.imaging.skull_strip import Backend

if TYPE_CHECKING:
    from nipype.interfaces.base import CommandLine

BACKEND = Backend(
    words="BET of FSL",
    reference=("BET", "Smith (2002), Hum Brain Mapp 17:143-155, doi:10.1002/hbm.10062"),
    advice="install FSL (fsl.fmrib.ox.ac.uk) and put $FSLDIR/bin on PATH",
    names=("bet",),
    stamp=("FSLDIR", "etc/fslversion"),
)


def node(folder: Path, options: dict) -> tuple[CommandLine, Path]:
    """Return the program, ready to run, and the file that it will write."""
    # nipype warns, and writes uncompressed NIfTI, where this is not said.
    os.environ.setdefault("FSLOUTPUTTYPE", "NIFTI_GZ")
    from nipype.interfaces.fsl import (
        BET,
    )  # whose exit status says nothing: it fails on any word on stderr

    from contrage.imaging.skull_strip._nipype import BRAIN, HEAD, MASK

    bet = BET(in_file=str(folder / HEAD), out_file=str(folder / BRAIN), mask=True)
    bet.inputs.frac = float(options["frac"])
    if options["robust"]:
        bet.inputs.robust = True
    bet.inputs.output_type = "NIFTI_GZ"
    return bet, folder / MASK

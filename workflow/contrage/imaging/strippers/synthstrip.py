"""SynthStrip (Hoopes et al. 2022), of FreeSurfer or from its container."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from contrage.imaging.freesurfer_home import ADVICE, STAMP, lacks_home
from contrage.imaging.strippers import Backend

if TYPE_CHECKING:
    from nipype.interfaces.base import CommandLine

NAME = "mri_synthstrip"

BACKEND = Backend(
    words="SynthStrip",
    reference=(
        "SynthStrip",
        "Hoopes et al. (2022), NeuroImage 260:119474, doi:10.1016/j.neuroimage.2022.119474",
    ),
    advice=f"{ADVICE} (7.3 or newer), or get the container's script from w3id.org/synthstrip",
    names=(NAME, "synthstrip-singularity", "synthstrip-docker"),
    options={"border": 1, "no_csf": False},
    lacks=lambda found: lacks_home(found) if found == NAME else None,
    stamp=STAMP,
    mem_mb=8000,
)


def node(folder: Path, options: dict) -> tuple[CommandLine, Path]:
    """Return the program, ready to run, and the file that it will write."""
    from contrage.imaging.backends import executable
    from contrage.imaging.nipype_interfaces import SynthStrip
    from contrage.imaging.strip_nipype import BRAIN, HEAD, MASK

    program = SynthStrip(command=executable("synthstrip"))
    program.inputs.in_file = str(folder / HEAD)
    program.inputs.out_file, program.inputs.out_mask = str(folder / BRAIN), str(folder / MASK)
    program.inputs.border = int(options["border"])
    if options["no_csf"]:
        program.inputs.no_csf = True
    return program, folder / MASK

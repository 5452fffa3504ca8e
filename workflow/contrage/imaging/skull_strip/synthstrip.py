"""SynthStrip (Hoopes et al. 2022), of FreeSurfer or from its container."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from contrage.imaging.skull_strip import Backend
from contrage.imaging.skull_strip._freesurfer_home import ADVICE, STAMP, lacks_home

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
    lacks=lambda found: lacks_home(found) if found == NAME else None,
    stamp=STAMP,
    mem_mb=8000,
)


def node(folder: Path, options: dict) -> tuple[CommandLine, Path]:
    """Return the program, ready to run, and the file that it will write."""
    from contrage.imaging.skull_strip import executable
    from contrage.imaging.skull_strip._interfaces import Program
    from contrage.imaging.skull_strip._nipype import BRAIN, HEAD, MASK

    files = f"-i {folder / HEAD} -o {folder / BRAIN} -m {folder / MASK}"
    fluid = " --no-csf" if options["no_csf"] else ""
    program = Program(
        command=executable("synthstrip"), args=f"{files} -b {options['border']}{fluid}"
    )
    return program, folder / MASK

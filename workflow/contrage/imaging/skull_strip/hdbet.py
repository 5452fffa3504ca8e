"""HD-BET (Isensee et al. 2019), version 2."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from contrage.imaging.skull_strip import Backend

if TYPE_CHECKING:
    from nipype.interfaces.base import CommandLine

BACKEND = Backend(
    words="HD-BET",
    reference=(
        "HD-BET",
        "Isensee et al. (2019), Hum Brain Mapp 40:4952-4964, doi:10.1002/hbm.24750",
    ),
    advice="install HD-BET 2 (pip install hd-bet, in an environment of its own if need be) and run "
    "it once where there is a network: it fetches its weights",
    names=("hd-bet",),
    mem_mb=12000,
)


def node(folder: Path, options: dict) -> tuple[CommandLine, Path]:
    """Return the program, ready to run, and the file that it will write.

    Its options are those of version 2 (HD_BET/entry_point.py); version 1 refuses them.
    """
    from contrage.imaging.skull_strip._interfaces import Program
    from contrage.imaging.skull_strip._nipype import BRAIN, HEAD

    mirrored = "" if options["tta"] else " --disable_tta"
    arguments = f"-i {folder / HEAD} -o {folder / BRAIN} -device cpu{mirrored}"
    program = Program(command="hd-bet", args=f"{arguments} --no_bet_image --save_bet_mask")
    return program, folder / "brain_bet.nii.gz"

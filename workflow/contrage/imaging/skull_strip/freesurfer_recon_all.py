"""The first third of FreeSurfer's recon-all, for its brain mask."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from contrage.imaging.skull_strip import Backend
from contrage.imaging.skull_strip._freesurfer_home import ADVICE, REFERENCE, STAMP, lacks_license

if TYPE_CHECKING:
    from nipype.interfaces.base import CommandLine

BACKEND = Backend(
    words="FreeSurfer's recon-all",
    reference=REFERENCE,
    advice=ADVICE,
    names=("recon-all",),
    fills=True,
    lacks=lacks_license,
    stamp=STAMP,
    mem_mb=6000,
    runtime=180,
)


def node(folder: Path, options: dict) -> tuple[CommandLine, Path]:
    """Return the program, ready to run, and the file that it will write."""
    from nipype.interfaces import freesurfer

    from contrage.imaging.skull_strip._interfaces import Strict
    from contrage.imaging.skull_strip._nipype import HEAD

    class ReconAll(Strict, freesurfer.ReconAll):
        """recon-all, whose exit status counts."""

    recon = ReconAll(subject_id="scan", directive="autorecon1", openmp=1)
    recon.inputs.T1_files = [str(folder / HEAD)]
    recon.inputs.subjects_dir = str(folder)
    return recon, folder / "scan" / "mri" / "brainmask.mgz"

"""Skull stripping with FSL's BET or FreeSurfer's watershed, run through nipype."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np

from contrage.errors import BadScanError
from contrage.imaging.images import Image, load, resample


def external_mask(reference: Image, path: Path, method: str) -> np.ndarray:
    """Run a program on an image's file and return the brain on the image's grid, bool.

    Raises
    ------
    BadScanError
        The program failed on this image.
    """
    run = {"bet": _bet, "freesurfer": _watershed}[method]
    with tempfile.TemporaryDirectory(prefix="contrage-") as folder:
        try:
            written = load(run(Path(path).resolve(), Path(folder)))
        except (RuntimeError, OSError, BadScanError) as error:
            last = str(error).strip().splitlines()[-1:] or ["no message"]
            raise BadScanError(path, f"skull stripping ({method}) failed: {last[0]}") from error
    mask = written.with_array((written.array > 0).astype(np.uint8))
    if mask.same_grid(reference):
        return mask.array.astype(bool)
    return resample(mask, reference, order=0).astype(bool)


def _bet(path: Path, folder: Path) -> Path:
    # nipype warns, and writes uncompressed NIfTI, where this is not said.
    os.environ.setdefault("FSLOUTPUTTYPE", "NIFTI_GZ")
    from nipype.interfaces.fsl import BET

    node = BET(in_file=str(path), out_file=str(folder / "brain.nii.gz"), mask=True, robust=True)
    node.inputs.output_type = "NIFTI_GZ"
    node.run(cwd=str(folder))
    return folder / "brain_mask.nii.gz"


def _watershed(path: Path, folder: Path) -> Path:
    from nipype.interfaces.freesurfer import WatershedSkullStrip

    target = folder / "brain.nii.gz"
    node = WatershedSkullStrip(in_file=str(path), out_file=str(target), t1=True)
    node.inputs.subjects_dir = str(folder)
    node.run(cwd=str(folder))
    return target

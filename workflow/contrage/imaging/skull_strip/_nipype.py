"""Skull stripping with other people's programs, run through nipype on one thread of the CPU."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import nibabel as nib
import numpy as np
from nibabel.filebasedimages import ImageFileError
from scipy import ndimage

from contrage.errors import BadScanError, SettingsError, disk_full
from contrage.files import save_nifti
from contrage.imaging.images import Image, load, resample, squeezed
from contrage.imaging.skull_strip import program_version
from contrage.imaging.skull_strip._result import Stripped

if TYPE_CHECKING:
    from nipype.interfaces.base import CommandLine

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS")
HEAD, BRAIN, MASK = "head.nii.gz", "brain.nii.gz", "brain_mask.nii.gz"


def external_mask(
    reference: Image,
    path: Path,
    method: str,
    used: ModuleType,
    options: dict,
) -> Stripped:
    """Run a program on an image and return the brain on the image's grid.

    The program gets a copy of the image as it was read, in a folder of its own: one that every
    program can read (3-D, .nii.gz), that places it by one affine (sform and qform alike), and
    whose path has no blanks, which nipype's command lines do not survive.

    Parameters
    ----------
    reference : Image
        The head.
    path : Path
        Its file, to be named in errors.
    method : str
        Its name.
    used : module
        Its file: `node(folder, options)` returns the program, ready to run on `HEAD` in its folder,
        and the file with the mask or the brain that it will write.
    options : dict
        The method's settings.

    Returns
    -------
    Stripped
        With the command line, paths relative to its folder, and the program's version.

    Raises
    ------
    BadScanError
        The program failed on this image, or wrote no image.
    SettingsError
        The program takes other arguments: it is of another version.
    """
    with tempfile.TemporaryDirectory(prefix="contrage-") as name:
        folder = Path(name)
        save_nifti(folder / HEAD, reference.array, reference.affine)
        node, written = used.node(folder, options)
        node.inputs.environ = {**node.inputs.environ, **dict.fromkeys(THREADS, "1")}
        command = re.sub(rf"{re.escape(name)}(/|$)", "", _run(node, folder, path, method)).strip()
        mask = _read(written, path, method)
    if used.BACKEND.fills:
        mask = mask.with_array(ndimage.binary_fill_holes(mask.array))
    if not mask.same_grid(reference):
        mask = reference.with_array(resample(mask, reference, order=0))
    return Stripped(mask.array.astype(bool), command=command, version=program_version(method))


def _run(node: CommandLine, folder: Path, path: Path, method: str) -> str:
    """Run a program in its folder; returns the command line."""
    try:
        return node.run(cwd=str(folder)).runtime.cmdline
    except (RuntimeError, OSError, ValueError) as error:
        if disk_full(error):
            raise
        said = _last_words(str(error))
        if "unrecognized arguments" in said or "No command" in said:
            raise SettingsError(
                f"preprocessing.skull_strip.method {method!r}: {node.cmd} is of another version "
                f"than contrage knows ({said}); see Skull stripping in docs/preprocessing.md"
            ) from error
        raise BadScanError(path, f"skull stripping ({method}) failed: {said}") from error


def _last_words(message: str) -> str:
    """Return the last line that a program printed, of nipype's account of its failure."""
    for part in ("Standard error", "Standard output"):
        found = re.search(
            rf"^{part}:\n(.*?)(?=^(?:Standard error:|Return code:)|\Z)", message, re.M | re.S
        )
        lines = found.group(1).strip().splitlines() if found else []
        if lines:
            return lines[-1].strip()
    code = re.search(r"^Return code: (-?\d+)", message, re.M)
    return f"exit status {code.group(1)}" if code else " ".join(message.split())[:200]


def _read(written: Path, path: Path, method: str) -> Image:
    """Read a mask or brain that a program wrote, NIfTI or FreeSurfer's .mgz; above 0 is brain."""
    try:
        if written.suffix == ".mgz":
            image = nib.load(written)
            array = squeezed(np.asanyarray(image.dataobj, dtype=np.float32))
            found = Image(array, np.asarray(image.affine, dtype=float))
        else:
            found = load(written)
    except (OSError, EOFError, ValueError, ImageFileError, BadScanError) as error:
        reason = f"skull stripping ({method}) failed: it wrote no readable {written.name}"
        raise BadScanError(path, reason) from error
    return found.with_array((found.array > 0).astype(np.uint8))

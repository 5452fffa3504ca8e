"""All preprocessed images of a cohort in one array."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contrage.dataset.sidecar import write_array_sidecar
from contrage.errors import BadScanError
from contrage.files import damaged, read_image, read_json, write_array
from contrage.layout import preproc_file, quality_file
from contrage.settings.build import as_plain
from contrage.settings.steps.dataset import StackStep
from contrage.tables import read_tsv, write_tsv

log = logging.getLogger(__name__)


def stack(settings: StackStep, *, scans: Path, derivatives: Path, array: Path, rows: Path) -> None:
    """Write the images of all scans that were preprocessed into one array.

    Parameters
    ----------
    settings : StackStep
    scans : Path
        The scans that passed the check.
    derivatives : Path
        The cohort's derivatives; a zero-byte image is a scan that failed in preprocessing
        (its record says so).
    array : Path
        Output, float32 of shape (scans, 1, X, Y, Z): kPa or T1 intensity, 0 outside the image. The
        JSON beside it lists the images with their SHA-256.
    rows : Path
        Output: scan_id and row of each image in the array.

    Raises
    ------
    BadScanError
        If an image has another grid than the first, or none is left.
    """
    import pandas as pd

    names = read_tsv(scans)["scan_id"].tolist()
    grid_mm, factor = settings.grid_mm, settings.voxel_mm // settings.grid_mm
    files = {name: derivatives / preproc_file(name, settings.image, grid_mm) for name in names}
    usable = [name for name in names if _came_through(derivatives, name, files[name])]
    if not usable:
        raise BadScanError(scans, "no scan came through preprocessing; see the table of exclusions")
    shape = tuple(-(-size // factor) for size in read_image(files[usable[0]]).shape)
    write_array(array, (len(usable), 1, *shape), _images([files[name] for name in usable], factor))
    made = {"function": "contrage.dataset.stack.stack", "parameters": as_plain(settings)}
    write_array_sidecar(array, {name: files[name] for name in usable}, made, derivatives)
    write_tsv(rows, pd.DataFrame({"scan_id": usable, "row": range(len(usable))}))


def _images(files: list[Path], factor: int) -> Iterator[NDArray[np.float32]]:
    """Yield the images (1, X, Y, Z) in blocks of voxels; all have the grid of the first."""
    first = read_image(files[0])
    for number, file in enumerate(files, 1):
        image = read_image(file)
        if image.shape != first.shape or not np.allclose(image.affine, first.affine):
            raise BadScanError(file, f"its grid differs from that of {files[0]}")
        yield block_mean(np.asarray(image.dataobj, dtype=np.float32), factor)[None]
        if number % 100 == 0:
            log.info("%d of %d images", number, len(files))


def _came_through(derivatives: Path, name: str, image: Path) -> bool:
    """Tell a scan that failed, whose image is an empty file, from one whose image was cut."""
    if image.stat().st_size:
        return True
    record = derivatives / quality_file(name)
    if record.is_file() and read_json(record)["status"] != "failed":
        raise damaged(image, EOFError())
    return False


def block_mean(image: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Average blocks of voxels over the image's support (its non-zero voxels).

    Parameters
    ----------
    image : ndarray of shape (X, Y, Z)
        Padded with background at the upper ends to a multiple of `factor`.
    factor : int
        Edge of a block in voxels; 1 returns the image as it is.

    Returns
    -------
    ndarray of shape (ceil(X / factor), …)
        A block is 0 where less than half of it is inside the support, so that the mean is never
        drawn towards the background.
    """
    if factor == 1:
        return image
    padded = np.pad(image, [(0, -size % factor) for size in image.shape])
    counts = [size // factor for size in padded.shape]
    blocks = padded.reshape(counts[0], factor, counts[1], factor, counts[2], factor)
    total = blocks.sum(axis=(1, 3, 5), dtype=np.float64)
    inside = (blocks != 0).sum(axis=(1, 3, 5))
    mean = total / np.maximum(inside, 1)
    return np.where(inside * 2 >= factor**3, mean, 0).astype(np.float32)

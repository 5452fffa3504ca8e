"""Images in memory: read strictly, made coarser, brought onto other grids. No ANTs in here."""

from __future__ import annotations

import gzip
import hashlib
import math
import zlib
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError
from scipy import ndimage

from contrage.errors import BadScanError
from contrage.files import reading
from contrage.imaging.foreign import is_header_alone, no_numbers, what_it_is, why_unreadable

UNREADABLE = (OSError, EOFError, ValueError, TypeError, OverflowError)
UNREADABLE += (ImageFileError, HeaderDataError)
"""What nibabel raises of files that are cut, or whose headers say what cannot be."""
Points = np.ndarray
"""World coordinates, shape (n, 3), RAS, mm."""
FEWEST_IN_PAIRS = 8
"""Neighbours in memory from which on NumPy adds in pairs."""


@dataclass(frozen=True)
class Image:
    """A 3-D image and where it lies.

    Attributes
    ----------
    array : ndarray of shape (X, Y, Z)
        The values.
    affine : ndarray of shape (4, 4)
        Voxel indices to world coordinates, RAS, mm.
    """

    array: np.ndarray
    affine: np.ndarray

    @property
    def voxel_mm(self) -> np.ndarray:
        """Edge lengths of a voxel, mm, shape (3,)."""
        return np.sqrt((self.affine[:3, :3] ** 2).sum(axis=0))

    def same_grid(self, other: Image) -> bool:
        """Whether both have the same shape and affine (to a hundredth of a millimetre)."""
        return self.array.shape == other.array.shape and np.allclose(
            self.affine, other.affine, atol=1e-2
        )

    def with_array(self, array: np.ndarray) -> Image:
        """Return other values on this image's grid."""
        return Image(array, self.affine)


def read_nifti(path: Path) -> tuple[nib.Nifti1Image, str]:
    """Read a NIfTI file to its last byte.

    nibabel alone reads no further than it must and so misses a damaged end of a gzip stream.

    Parameters
    ----------
    path : Path
        A .nii or .nii.gz file.

    Returns
    -------
    image : Nifti1Image or Nifti2Image
        With the data in memory.
    checksum : str
        SHA-256 of the file.

    Raises
    ------
    BadScanError
        The file is missing, no NIfTI, truncated or damaged, or has no real numbers.
    """
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise BadScanError(path, why_unreadable(path, error)) from error
    checksum = hashlib.sha256(raw).hexdigest()
    if not raw:
        raise BadScanError(path, "is empty (0 bytes); copy it again from its source")
    try:
        content = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    except (OSError, EOFError, zlib.error) as error:
        reason = f"is truncated or damaged ({error}); copy it again from its source"
        raise BadScanError(path, reason) from error
    if not content:
        raise BadScanError(path, "is empty once unpacked; copy it again from its source")
    return _parse(path, content), checksum


def _parse(path: Path, content: bytes) -> nib.Nifti1Image:
    for kind in (nib.Nifti1Image, nib.Nifti2Image):
        if is_header_alone(content) or not kind.header_class.may_contain_header(content):
            continue
        try:
            image = kind.from_bytes(content)
            if reason := no_numbers(image.get_data_dtype()):
                raise BadScanError(path, reason)
            _require_all(image, len(content))
            image.get_fdata(dtype=np.float32)
        except UNREADABLE as error:
            message = " ".join(str(error).split())[:120]
            reason = f"is truncated or has a broken header ({message}); export it again"
            raise BadScanError(path, reason) from error
        return image
    raise BadScanError(path, what_it_is(content))


def _require_all(image: nib.Nifti1Image, size: int) -> None:
    """Raise `ValueError` where a file's bytes are fewer than its header says, before room is made.

    nibabel asks for the memory first: a header that claims 32767³ voxels would end the process.
    """
    wanted = math.prod(image.shape) * image.get_data_dtype().itemsize
    there = size - image.dataobj.offset
    if not 0 <= wanted <= there <= size:
        raise ValueError(f"Expected {wanted} bytes, got {max(0, there)} bytes")


def load(path: Path) -> Image:
    """Load a 3-D image as float32; a fourth axis of length one is dropped.

    Raises
    ------
    BadScanError
        The file cannot be read or is not three-dimensional.
    """
    image, _ = read_nifti(path)
    array = squeezed(image.get_fdata(dtype=np.float32))
    if array.ndim != 3:
        raise BadScanError(path, f"has {array.ndim} axes {array.shape}; a 3-D image is needed")
    return Image(array, np.asarray(image.affine, dtype=float))


def load_made(path: Path) -> Image:
    """Load an image that the workflow made; a damaged one is to be made again, no bad scan.

    Raises
    ------
    CutFileError
        The file cannot be read to its end.
    """
    with reading(path):
        Path(path).open("rb").close()
        return load(path)


def squeezed(array: np.ndarray) -> np.ndarray:
    """Drop axes of length one after the third."""
    while array.ndim > 3 and array.shape[-1] == 1:
        array = array[..., 0]
    return array


def transform_points(matrix: np.ndarray, points: Points) -> Points:
    """Apply a 4 × 4 affine to points of shape (n, 3)."""
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def centre_of_mass(image: Image) -> np.ndarray:
    """Return the mean position of the voxels, weighted by their values, shape (3,), mm."""
    index = np.array(ndimage.center_of_mass(image.array))
    return transform_points(image.affine, index[None])[0]


def grid_points(image: Image, keep: np.ndarray | None = None) -> Points:
    """World coordinates of the voxels (where `keep` is true), shape (n, 3), mm."""
    keep = np.ones(image.array.shape, bool) if keep is None else keep
    return transform_points(image.affine, np.argwhere(keep).astype(float))


def shrink(image: Image, millimetres: float) -> Image:
    """Average whole blocks of voxels, so that edges come near to a size; never enlarges.

    Parameters
    ----------
    image : Image
        Any orientation; the result keeps it.
    millimetres : float
        Edge length aimed at.

    Returns
    -------
    Image
        float32; voxels left over at the far ends are dropped.
    """
    shape = np.array(image.array.shape)
    factor = np.maximum(1, np.round(millimetres / image.voxel_mm)).astype(int)
    factor = np.minimum(factor, shape)
    size = shape // factor
    array = image.array[tuple(slice(0, n) for n in size * factor)].astype(np.float32)
    for axis in range(3):
        split = (*array.shape[:axis], size[axis], factor[axis], *array.shape[axis + 1 :])
        array = _mean(array.reshape(split), axis + 1)
    affine = image.affine.copy()
    affine[:3, :3] = image.affine[:3, :3] * factor
    affine[:3, 3] = transform_points(image.affine, (factor[None] - 1) / 2)[0]
    return Image(array, affine)


def _mean(array: np.ndarray, axis: int) -> np.ndarray:
    """Return NumPy's mean over an axis, to the bit.

    Few neighbours in memory NumPy adds one by one as well, but a tenth as fast as whole slices.
    """
    number = array.shape[axis]
    if axis < array.ndim - 1 or not 1 < number < FEWEST_IN_PAIRS:
        return array.mean(axis=axis)
    total = array[..., 0] + array[..., 1]
    for place in range(2, number):
        total += array[..., place]
    return np.divide(total, number, out=total)


def resample(
    image: Image, grid: Image, to_image: np.ndarray | None = None, order: int = 1
) -> np.ndarray:
    """Sample an image at the voxels of a grid; zero outside the image.

    Parameters
    ----------
    image : Image
        The values.
    grid : Image
        Its shape and affine define where to sample.
    to_image : ndarray of shape (4, 4), optional
        Maps the grid's world to the image's world; identity if None.
    order : int
        0 nearest, 1 linear, 3 cubic spline.

    Returns
    -------
    ndarray of the grid's shape
        float32, or the image's type with order 0.
    """
    world = np.eye(4) if to_image is None else to_image
    matrix = np.linalg.inv(image.affine) @ world @ grid.affine
    array = image.array if order == 0 else image.array.astype(np.float32, copy=False)
    return ndimage.affine_transform(
        array.astype(np.uint8) if array.dtype == bool else array,
        matrix,
        output_shape=grid.array.shape,
        order=order,
        mode="grid-constant",
        prefilter=order > 1,
    )

"""A template from anybody's files: any orientation and voxel size, a brain or a head."""

from __future__ import annotations

import numpy as np

from contrage.errors import BadScanError, SettingsError
from contrage.imaging.images import Image, grid_points, load, resample, transform_points
from contrage.imaging.masks import BRAIN_LITRES, litres
from contrage.imaging.template.source import KEY, Source

LEAST_IN_BOX = 0.9


def read_template(source: Source, grid: Image) -> tuple[Image, np.ndarray]:
    """Read T1 and brain mask of a template.

    Parameters
    ----------
    source : Source
        With an anatomical image; what is not 0 in it is brain where it has no mask.
    grid : Image
        Of MNI152, axes along the world's: all results are on it.

    Returns
    -------
    brain : Image
        On the file's grid; 0 outside the brain, else 0-1 (the 99.9th percentile), float32.
    mask : ndarray of shape (X, Y, Z)
        The brain, bool.

    Raises
    ------
    SettingsError
        A file cannot be read, the mask has no brain's size, or it lies outside of the grid.
    """
    try:
        image = load(source.path)
        mask = _mask(source, image)
    except BadScanError as error:
        raise SettingsError(f"{KEY}: {error}") from error
    volume = litres(mask, image)
    if not BRAIN_LITRES[0] < volume < BRAIN_LITRES[1]:
        hint = "" if source.mask else f"; a head needs its brain mask, {KEY}.mask"
        raise SettingsError(f"{KEY}: the brain of {source.path} has {volume:.2f} litres{hint}")
    points = grid_points(image, mask)
    corners = np.array([(0, 0, 0), np.subtract(grid.array.shape, 1)])
    ends = transform_points(grid.affine, corners)
    low, high = ends.min(axis=0) - 1, ends.max(axis=0) + 1
    inside = ((points >= low) & (points <= high)).all(axis=1).mean()
    if inside < LEAST_IN_BOX:
        raise SettingsError(
            f"{KEY}: only {inside:.0%} of the brain of {source.path} lies in the box of MNI152 "
            "(91 x 109 x 91 voxels of 2 mm); take a template in that space"
        )
    values = np.where(mask & np.isfinite(image.array), image.array, 0)
    top = float(np.percentile(values[mask], 99.9))
    if not top > 0:
        raise SettingsError(f"{KEY}: {source.path} is not above 0 in its brain")
    return image.with_array((np.clip(values, 0, top) / top).astype(np.float32)), mask


def _mask(source: Source, image: Image) -> np.ndarray:
    if source.mask is None:
        return image.array > 0
    mask = load(source.mask)
    mask = mask.with_array((mask.array > 0.5).astype(np.uint8))
    if not mask.same_grid(image):
        return resample(mask, image, order=0).astype(bool)
    return mask.array.astype(bool)


def enclosing_grid(mask: Image, step: int, margin: float) -> Image:
    """Return a grid of whole millimetres, RAS, that holds a mask with a margin around it.

    Parameters
    ----------
    mask : Image
        Any orientation.
    step : int
        Voxel edge, mm.
    margin : float
        Room on every side, mm.
    """
    points = grid_points(mask, mask.array)
    first = np.floor((points.min(axis=0) - margin) / step) * step
    shape = np.ceil((points.max(axis=0) + margin - first) / step).astype(int) + 1
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = first
    return Image(np.zeros(shape, np.float32), affine)

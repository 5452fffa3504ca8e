"""From the anatomical image to the stiffness map, and the map to MNI152."""

from __future__ import annotations

import numpy as np

from contrage.imaging.images import Image, resample
from contrage.imaging.register import Transform

PASCAL_PER_KILOPASCAL = 1000.0


def to_kilopascal(stiffness: Image, unit: str) -> Image:
    """Convert a map from its file's unit, Pa or kPa, to kPa."""
    factor = {"Pa": PASCAL_PER_KILOPASCAL, "kPa": 1.0}[unit]
    return stiffness.with_array((stiffness.array / np.float32(factor)).astype(np.float32))


def carry_mask(mask: np.ndarray, reference: Image, other: Image) -> np.ndarray:
    """Bring a mask from the anatomical grid to the map's, nearest neighbour.

    Parameters
    ----------
    mask : ndarray of shape (X, Y, Z)
        On the grid of `reference`, bool.
    reference, other : Image
        Images of one session: they share scanner coordinates.

    Returns
    -------
    ndarray of the shape of `other`
        Bool.
    """
    on_reference = reference.with_array(mask.astype(np.uint8))
    if on_reference.same_grid(other):
        return mask.copy()
    return resample(on_reference, other, order=0).astype(bool)


def warp_within(image: Image, support: np.ndarray, grid: Image, transform: Transform) -> np.ndarray:
    """Bring the values inside a support to a grid in one interpolation.

    The interpolated values are divided by the interpolated support, so that voxels at its
    edge are not darkened by the zeros beyond it (normalised convolution).

    Parameters
    ----------
    image : Image
        Values on their native grid.
    support : ndarray of the image's shape
        Where they count, bool.
    grid : Image
        Where they go.
    transform : Transform
        From the image's world to the grid's.

    Returns
    -------
    ndarray of the grid's shape
        float32; 0 where less than half of a voxel is support.
    """
    values = transform.apply(image.with_array(image.array * support), grid)
    weight = transform.apply(image.with_array(support.astype(np.float32)), grid)
    inside = weight > 0.5
    result = np.zeros_like(values)
    # A weight of exactly one divides without a trace, so an unchanged grid stays bit-equal.
    np.divide(values, weight, out=result, where=inside)
    return result


def warp_mask(mask: np.ndarray, image: Image, grid: Image, transform: Transform) -> np.ndarray:
    """Bring a mask to a grid: a voxel is in when at least half of it is. Bool."""
    return transform.apply(image.with_array(mask.astype(np.float32)), grid) >= 0.5

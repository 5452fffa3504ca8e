"""From the anatomical image to the stiffness map, and the map to MNI152."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from contrage.imaging.images import Image, resample, transform_points
from contrage.imaging.space.mni import Transform

REACH = 8
"""Voxels around a support that are filled: more than any kernel reaches."""


def carry_mask(
    mask: np.ndarray, reference: Image, other: Image, world: np.ndarray | None = None
) -> np.ndarray:
    """Bring a mask from the anatomical grid to the map's, nearest neighbour.

    Parameters
    ----------
    mask : ndarray of shape (X, Y, Z)
        On the grid of `reference`, bool.
    reference, other : Image
        Images of one session: they share scanner coordinates.
    world : ndarray of shape (4, 4), optional
        The world of `other` → that of `reference`, where they do not.

    Returns
    -------
    ndarray of the shape of `other`
        Bool.
    """
    on_reference = reference.with_array(mask.astype(np.uint8))
    if world is None and on_reference.same_grid(other):
        return mask.copy()
    return resample(on_reference, other, world, order=0).astype(bool)


def warp_within(
    image: Image,
    support: np.ndarray,
    grid: Image,
    transform: Transform,
    interpolation: str = "linear",
) -> np.ndarray:
    """Bring the values inside a support to a grid in one interpolation.

    linear: the interpolated values are divided by the interpolated support, so that voxels at
    its edge are not darkened by the zeros beyond it (normalised convolution, Knutsson & Westin
    1993). Kernels with negative lobes do not allow this division: for bspline and lanczos the
    outside is filled with the nearest value of the support first, so that there is no step to
    ring at, and the result is held within the range of the voxels around.

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
    interpolation : {"linear", "bspline", "lanczos"}
        Cubic B-spline and windowed sinc are ANTs'.

    Returns
    -------
    ndarray of the grid's shape
        float32; 0 where the nearest voxel of the image is outside the support.
    """
    if transform.is_identity(image, grid):
        return (image.array * support).astype(np.float32)
    inside = warp_mask(support, image, grid, transform)
    if interpolation == "linear":
        values = transform.apply(image.with_array(image.array * support), grid)
        weight = transform.apply(image.with_array(support.astype(np.float32)), grid)
        # In a deformation rounding may put a voxel whose nearest is inside where no weight is.
        return np.divide(values, weight, out=np.zeros_like(values), where=inside & (weight > 0.01))
    filled = fill_outside(image, support)
    values = transform.apply(filled, grid, interpolation)
    low, high = (
        transform.apply(filled.with_array(around(filled.array, 3)), grid, "nearest")
        for around in (ndimage.minimum_filter, ndimage.maximum_filter)
    )
    return np.where(inside, np.clip(values, low, high), 0).astype(np.float32)


def fill_outside(image: Image, support: np.ndarray) -> Image:
    """Give every voxel outside a support the value of the nearest one inside.

    Parameters
    ----------
    image : Image
        Any orientation.
    support : ndarray of the image's shape
        Bool, not empty.

    Returns
    -------
    Image
        float32, cut to the support and the reach of the widest kernel around it.
    """
    low, high = (edge(np.argwhere(support), axis=0) for edge in (np.min, np.max))
    box = tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))
    inside = np.pad(support[box], REACH)
    nearest = ndimage.distance_transform_edt(
        ~inside, sampling=image.voxel_mm, return_distances=False, return_indices=True
    )
    values = np.pad(image.array[box], REACH).astype(np.float32)[tuple(nearest)]
    affine = image.affine.copy()
    affine[:3, 3] = transform_points(image.affine, (low - REACH)[None].astype(float))[0]
    return Image(values, affine)


def warp_mask(mask: np.ndarray, image: Image, grid: Image, transform: Transform) -> np.ndarray:
    """Bring a mask to a grid, nearest neighbour. Bool."""
    return transform.apply(image.with_array(mask.astype(np.float32)), grid, "nearest") > 0.5

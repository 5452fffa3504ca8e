"""Where the voxels of the cohort's array lie."""

from __future__ import annotations

import numpy as np

from contrage.imaging.images import Image, transform_points
from contrage.imaging.template.grids import mni_grid


def array_grid(grid_mm: int, factor: int) -> Image:
    """Return the grid of `contrage.dataset.stack`: MNI152's, averaged over blocks of voxels.

    Parameters
    ----------
    grid_mm : int
        Voxel size of the preprocessed images, mm.
    factor : int
        Edge of a block in voxels.

    Returns
    -------
    Image
        Zeros; the affine places the middle of each block.
    """
    whole = mni_grid(grid_mm)
    shape = [-(-n // factor) for n in whole.array.shape]
    return Image(np.zeros(shape, np.float32), of_blocks(whole.affine, factor))


def of_blocks(affine: np.ndarray, factor: int) -> np.ndarray:
    """Return the affine (4, 4) of blocks of so many voxels along each axis: that of their middles.

    Parameters
    ----------
    affine : ndarray of shape (4, 4)
        Of the voxels, mm.
    factor : int
    """
    found = affine.copy()
    found[:3, :3] *= factor
    found[:3, 3] = transform_points(affine, np.full((1, 3), (factor - 1) / 2))[0]
    return found

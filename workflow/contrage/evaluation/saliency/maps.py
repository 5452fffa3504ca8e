"""Maps for the eye: what is drawn, which is not what is added up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

SMOOTH_MM = 4.0
"""SD of the smoothing."""


def smoothed(
    values: NDArray[np.floating], affine: NDArray[np.floating], method: str
) -> NDArray[np.floating]:
    """Return a map smoothed; that of occlusion, whose regions have one value each, as it is.

    Parameters
    ----------
    values : ndarray of shape (X, Y, Z)
    affine : ndarray of shape (4, 4)
        Of its voxels, mm.
    method : str
    """
    if method == "occlusion":
        return values
    voxel_mm = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
    return ndimage.gaussian_filter(values, SMOOTH_MM / voxel_mm)

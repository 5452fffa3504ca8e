"""The edge of a brain mask, to be laid over the image that it was made of."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
from scipy import ndimage

from contrage.imaging.images import load


def write_outline(mask: Path, output: Path) -> Path:
    """Write the outermost voxels of a mask.

    Parameters
    ----------
    mask : Path
        NIfTI, 0 outside.
    output : Path
        uint8, on the mask's grid: 1 where a voxel inside has a neighbour outside, which shares a
        face with it, or the edge of the image.
    """
    image = load(mask)
    inside = image.array > 0
    edge = inside & ~ndimage.binary_erosion(inside)
    nib.save(nib.Nifti1Image(edge.astype(np.uint8), image.affine), output)
    return output

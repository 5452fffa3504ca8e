"""Bias-field correction with N4 (Tustison et al. 2010, doi:10.1109/TMI.2010.2046908)."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from contrage.imaging.ants.bridge import to_ants
from contrage.imaging.ants.calls import call
from contrage.imaging.images import Image, shrink
from contrage.settings.blocks.bias_correction import BiasCorrectionSettings

GRID_MM = 2.0


def bias_field(image: Image, mask: np.ndarray, settings: BiasCorrectionSettings) -> np.ndarray:
    """Estimate the multiplicative field of an image within a mask.

    N4 sees the image at about 2 mm, whatever its own voxels: the field is smooth, and the
    settings (shrink 4, 20 iterations on three levels) were measured there. Without a mask N4
    would spend minutes on air.

    Parameters
    ----------
    image : Image
        Intensities, positive inside the mask.
    mask : ndarray of shape (X, Y, Z)
        Bool.
    settings : BiasCorrectionSettings

    Returns
    -------
    ndarray of shape (X, Y, Z)
        float32, mean 1 inside the mask; divide by it.
    """
    import ants

    small = shrink(image, GRID_MM)
    inside = shrink(image.with_array(mask.astype(np.float32)), GRID_MM).array > 0.5
    estimate = call(
        ants.n4_bias_field_correction,
        to_ants(small),
        mask=to_ants(small.with_array(inside)),
        shrink_factor=settings.shrink_factor,
        convergence={"iters": list(settings.iterations), "tol": 1e-7},
        # One knot span along each axis, ANTsPy's own default, said here for provenance.
        spline_param=[1, 1, 1],
        return_bias_field=True,
    ).numpy()
    matrix = np.linalg.inv(small.affine) @ image.affine
    field = ndimage.affine_transform(
        estimate, matrix, output_shape=image.array.shape, order=1, mode="nearest"
    )
    return (field / field[mask].mean()).astype(np.float32)

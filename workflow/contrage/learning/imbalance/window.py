"""The window over neighbouring labels that both methods smooth with."""

from __future__ import annotations

import numpy as np


def window(width: int, sigma: float) -> np.ndarray:
    """Return the weights (width,) of labels by their distance, the middle one 1.

    As in the authors' code: a Gaussian filter of a unit impulse that is no longer than the window.
    The filter reflects at its ends, so that it is nearly flat: .858, .946, 1 where a Gaussian of
    this SD would be .607, .882, 1.

    Parameters
    ----------
    width : int
        Odd number of labels.
    sigma : float
        SD of the filter, in labels.
    """
    from scipy.ndimage import gaussian_filter1d

    impulse = np.zeros(width)
    impulse[width // 2] = 1.0
    filtered = gaussian_filter1d(impulse, sigma)
    return filtered / filtered.max()


def smoothing(labels: int, width: int, sigma: float) -> np.ndarray:
    """Return the matrix (labels, labels) of a mean over neighbours; its rows sum to 1.

    Beyond the first and the last label stand those before them, as in a mirror.
    """
    from scipy.ndimage import convolve1d

    weights = window(width, sigma)
    return convolve1d(np.eye(labels), weights / weights.sum(), axis=0, mode="mirror")

"""Labels of training scans: bins of the target, as losses make them."""

from __future__ import annotations

import numpy as np

from contrage.losses._labels import ROUNDING


def numbers(targets: np.ndarray, width: float) -> np.ndarray:
    """Return the number (N,) of the label that each target falls into, int64.

    Parameters
    ----------
    targets : ndarray of shape (N,)
    width : float
        Of a label, in the targets' unit, counted from 0; with 0 every distinct target is a label,
        and they are numbered in order.
    """
    if width == 0:
        return np.unique(targets, return_inverse=True)[1]
    return np.floor(targets / width + ROUNDING).astype(np.int64)

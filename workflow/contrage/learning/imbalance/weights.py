"""Label distribution smoothing: scans with rare targets weigh more."""

from __future__ import annotations

import numpy as np

from contrage.learning.imbalance.window import window
from contrage.settings.blocks.training import LdsSettings


def weights(labels: np.ndarray, settings: LdsSettings) -> np.ndarray:
    """Return the weight (N,) of each training scan in the loss, of mean 1.

    One over the square root of how many scans have the label, smoothed over labels (of which there
    are none beyond the first and the last). `released` takes the root before the smoothing, as the
    authors' code does, `paper` after it, as equation 1 with the square-root inverse has it.

    Parameters
    ----------
    labels : ndarray of shape (N,)
        Number of each scan's label.
    settings : LdsSettings
    """
    from scipy.ndimage import convolve1d

    places = labels - labels.min()
    counts = np.bincount(places).astype(float)
    over = window(settings.window, settings.sigma)
    if settings.formulation == "released":
        density = convolve1d(np.sqrt(counts), over, mode="constant")
    else:
        density = np.sqrt(convolve1d(counts, over, mode="constant"))
    found = 1 / density[places]
    return found / found.mean()

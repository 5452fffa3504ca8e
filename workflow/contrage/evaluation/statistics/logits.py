"""When cosines of positive pairs stop growing: the saturation of a contrastive loss."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

SATURATED = 0.95
"""Mean cosine of positive pairs from which on they have no more to gain."""


def saturation_epoch(epochs: ArrayLike, positives: ArrayLike, at: float = SATURATED) -> int | None:
    """Return the first epoch whose positive pairs have a mean cosine of at least `at`, if any.

    Wu et al. ("SupReMix", figure 4) call a loss saturated whose positive logits are near 1.

    Parameters
    ----------
    epochs : array of shape (n,)
        In ascending order.
    positives : array of shape (n,)
        Mean cosine of real positive pairs after each.
    at : float
    """
    reached = np.flatnonzero(np.asarray(positives, float) >= at)
    return int(np.asarray(epochs)[reached[0]]) if reached.size else None

"""Probabilities of the positive side and their log odds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def probability(score: Floats | float) -> Floats:
    """Return the probability of the positive side that belongs to a score, its log odds."""
    return 0.5 * (1 + np.tanh(0.5 * np.asarray(score, float)))


def score(probability: Floats | float) -> Floats:
    """Return the log odds of a probability; of 0 and 1 those of a millionth and its rest."""
    inside = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.log(inside / (1 - inside))

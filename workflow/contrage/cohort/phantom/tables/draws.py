"""Chance: streams that do not know of one another, and draws of whole groups."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def stream(seed: int, *names: str) -> np.random.Generator:
    """Return the generator of one thing: what else is drawn changes nothing in it."""
    word = hashlib.sha256("/".join(names).encode("utf-8")).digest()[:8]
    return np.random.default_rng([seed, int.from_bytes(word, "big")])


def truncated(
    rng: np.random.Generator, distribution: Any, low: float, high: float, size: int
) -> NDArray[np.float64]:
    """Draw from a distribution of scipy.stats between two bounds."""
    drawn = rng.uniform(distribution.cdf(low), distribution.cdf(high), size)
    return np.asarray(distribution.ppf(drawn))


def dealt(rng: np.random.Generator, values: Sequence[Any], size: int) -> list[Any]:
    """Deal values in equal shares, in random order."""
    return [values[place] for place in rng.permutation(size) % len(values)]

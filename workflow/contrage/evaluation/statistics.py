"""Uncertainty of errors over participants: cluster bootstrap, paired permutation, Holm.

The unit is the participant throughout: all scans of one, and what all training seeds predict for
them, are drawn or exchanged together, because they are not independent.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

CHUNK = 200
EXACT = 12


def bootstrap_mae(
    errors: Floats, counts: NDArray[np.int_], draws: int, seed: int
) -> NDArray[np.float64]:
    """Resample participants; return the MAE of every row in every draw.

    Parameters
    ----------
    errors : ndarray of shape (rows, seeds, participants)
        Sum of the absolute errors of each participant's test scans.
    counts : ndarray of shape (seeds, participants)
        Number of those scans.
    draws : int
    seed : int

    Returns
    -------
    ndarray of shape (draws, rows)
        Mean over seeds of the MAE of a seed. All rows see the same participants in a draw, so
        that differences of columns are paired.
    """
    rng = np.random.default_rng(seed)
    people = counts.shape[1]
    parts = []
    for start in range(0, draws, CHUNK):
        size = min(CHUNK, draws - start)
        times = rng.multinomial(people, np.full(people, 1 / people), size).astype(float)
        total = np.einsum("dp,rsp->drs", times, errors, optimize=True)
        scans = (times @ counts.T)[:, None, :]
        # A draw may miss all test participants of a seed, where seeds have splits of their own.
        mae = np.divide(total, scans, out=np.full_like(total, np.nan), where=scans > 0)
        parts.append(np.nanmean(mae, axis=2))
    return np.concatenate(parts)


def interval(draws: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Return the percentile interval of each column of bootstrap draws (draws, rows)."""
    outside = (1 - confidence) / 2
    low, high = np.quantile(draws, [outside, 1 - outside], axis=0)
    return low, high


def permutation_p(differences: ArrayLike, draws: int, seed: int) -> float:
    """Test whether paired differences sum to zero, by flipping their signs.

    Parameters
    ----------
    differences : array of shape (participants,)
        One row's error minus another's, per participant.
    draws : int
        Random flips, where there are too many participants to try all.
    seed : int

    Returns
    -------
    float
        Two-sided p. Exact with at most 12 participants that differ; otherwise the observed
        assignment counts as one of the draws (Phipson and Smyth 2010), so it is never 0.
    """
    values = np.asarray(differences, float)
    values = values[values != 0]
    if not values.size:
        return 1.0
    bound = abs(values.sum()) * (1 - 1e-12)
    if values.size <= EXACT:
        bits = np.arange(2**values.size)[:, None] >> np.arange(values.size) & 1
        return float((np.abs((1 - 2 * bits) @ values) >= bound).mean())
    rng = np.random.default_rng(seed)
    extreme = 1
    for start in range(0, draws, CHUNK):
        shape = (min(CHUNK, draws - start), values.size)
        signs = rng.integers(0, 2, shape, dtype=np.int8) * 2 - 1
        extreme += int((np.abs(signs @ values) >= bound).sum())
    return extreme / (draws + 1)


def holm(p_values: Sequence[float]) -> Floats:
    """Adjust p values for their number (Holm 1979); NaN stays NaN and does not count."""
    p = np.asarray(p_values, float)
    adjusted = np.full(p.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(steps)) if len(order) else steps
    return adjusted

"""Uncertainty of errors over participants: cluster bootstrap, paired permutation, Holm.

The unit is the participant throughout: all scans of one, and what all training seeds predict for
them, are drawn or exchanged together, because they are not independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

CHUNK = 200
AT_ONCE = 4_000_000
"""Numbers in the largest array of a chunk of draws: 32 MB."""
FEW = 8
"""Participants below which some draws have hardly a spread to measure in: Student's t then."""
NOTHING = 1e-9
"""Part of an MAE below which a number is rounding."""
EXACT = 12


@dataclass(frozen=True)
class Draws:
    """Errors of every row in resampled cohorts, and their own standard errors.

    Attributes
    ----------
    mae, error : ndarray of shape (draws, rows)
        Mean over seeds of the MAE of a seed, and its standard error over participants.
    difference_error : ndarray of shape (draws, rows)
        Standard error of the difference to the reference row.
    """

    mae: Floats
    error: Floats
    difference_error: Floats


def mae_intervals(
    errors: Floats,
    counts: NDArray[np.int_],
    reference: int,
    draws: int,
    seed: int,
    confidence: float,
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Return intervals of the MAE of every row, and of its difference to a reference row.

    A studentised bootstrap over participants (Efron and Tibshirani 1993, chapter 12.5): each draw
    is measured in its own standard errors; with fewer than eight, Student's t. Percentiles of the
    draws are too narrow for few (docs/evaluation.md has how often either holds the truth), and so
    are all that `scipy.stats.bootstrap` has: of 12 people its BCa held the truth in .92.

    Parameters
    ----------
    errors : ndarray of shape (rows, seeds, participants)
        Sum of the absolute errors of each participant's test scans.
    counts : ndarray of shape (seeds, participants)
        Number of those scans.
    reference : int
        The row that the others are compared with.
    draws, seed : int
    confidence : float

    Returns
    -------
    ((low, high), (low, high))
        Each an ndarray of shape (rows,): of the MAE, not below 0, and of the difference. NaN with
        one participant, and where too many draws have no spread.
    """
    people = counts.shape[1]
    centre = _measure(errors, counts, reference, np.ones((1, people)))
    mae, gap = centre.mae[0], centre.mae[0] - centre.mae[0, reference]
    if people < FEW:
        low, high = _student(mae, centre.error[0], people, confidence)
        apart = _student(gap, centre.difference_error[0], people, confidence)
        return (np.maximum(low, 0), high), apart
    found = bootstrap_mae(errors, counts, reference, draws, seed)
    low, high = _studentised(mae, centre.error[0], found.mae, found.error, confidence)
    gaps = found.mae - found.mae[:, [reference]]
    apart = _studentised(gap, centre.difference_error[0], gaps, found.difference_error, confidence)
    return (np.maximum(low, 0), high), apart


def _student(
    centre: Floats, error: Floats, people: int, confidence: float
) -> tuple[Floats, Floats]:
    """Return Student's t interval over participants; NaN of one alone."""
    from scipy.stats import t

    if people < 2:
        return np.full_like(centre, np.nan), np.full_like(centre, np.nan)
    reach = t.ppf((1 + confidence) / 2, people - 1) * error
    return centre - reach, centre + reach


def bootstrap_mae(
    errors: Floats, counts: NDArray[np.int_], reference: int, draws: int, seed: int
) -> Draws:
    """Resample participants; measure every row in every draw.

    All rows see the same participants in a draw, so that differences of columns are paired.
    Parameters are those of `mae_intervals`.
    """
    rng = np.random.default_rng(seed)
    people = counts.shape[1]
    size = max(1, min(CHUNK, AT_ONCE // (people * len(errors))))
    parts = []
    for start in range(0, draws, size):
        count = min(size, draws - start)
        times = rng.multinomial(people, np.full(people, 1 / people), count).astype(float)
        parts.append(_measure(errors, counts, reference, times))
    names = ("mae", "error", "difference_error")
    return Draws(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _measure(errors: Floats, counts: NDArray[np.int_], reference: int, times: Floats) -> Draws:
    """Return the MAE of each row and its standard errors, participants counting `times` each."""
    scans = times @ counts.T
    # A draw may miss all test participants of a seed, where seeds have splits of their own.
    there = scans > 0
    weight = np.where(there, 1 / np.where(there, scans, 1), 0) / there.sum(1, keepdims=True)
    of_seed = np.einsum("dp,rsp->drs", times, errors, optimize=True)
    of_seed /= np.where(there, scans, 1)[:, None, :]
    mae = np.einsum("drs,ds->dr", of_seed, there / there.sum(1, keepdims=True))
    # What each participant adds to the departure from that mean: the linearised estimator.
    own = np.einsum("rsp,ds->drp", errors, weight, optimize=True)
    own -= np.einsum("drs,ds,sp->drp", of_seed, weight, counts.astype(float), optimize=True)
    error = _standard_error(own, times, mae)
    return Draws(mae, error, _standard_error(own - own[:, [reference]], times, mae))


def _standard_error(own: Floats, times: Floats, mae: Floats) -> Floats:
    """Return the standard error of each row in each draw; exactly 0 where only rounding is left."""
    people = own.shape[2]
    error = np.sqrt(people / max(1, people - 1) * np.einsum("dp,drp->dr", times, own**2))
    return np.where(error < NOTHING * np.abs(mae), 0.0, error)


def _studentised(
    centre: Floats, error: Floats, draws: Floats, errors: Floats, confidence: float
) -> tuple[Floats, Floats]:
    """Return the interval of each row from its draws, each in its own standard errors."""
    apart = np.where(np.abs(draws - centre) < NOTHING * np.abs(draws), 0.0, draws - centre)
    with np.errstate(divide="ignore", invalid="ignore"):
        # A draw of one participant alone has no spread: as far away as can be.
        t = np.where(apart == 0, 0.0, apart / errors)
        outside = (1 - confidence) / 2
        lowest, highest = np.quantile(t, [outside, 1 - outside], axis=0, method="nearest")
        low, high = centre - highest * error, centre - lowest * error
    known = np.isfinite(lowest) & np.isfinite(highest)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


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
    from scipy.stats import monte_carlo_test, permutation_test

    values = np.asarray(differences, float)
    values = values[values != 0]
    people = values.size
    if people < 2:
        return 1.0
    # Equal sums added up in another order must stay equal: SciPy forgives less than that.
    parts = values / np.abs(values).sum()
    how: dict[str, Any] = {"vectorized": True, "alternative": "greater"}
    if people <= EXACT:
        how |= {"permutation_type": "samples", "n_resamples": np.inf}
        found = permutation_test((parts,), lambda x, axis: np.abs(x.sum(axis)).round(12), **how)
        return float(found.pvalue)
    # permutation_test would draw these flips as well, but person by person: for 20,000 people
    # minutes in place of two seconds.
    flips = partial(np.random.default_rng(seed).choice, [-1.0, 1.0])
    how |= {"n_resamples": draws, "batch": max(1, AT_ONCE // people)}
    found = monte_carlo_test(
        np.ones(people), flips, lambda signs, axis: np.abs(signs @ parts).round(12), **how
    )
    return float(found.pvalue)


def holm(p_values: Sequence[float]) -> Floats:
    """Adjust p values for their number (Holm 1979); NaN stays NaN and does not count."""
    from statsmodels.stats.multitest import multipletests

    adjusted = np.array(p_values, float)
    known = ~np.isnan(adjusted)
    if known.any():
        adjusted[known] = multipletests(adjusted[known], method="holm")[1]
    return adjusted

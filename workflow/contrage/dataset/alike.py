"""How alike the maps of two scans are, and above which limit they are one person's.

Maps are compared on a coarse grid, voxel by voxel against the cohort: what all heads have in common
is taken out by z-scoring each voxel over the scans, what is left is each person's own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contrage.dataset.stack import block_mean

EDGE_MM = 8.0
SAMPLE = 256
"""Scans by which the voxels are chosen that most maps have."""
CLIP = 4.0
"""Largest z-score that counts: one wild voxel makes nobody alike."""
ROWS = 1024
"""Scans at a time, of both sides: 4 MB of correlations."""
COLUMNS = 256
FEWEST = 10
"""Scans below which a cohort says nothing of how alike people are."""
FLOOR = 0.6
"""Below it two maps were never one person's: rescans of MRE134 have .69 at least."""
ALARM = 0.01
"""Pairs of different people that are expected above the limit."""
QUANTILES = (0.1, 0.3)
"""Of maxima, by which their distribution is known: below most of those that a twin has raised."""
MOST = 1000
"""Pairs that are kept, the most alike."""


@dataclass(frozen=True)
class Alike:
    """What comparing all pairs of scans has found.

    Attributes
    ----------
    limit : float or None
        Correlation above which two scans are one person's; None where there are too few scans.
    pairs : list of tuple (int, int, float)
        Positions of two scans under two ids, and their correlation, those above the limit.
    n_pairs : int
        How many pairs are above it, of which the `MOST` alike are in `pairs`.
    largest_below : float or None
        The largest correlation of two ids that is not above it.
    rescans : ndarray
        Correlations of pairs of scans of one id.
    """

    limit: float | None
    pairs: list[tuple[int, int, float]]
    n_pairs: int
    largest_below: float | None
    rescans: NDArray[np.float64]


@dataclass(frozen=True)
class Maps:
    """Maps of a cohort, which become coarse as they are read.

    Attributes
    ----------
    images : ndarray of shape (scans, channels, X, Y, Z)
        Background 0; read one after the other.
    rows : sequence of int
        Which to take.
    voxel_mm : float
        Edge of a voxel.
    """

    images: np.ndarray
    rows: Sequence[int]
    voxel_mm: float

    def of_row(self, row: int) -> NDArray[np.float32]:
        """Return a map on the coarse grid, as a line."""
        factor = max(1, round(EDGE_MM / self.voxel_mm))
        channels = [block_mean(np.asarray(each, np.float32), factor) for each in self.images[row]]
        return np.stack(channels).ravel()

    def inside(self) -> NDArray[np.bool_]:
        """Return the coarse voxels that at least half of some maps have."""
        places = np.linspace(0, len(self.rows) - 1, min(SAMPLE, len(self.rows))).astype(int)
        known = np.mean([self.of_row(self.rows[at]) != 0 for at in places], axis=0)
        return np.asarray(known >= 0.5)

    def coarse(self, inside: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Return all maps (rows, voxels) of some coarse voxels, z-scored (`standardise_people`)."""
        found = np.empty((len(self.rows), int(inside.sum())), np.float32)
        for at, row in enumerate(self.rows):
            found[at] = self.of_row(row)[inside]
        standardise_people(found)
        return found


def standardise_people(maps: NDArray[np.float32]) -> None:
    """Z-score each voxel over the scans, then give each scan mean 0 and length 1, in place.

    The product of two scans is then their correlation. A voxel that a map lacks (0) is as the
    cohort's mean.
    """
    for first in range(0, maps.shape[1], COLUMNS):
        part = maps[:, first : first + COLUMNS].astype(np.float64)
        known = part != 0
        count = np.maximum(known.sum(axis=0), 1)
        mean = part.sum(axis=0) / count
        centred = np.where(known, part - mean, 0)
        sd = np.sqrt((centred**2).sum(axis=0) / count)
        z = centred / np.where(sd > 0, sd, 1)
        maps[:, first : first + COLUMNS] = np.clip(z, -CLIP, CLIP)
    maps -= maps.mean(axis=1, keepdims=True)
    length = np.linalg.norm(maps, axis=1, keepdims=True)
    maps /= np.where(length > 0, length, 1)


def compare(maps: NDArray[np.float32], people: Sequence[str], own: int | None = None) -> Alike:
    """Compare every pair of scans.

    Parameters
    ----------
    maps : ndarray of shape (scans, voxels)
        As `standardise_people` leaves them.
    people : sequence of str
        Whose each is.
    own : int, optional
        How many are of the cohort; those after them are of another one, and compared with these
        alone. The limit is that of the cohort's own pairs: everybody may be in both.
    """
    own = len(maps) if own is None else own
    codes = np.unique(np.asarray(people, dtype=object).astype(str), return_inverse=True)[1]
    nearest = np.full(len(maps), -1.0)
    rescans, candidates = [np.empty(0)], [np.empty((0, 3))]
    places, starts = np.arange(len(maps)), range(0, len(maps), ROWS)
    for i in starts:
        for j in starts[i // ROWS :]:
            a, b = slice(i, i + ROWS), slice(j, j + ROWS)
            if i >= own:
                continue
            found = maps[a] @ maps[b].T
            same = codes[a][:, None] == codes[b][None, :]
            above = places[a][:, None] < places[b][None, :]
            others = ~_any(places[a] < own, places[b] < own)
            rescans.append(found[same & above & ~others].astype(float))
            found[same | others] = -1
            inner = np.where(_any(places[a] >= own, places[b] >= own), -1, found)
            nearest[a] = np.maximum(nearest[a], inner.max(axis=1))
            nearest[b] = np.maximum(nearest[b], inner.max(axis=0))
            x, y = np.nonzero((found > FLOOR) & above)
            candidates.append(np.column_stack([x + i, y + j, found[x, y]]))
    limit = limit_of(nearest[:own])
    return _judged(limit, nearest[:own], np.concatenate(candidates), np.concatenate(rescans))


def _any(rows: NDArray[np.bool_], columns: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return rows[:, None] | columns[None, :]


def limit_of(nearest: NDArray[np.float64]) -> float | None:
    """Return the correlation that different people do not reach, by the cohort's own distribution.

    Each scan's largest correlation with another id is a maximum, so that these follow a Gumbel
    distribution (of Fisher's z). Its place and scale are read from two quantiles so low that up to
    half of all scans may have a twin without moving them much.

    Parameters
    ----------
    nearest : ndarray of shape (scans,)
        Largest correlation of each scan with one of another id.

    Returns
    -------
    float or None
        At least `FLOOR`; above it, `ALARM` pairs of different people are expected. None of fewer
        than `FEWEST` scans.
    """
    if len(nearest) < FEWEST:
        return None
    low, high = np.quantile(np.arctanh(np.clip(nearest, -0.999999, 0.999999)), QUANTILES)
    at_low, at_high = (-math.log(-math.log(each)) for each in QUANTILES)
    scale = (high - low) / (at_high - at_low)
    end = high + scale * (math.log(len(nearest) / ALARM) - at_high)
    return max(FLOOR, float(np.tanh(end)))


def _judged(
    limit: float | None,
    nearest: NDArray[np.float64],
    candidates: NDArray[np.float64],
    rescans: NDArray[np.float64],
) -> Alike:
    """Part the pairs by the limit."""
    if limit is None:
        return Alike(None, [], 0, None, rescans)
    is_above = candidates[:, 2] > limit
    above = candidates[is_above]
    order = np.argsort(-above[:, 2], kind="stable")[:MOST]
    pairs = [(int(a), int(b), float(r)) for a, b, r in above[order]]
    below = [*candidates[~is_above][:, 2], *nearest[nearest <= limit]]
    return Alike(limit, pairs, len(above), float(max(below)) if below else None, rescans)

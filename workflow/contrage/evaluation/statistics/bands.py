"""Bands of the target, each with enough people to say something of."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEAST = 10
"""People of a band; one with fewer is joined with a neighbour."""


def bands(
    values: ArrayLike, edges: Sequence[float] | None, width: float
) -> tuple[NDArray[np.int_], list[str]]:
    """Return in which band each value lies, and how bands are called.

    Parameters
    ----------
    values : array of shape (n,)
        Of the target.
    edges : sequence of float or None
        Where one band ends and the next begins: values below the first, and from the last on, are a
        band as well. None: multiples of `width`, of which those with fewer than `LEAST` values are
        joined with the next one, the last with the one before.
    width : float

    Returns
    -------
    (ndarray of shape (n,), list of str)
        Number of each one's band; "20 to 30" holds 20 and not 30. Bands that nobody is in are left
        out.
    """
    found = np.asarray(values, float)
    if edges is None:
        edges = _joined(found, width)
        ends = [*edges]
        names = [f"{low:g} to {high:g}" for low, high in pairwise(ends)]
        place = np.clip(np.searchsorted(ends, found, "right") - 1, 0, len(names) - 1)
    else:
        ends = sorted(edges)
        names = [f"below {ends[0]:g}"]
        names += [f"{low:g} to {high:g}" for low, high in pairwise(ends)]
        names += [f"{ends[-1]:g} and over"]
        place = np.searchsorted(ends, found, "right")
    there, number = np.unique(place, return_inverse=True)
    return number, [names[at] for at in there]


def _joined(values: NDArray[np.float64], width: float) -> list[float]:
    """Return edges at multiples of the width between which there are enough values."""
    first, last = np.floor(values.min() / width), np.floor(values.max() / width) + 1
    multiples = np.round(width * np.arange(first, last + 1), 9)
    edges = [float(multiples[0])]
    for edge in multiples[1:]:
        if ((values >= edges[-1]) & (values < edge)).sum() >= LEAST:
            edges.append(float(edge))
    if edges[-1] < multiples[-1]:  # too few are left above: they join the band before
        edges = [*(edges[:-1] if len(edges) > 1 else edges), float(multiples[-1])]
    return edges

"""Places: regions with names, and cells of equal size for maps that are compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int32]

ELSEWHERE = "elsewhere"
"""What belongs to no region."""


@dataclass(frozen=True)
class NamedPlaces:
    """Places of an image, or features, and what they are called.

    Attributes
    ----------
    names : tuple of str
        Of the numbers from 1 on.
    labels : ndarray of int32, shape (C, *shape)
        0 is elsewhere.
    planted : tuple of float or None
        Of a phantom: by which part each loses stiffness in a year, as it was generated.
    """

    names: tuple[str, ...]
    labels: NDArray[np.int32]
    planted: tuple[float, ...] | None = None

    @property
    def sizes(self) -> NDArray[np.int_]:
        """How many values each has, and those elsewhere last, (names + 1,)."""
        return np.roll(np.bincount(self.labels.ravel(), minlength=len(self.names) + 1), -1)


def cells(field: NDArray[np.bool_], count: int) -> Whole:
    """Divide what is inside a field into cells of as many values each, halving the longest side.

    Of cells of unlike sizes the larger ones do more with any weights, and a rank correlation would
    be one of sizes.

    Parameters
    ----------
    field : ndarray of bool, any shape
    count : int
        Of cells; as many as there are values, if these are fewer.

    Returns
    -------
    ndarray of int32, the field's shape
        Number of each value's cell, from 1 on; 0 outside.
    """
    points = np.argwhere(field)
    found = np.zeros(field.shape, np.int32)
    for number, part in enumerate(_halved(points, min(count, len(points))), start=1):
        found[tuple(part.T)] = number
    return found


def _halved(points: NDArray[np.int_], count: int) -> list[NDArray[np.int_]]:
    """Return points in groups that differ by few in size."""
    if count <= 1:
        return [points] if len(points) else []
    axis = int(np.ptp(points, axis=0).argmax())
    ordered = points[np.argsort(points[:, axis], kind="stable")]
    first = count // 2
    at = round(len(points) * first / count)
    return _halved(ordered[:at], first) + _halved(ordered[at:], count - first)


def sums(values: NDArray[np.floating], places: NDArray[np.int_], count: int) -> NDArray[np.float64]:
    """Return the sum of values in each place: 1 to `count`, then what belongs to none.

    Parameters
    ----------
    values, places : ndarray of the same shape
    count : int

    Returns
    -------
    ndarray of shape (count + 1,)
    """
    found = np.bincount(places.ravel(), values.ravel().astype(np.float64), minlength=count + 1)
    return np.roll(found, -1)

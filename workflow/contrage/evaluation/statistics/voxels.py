"""Images of many people, voxel by voxel: where there are values, and their mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

LEAST_COVERED = 0.5
"""Part of the people who must have a value in a voxel in which their mean is shown."""
LEAST_PEOPLE = 3
"""In a group of which a mean is shown: those of fewer would be somebody's image."""


@dataclass(frozen=True)
class Voxelwise:
    """Images of some people, voxel by voxel.

    Attributes
    ----------
    n : int
        People.
    mean : ndarray of shape (X, Y, Z)
        Of those who have a value; 0 where they are too few.
    coverage : ndarray of shape (X, Y, Z)
        The part of the people who have one.
    """

    n: int
    mean: Floats
    coverage: Floats


class Sums:
    """Adds images up one at a time, so that never more than one is in memory."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.total = np.zeros(shape)
        self.count = np.zeros(shape, int)
        self.n = 0

    def add(self, image: NDArray[np.float32]) -> None:
        """Add an image (X, Y, Z) of another person; what is 0, or no number, is outside of it."""
        inside = np.isfinite(image) & (image != 0)
        self.total[inside] += image[inside]
        self.count += inside
        self.n += 1

    @property
    def found(self) -> Voxelwise:
        """What the images come to."""
        coverage = self.count / max(1, self.n)
        known = (self.count > 0) & (coverage >= LEAST_COVERED)
        mean = np.where(known, self.total / np.maximum(1, self.count), 0)
        return Voxelwise(self.n, mean, coverage)


def add_up(
    images: Iterable[NDArray[np.float32]], groups: Iterable[int], shape: tuple[int, ...]
) -> dict[int | None, Voxelwise]:
    """Return what images come to, of everyone (None) and of each group.

    Parameters
    ----------
    images : iterable of ndarray of shape (X, Y, Z)
        One for each person.
    groups : iterable of int
        Of each of them.
    shape : tuple of int
    """
    everyone, sums = Sums(shape), dict[int, Sums]()
    for image, group in zip(images, groups, strict=True):
        everyone.add(image)
        sums.setdefault(int(group), Sums(shape)).add(image)
    return {None: everyone.found, **{group: each.found for group, each in sums.items()}}


def difference(one: Voxelwise, other: Voxelwise) -> Floats:
    """Return the mean of `one` minus that of `other`, 0 where one of them has too few values."""
    known = np.minimum(one.coverage, other.coverage) >= LEAST_COVERED
    return np.where(known, one.mean - other.mean, 0)


def outer_thirds(values: ArrayLike) -> NDArray[np.int_]:
    """Return of each value 0 in the lowest third, 2 in the highest, 1 between them.

    Where a limit is the value of many, all of these are on one side of it, so that thirds may be
    unequal; with one value for all, everyone is between.
    """
    found = np.asarray(values, float)
    low, high = np.quantile(found, [1 / 3, 2 / 3])
    if low >= high:
        return np.ones(len(found), int)
    return np.where(found <= low, 0, np.where(found >= high, 2, 1))


def is_enough(*groups: Voxelwise | None) -> bool:
    """Return whether all of these have enough people."""
    return all(group is not None and group.n >= LEAST_PEOPLE for group in groups)

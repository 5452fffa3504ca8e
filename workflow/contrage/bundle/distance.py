"""How far features lie from those that a member learned from, told by people whom it has not seen.

The distance is Mahalanobis's in the first principal components of the training features, with all
that lies beside these as one more direction. By itself it says nothing (it grows with the number of
directions, and features of people who were learned from lie closer together): it is compared with
the distances of held-out people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

VARIANCE = 0.95
"""Of the training features, that the components explain together."""
MOST = 20
SCANS_PER_COMPONENT = 5
"""A component is a direction of several people: one of two or three would tell who they are."""
NAMES = ("centre", "components", "scales", "distances")


@dataclass(frozen=True)
class Reference:
    """The features of training scans, by their main directions.

    Attributes
    ----------
    centre : ndarray of shape (d,)
    components : ndarray of shape (p, d)
        Orthonormal.
    scales : ndarray of shape (p + 1,)
        SD along each, and root mean square of what lies beside them all; 0 where there is none.
    distances : ndarray of shape (n,)
        Of held-out people, sorted.
    """

    centre: Floats
    components: Floats
    scales: Floats
    distances: Floats

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> Reference:
        """Return what stands in an npz; raise `ValueError` where shapes do not fit."""
        found = cls(*(np.asarray(arrays[name], float) for name in NAMES))
        count, width = found.components.shape if found.components.ndim == 2 else (-1, -1)
        if found.centre.shape != (width,) or found.scales.shape != (count + 1,):
            raise ValueError("centre, components and scales do not fit each other")
        if found.distances.ndim != 1:
            raise ValueError("distances are no list")
        return found

    def arrays(self) -> dict[str, np.ndarray]:
        """Return it as npz holds it."""
        return {name: getattr(self, name) for name in NAMES}

    def distance(self, features: Floats) -> Floats:
        """Return the distances (n,) of features (n, d): 1 is usual of a training scan."""
        return _distance(features, self.centre, self.components, self.scales)

    def share_as_far(self, distance: float) -> float:
        """Return the share of held-out people who lie at least as far; 1 where there are none."""
        if not len(self.distances):
            return 1.0
        return float((self.distances >= distance).mean())


def reference(training: Floats, held_out: Floats) -> Reference:
    """Return the reference of a member.

    Parameters
    ----------
    training : ndarray of shape (n, d)
        Features of the scans that were learned from.
    held_out : ndarray of shape (m, d)
        Of people whom the member has not seen.
    """
    values = np.asarray(training, float)
    centre = values.mean(axis=0)
    _, spread, directions = np.linalg.svd(values - centre, full_matrices=False)
    variance = spread**2 / max(1, len(values) - 1)
    count = _how_many(variance, len(values))
    components = directions[:count]
    beside = max(0.0, float(variance[count:].sum()))
    scales = np.sqrt(np.append(variance[:count], beside))
    far = _distance(np.asarray(held_out, float), centre, components, scales)
    return Reference(centre, components, scales, np.sort(far))


def _how_many(variance: Floats, scans: int) -> int:
    """Return how many components explain what they must, of no more than the scans bear."""
    total = variance.sum()
    if not total > 0:
        return 0
    enough = int(np.searchsorted(np.cumsum(variance) / total, VARIANCE)) + 1
    return min(enough, MOST, scans // SCANS_PER_COMPONENT, int((variance > 1e-12 * total).sum()))


def _distance(features: Floats, centre: Floats, components: Floats, scales: Floats) -> Floats:
    moved = np.asarray(features, float) - centre
    along = moved @ components.T
    beside = np.sqrt(np.maximum(0, (moved**2).sum(1) - (along**2).sum(1)))
    parts = np.column_stack([along, beside])
    # What varies in no training scan counts by the smallest direction that does.
    least = scales[scales > 0].min() if (scales > 0).any() else 1.0
    return np.sqrt(((parts / np.where(scales > 0, scales, least)) ** 2).mean(axis=1))

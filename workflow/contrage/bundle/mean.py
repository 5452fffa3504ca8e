"""The mean image of the people whom a model learned from: what a new scan is compared with.

One image for all members. That of each member's own people would differ by the few whom one member
has seen and another has not, and of many members these differences come to images of single people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contrage.settings.steps.scores import ScoresSettings

FEWEST = 5
"""People of whom a voxel of the mean is kept: of fewer it would be nearly their own."""
NAMES = ("values", "inside")

Image = NDArray[np.float32]


@dataclass(frozen=True)
class MeanImage:
    """The mean over people.

    Attributes
    ----------
    values : ndarray of shape (channels, *shape)
        As the cohort's array has them, 0 where somebody's image has background; z-scores where each
        image is scored by itself.
    inside : ndarray of shape (channels, *shape)
        Share of people whose image is no background there. Both are 0 where that is of fewer than
        `FEWEST`.
    """

    values: Image
    inside: Image

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray], shape: tuple[int, ...]) -> MeanImage:
        """Return what stands in an npz; raise `ValueError` where it does not fit, `KeyError`."""
        found = cls(*(np.asarray(arrays[name], np.float32) for name in NAMES))
        if found.values.shape != shape or found.inside.shape != shape:
            raise ValueError(f"the mean image is not of shape {shape}")
        return found

    def arrays(self) -> dict[str, np.ndarray]:
        """Return it as npz holds it."""
        return {name: getattr(self, name) for name in NAMES}

    def scored(
        self,
        asked: ScoresSettings,
        scores: Mapping[str, np.ndarray],
        field: NDArray[np.bool_] | None,
    ) -> Image:
        """Return the mean of the images as a member takes them, (channels, *shape).

        Where each image is scored by itself and the field is common, they were scored before the
        field was cut.
        """
        found = self.values
        if asked.normalisation != "image":
            mean, sd = (
                np.asarray(scores[name], float).reshape(-1, *[1] * (found.ndim - 1))
                for name in ("mean", "sd")
            )
            found = (found - self.inside * mean) / np.maximum(sd, 1e-12)
        return np.asarray(found if field is None else found * field, np.float32)

"""From the array on disk to the normalised images, or features, of some scans."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contrage.dataset.normalise import common_field, normalise, standardise
from contrage.files import open_array


def image_shape(array: Path) -> tuple[int, ...]:
    """Return the shape of one image of an array, (X, Y, Z) as a rule; no image is read."""
    return open_array(array).shape[1:]


@dataclass(frozen=True)
class Loader:
    """Loads z-scored images with background 0, or z-scored rows of a table of features.

    Attributes
    ----------
    array : Path
        All images of the cohort, shape (scans, X, Y, Z), or a table's (scans, features). It is
        mapped into memory: only the rows that are asked for are read.
    fold : dict
        One fold of a split: mean, sd and train_rows; median for a table.
    settings : dict
        `normalisation` ("train", "cohort", "image") and `field_of_view` ("own", "common").
    """

    array: Path
    fold: dict[str, Any]
    settings: dict[str, Any]

    def __call__(self, rows: NDArray[np.int_]) -> NDArray[np.float32]:
        """Return the images of these rows of the array, shape (n, X, Y, Z) or (n, features)."""
        chosen = np.array(self._images[rows])
        if self._images.ndim == 2:
            return standardise(chosen, self.fold)
        if self.settings["field_of_view"] == "common":
            chosen *= self._field
        return normalise(chosen, self.fold, self.settings["normalisation"])

    @cached_property
    def _images(self) -> np.ndarray:
        return open_array(self.array)

    @cached_property
    def _field(self) -> NDArray[np.bool_]:
        return common_field(self._images, np.asarray(self.fold["train_rows"]))

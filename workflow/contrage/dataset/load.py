"""From the array on disk to the normalised images, or features, of some scans."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contrage.dataset.normalise import common_field, normalise, standardise


def image_shape(array: Path) -> tuple[int, ...]:
    """Return the shape of one image of an array, (X, Y, Z) as a rule; no image is read."""
    return np.load(array, mmap_mode="r").shape[1:]


def load_images(
    array: Path, rows: NDArray[np.int_], fold: dict[str, Any], settings: dict[str, Any]
) -> NDArray[np.float32]:
    """Return z-scored images with background 0, or z-scored rows of a table of features.

    Parameters
    ----------
    array : Path
        All images of the cohort, shape (scans, X, Y, Z), or a table's (scans, features).
    rows : ndarray of int, shape (n,)
        Which of them.
    fold : dict
        One fold of a split: mean, sd and train_rows; median for a table.
    settings : dict
        `normalisation` ("train", "cohort", "image") and `field_of_view` ("own", "common").

    Returns
    -------
    ndarray of shape (n, X, Y, Z) or (n, features)
    """
    images = np.load(array, mmap_mode="r")
    chosen = np.array(images[rows])
    if images.ndim == 2:
        return standardise(chosen, fold)
    if settings["field_of_view"] == "common":
        chosen *= common_field(images, np.asarray(fold["train_rows"]))
    return normalise(chosen, fold, settings["normalisation"])

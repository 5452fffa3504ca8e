"""From the array on disk to the normalised images, or features, of some scans."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contrage.dataset.normalise import common_field, normalise, standardise
from contrage.errors import ContrageError
from contrage.files import open_array
from contrage.form import Form
from contrage.settings.steps.scores import ScoresSettings


def open_images(array: Path, form: Form) -> np.ndarray:
    """Return a cohort's array, mapped into memory: no image is read.

    Parameters
    ----------
    array : Path
        Of shape (scans, channels, *shape), or (scans, features) where values are scored one by one.
    form : Form
        What is known of the kind of data.

    Raises
    ------
    ContrageError
        If the array is none of this kind.
    """
    images = open_array(array)
    try:
        form.image_shape(images.shape)
    except ValueError as error:
        raise ContrageError(f"{array}: {error}; have it made again (delete it)") from None
    return images


def image_shape(array: Path, form: Form) -> tuple[int, tuple[int, ...]]:
    """Return the channels of one image of an array, and its shape without them."""
    return form.image_shape(open_images(array, form).shape)


@dataclass(frozen=True)
class Loader:
    """Loads z-scored images, with background 0 where they have one, or z-scored features.

    Attributes
    ----------
    array : Path
        Of the whole cohort, see `open_images`: only the rows that are asked for are read.
    fold : dict
        One fold of a split: mean, sd and train_rows; median where values are scored one by one.
    settings : ScoresSettings
    """

    array: Path
    fold: dict[str, Any]
    settings: ScoresSettings

    def __call__(self, rows: NDArray[np.int_]) -> NDArray[np.float32]:
        """Return these rows of the array, (n, channels, *shape); of features (n, 1, features)."""
        chosen = np.array(self._images[rows])
        if not self.settings.form.has_channels:
            return standardise(chosen, self.fold)[:, None]
        if self.settings.field_of_view == "common":
            chosen *= self._field
        background = self.settings.form.background
        return normalise(chosen, self.fold, self.settings.normalisation, background)

    @cached_property
    def _images(self) -> np.ndarray:
        return open_images(self.array, self.settings.form)

    @cached_property
    def _field(self) -> NDArray[np.bool_]:
        return common_field(self._images, np.asarray(self.fold["train_rows"]))

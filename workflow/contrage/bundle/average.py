"""How the mean image of a model is made: of the people whom its members learned from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contrage.bundle.mean import FEWEST, MeanImage
from contrage.dataset.load import open_images
from contrage.dataset.normalise import normalise
from contrage.evaluation.saliency.members import MEAN_OF, Members, evenly, one_each
from contrage.settings.steps.scores import ScoresSettings


def mean_image(members: Members, asked: ScoresSettings) -> tuple[MeanImage | None, int]:
    """Return the mean over the people whom any member learned from, and how many they are.

    Of more than `contrage.evaluation.saliency.members.MEAN_OF` it is that of so many; None where
    there are fewer than `FEWEST`.

    Parameters
    ----------
    members : Members
    asked : ScoresSettings
        How values become z-scores.
    """
    rows = evenly(_learned(members), MEAN_OF)
    if len(rows) < FEWEST:
        return None, len(rows)
    images = open_images(members.array, asked.form)
    total = np.zeros(images.shape[1:])
    count = np.zeros(images.shape[1:], int)
    for row in rows:
        image = np.array(images[row], np.float32)
        inside = image != 0 if asked.form.background else np.ones(image.shape, bool)
        if asked.normalisation == "image":
            image = normalise(image[None], {}, asked.normalisation, asked.form.background)[0]
        total += np.where(inside, image, 0)
        count += inside
    kept = count >= FEWEST
    shares = (np.where(kept, each, 0) / len(rows) for each in (total, count))
    return MeanImage(*(each.astype(np.float32) for each in shares)), len(rows)


def _learned(members: Members) -> NDArray[np.int_]:
    """Return the row of one scan of each person whom any member learned from, in order of rows."""
    found: dict[str, int] = {}
    for key in members.models:
        own = one_each(members.fold(key).train)
        for person, row in zip(own.participants, own.rows, strict=True):
            found.setdefault(person, int(row))
    return np.sort(np.array(list(found.values()), int))

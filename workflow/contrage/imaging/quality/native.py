"""A scan where it was scanned, and slices of it before and after skull stripping and N4.

Slices are sampled in world coordinates, so that left, front and top are where they are said to
be however the file is stored, and every voxel has its true size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from contrage.imaging.images import Image, resample

WINDOW_MM = (190.0, 230.0, 200.0)
"""Left to right, back to front, foot to head: an adult's head without its neck."""


@dataclass(frozen=True)
class Scanned:
    """A scan where it was scanned, and its way to MNI152; None where there is none.

    Attributes
    ----------
    anatomical, mask, corrected : Image or None
        As scanned; the brain found (bool) and what was made of it, on the same grid.
    map : Image or None
        The first of the session's maps, as scanned.
    affine, map_world : ndarray of shape (4, 4) or None
        Scan world → MNI152 world; map world → scan world.
    """

    anatomical: Image | None
    mask: Image | None
    corrected: Image | None
    map: Image | None
    affine: np.ndarray | None
    map_world: np.ndarray | None


@dataclass(frozen=True)
class Native:
    """An anatomical image as scanned, what was found to be brain, and the brain afterwards.

    Attributes
    ----------
    raw, corrected : Image
        On one grid.
    mask : ndarray of bool
        The brain found.
    with_n4 : bool
        Whether `corrected` was bias-corrected, or skull-stripped alone.
    """

    raw: Image
    mask: np.ndarray
    corrected: Image
    with_n4: bool

    @classmethod
    def of(
        cls, raw: Image | None, mask: Image | None, corrected: Image | None, steps: list[dict]
    ) -> Self | None:
        """Return what there is to show of a scan; None where a part is missing or elsewhere.

        Parameters
        ----------
        raw, mask, corrected : Image or None
            Shown if they are on one grid; the mask is bool and not empty.
        steps : list of dict
            What was done, as a scan's record lists it.
        """
        if raw is None or mask is None or corrected is None:
            return None
        if not (raw.same_grid(mask) and raw.same_grid(corrected) and mask.array.any()):
            return None
        with_n4 = any(step.get("name") == "bias correction" for step in steps)
        return cls(raw, mask.array, corrected, with_n4)


def sections(
    image: Image, middle: np.ndarray, millimetres: float, order: int = 1
) -> list[np.ndarray]:
    """Sample the sagittal, coronal and axial plane through a point.

    Parameters
    ----------
    image : Image
        In any orientation, with any voxel size.
    middle : ndarray of shape (3,)
        World coordinates, mm; the middle of every plane.
    millimetres : float
        Edge length of a pixel.
    order : int
        As in `resample`.

    Returns
    -------
    list of ndarray of shape (rows, columns)
        The first row is the top of the head, in the axial plane the front; the first column is
        the participant's left, in the sagittal plane the back.
    """
    planes = []
    for axis in range(3):
        shape = np.round(np.array(WINDOW_MM) / millimetres).astype(int)
        shape[axis] = 1
        affine = np.diag([millimetres] * 3 + [1.0])
        affine[:3, 3] = middle - millimetres * (shape - 1) / 2
        plane = resample(image, Image(np.empty(shape, np.uint8), affine), order=order)
        planes.append(np.rot90(plane.squeeze(axis)))
    return planes

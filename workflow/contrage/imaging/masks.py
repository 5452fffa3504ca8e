"""Masks of brains: how large they are, where they lie, and how far two agree."""

from __future__ import annotations

import numpy as np

from contrage.imaging.images import Image, transform_points

BRAIN_LITRES = (0.3, 2.6)
"""From a slab of a small brain to a large one."""


def litres(mask: np.ndarray, image: Image) -> float:
    """Return the volume of a mask on an image's grid."""
    return float(mask.sum() * abs(np.linalg.det(image.affine[:3, :3])) / 1e6)


def centre(image: Image, mask: np.ndarray) -> np.ndarray:
    """Return the mean position of the voxels of a mask, world coordinates, mm."""
    return transform_points(image.affine, np.argwhere(mask).mean(axis=0)[None])[0]


def dice(one: np.ndarray, other: np.ndarray) -> float:
    """Return twice the shared voxels over the sum of both (Dice 1945)."""
    total = one.sum() + other.sum()
    return float(2 * (one & other).sum() / total) if total else 0.0

"""Stiffness maps of brains that soften with age, made in seconds, for benchmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contrage.dataset.normalise import normalise

GRIDS = {2: (91, 109, 91), 4: (46, 55, 46), 8: (23, 28, 23)}
TEST = 64


@dataclass(frozen=True)
class Cohort:
    """Generated stiffness maps (N, X, Y, Z) in kPa, and ages; the last `TEST` are for testing."""

    images: np.ndarray
    ages: np.ndarray
    train: int
    mean: float
    sd: float


def make_cohort(train: int, voxel_mm: int) -> Cohort:
    """Make maps of a brain that softens with age by 0.5 % a year, each in its own way."""
    shape, rng = GRIDS[voxel_mm], np.random.default_rng(1)
    axes = np.meshgrid(*(np.linspace(-1.3, 1.3, size) for size in shape), indexing="ij")
    brain = sum(axis**2 for axis in axes) < 1
    ages = rng.uniform(18, 90, train + TEST).round(1)
    images = np.zeros((len(ages), *shape), np.float32)
    for image, age in zip(images, ages, strict=True):
        waves = sum(
            rng.normal(0, 0.1) * np.cos(rng.uniform(1, 6) * axis + rng.uniform(0, 6))
            for axis in axes
            for _ in range(3)
        )
        core = 1 + 0.003 * (age - 50) * (axes[0] ** 2 < 0.1)
        stiffness = 2.7 * (1 - 0.005 * (age - 50)) * (1 + waves) * core
        image[:] = brain * (stiffness + rng.normal(0, 0.3, shape))
    voxels = images[:train][images[:train] != 0]
    return Cohort(images, ages, train, float(voxels.mean()), float(voxels.std()))


def z_scores(cohort: Cohort, rows: np.ndarray) -> np.ndarray:
    """Return some maps (n, 1, X, Y, Z) as a training sees them."""
    images = cohort.images[rows][:, None]
    return normalise(images, {"mean": [cohort.mean], "sd": [cohort.sd]}, "train")

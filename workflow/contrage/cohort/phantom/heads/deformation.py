"""Ventricles that grow and a cortex that thins, in template space.

Ventricles: a smooth displacement along the gradient of the distance to them, as large as the wanted
volume asks for. Cortex: grey matter next to fluid gives a part of its probability to the fluid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from contrage.cohort.phantom.heads.regions import coarse, lateral_ventricles, third_ventricle
from contrage.cohort.phantom.heads.template import Grid, HeadTemplate, apply

_FALLOFF_MM = 10.0
_DEPTH_MM = 1.5
_BOX = ((-62.0, -92.0, -42.0), (62.0, 66.0, 62.0))
_STEP = 2.0


@dataclass(frozen=True)
class Ventricles:
    """Where ventricles are, and the direction in which their surroundings give way.

    Attributes
    ----------
    grid : Grid
        A box around the ventricles.
    probability : ndarray
        Of the lateral ventricles, on `grid`.
    distance : ndarray
        To the ventricles' surface in mm, negative inside.
    direction : ndarray of shape (3, X, Y, Z)
        Outward, of unit length or, where surfaces face each other, less.
    near : tuple of three index arrays
        Voxels of `grid` that ventricles can reach.
    """

    grid: Grid
    probability: np.ndarray
    distance: np.ndarray
    direction: np.ndarray
    near: tuple[np.ndarray, ...]

    def volume(self, shift: float) -> float:
        """Return the lateral ventricles' volume in mL when their wall moves out by `shift` mm."""
        step = _step_inward(self.distance[self.near], shift) / np.float32(_STEP)
        index = np.stack(self.near).astype(np.float32) - step * self.direction[:, *self.near]
        moved = ndimage.map_coordinates(
            self.probability, index, order=1, output=np.float32, prefilter=False
        )
        return float(moved.sum(dtype=np.float64)) * self.grid.voxel_volume() / 1000

    def shift_for(self, volume_ml: float) -> float:
        """Find the shift (mm) that gives the lateral ventricles a volume in mL."""
        shifts = [-3.0, 9.0]
        volumes = [self.volume(shift) for shift in shifts]
        # Volume is a smooth, rising function of the shift: interpolating its inverse is quick.
        for _ in range(6):
            guess = float(np.interp(volume_ml, volumes, shifts))
            if guess in shifts:
                break
            place = int(np.searchsorted(shifts, guess))
            shifts.insert(place, guess)
            volumes.insert(place, self.volume(guess))
        return float(np.interp(volume_ml, volumes, shifts))

    def displacement(self, shift: float) -> Displacement:
        """Return the displacement that moves the wall out by `shift` mm."""
        step = _step_inward(self.distance, shift)
        return Displacement(self.grid, (step * self.direction).astype(np.float32))


@dataclass(frozen=True)
class Displacement:
    """A vector (mm) at each voxel of a grid; 0 outside it."""

    grid: Grid
    vectors: np.ndarray

    def pull(self, points: np.ndarray) -> np.ndarray:
        """Return where in the template the anatomy at `points` (3, N) comes from."""
        index = apply(np.linalg.inv(self.grid.affine), points)
        size = np.array(self.grid.shape, np.float32)[:, None]
        near = np.all((index > 0) & (index < size - 1), axis=0)
        source = points.astype(np.float32, copy=True)
        index = index[:, near]
        for axis in range(3):
            source[axis, near] -= ndimage.map_coordinates(
                self.vectors[axis], index, order=1, output=np.float32, prefilter=False
            )
        return source


def _step_inward(distance: np.ndarray, shift: float) -> np.ndarray:
    """Return how far (mm) towards the ventricle the anatomy at a distance from it comes from."""
    inner = distance - shift * np.exp(-((np.maximum(distance, 0) / _FALLOFF_MM) ** 2) / 2)
    # A horn is 3 mm deep at most: what lies inside the new wall comes from inside the old one,
    # squeezed, or a wide shift would reach through to the opposite wall.
    squeeze = min(1.0, _DEPTH_MM / shift) if shift > 0 else 1.0
    return distance - np.where(inner < 0, inner * squeeze, inner)


def make_ventricles(template: HeadTemplate) -> Ventricles:
    """Locate the ventricles of the template and the directions of their growth."""
    # The template's voxels are 1 mm and its axes those of the world.
    low = np.array(_BOX[0], dtype=int) - template.grid.affine[:3, 3].astype(int)
    high = low + np.subtract(_BOX[1], _BOX[0]).astype(int)
    box = tuple(slice(a, b, int(_STEP)) for a, b in zip(low, high, strict=True))
    grey, white, brain = (
        array[box].astype(np.float32) / 255
        for array in (template.grey, template.white, template.brain)
    )
    affine = template.grid.affine @ np.diag([_STEP, _STEP, _STEP, 1.0])
    affine[:3, 3] = _BOX[0]
    grid = Grid(grey.shape, affine)
    fluid = np.clip(1 - grey - white, 0, 1) * brain
    wet = fluid > 0.1
    lateral, both = np.zeros_like(fluid), np.zeros_like(fluid)
    lateral[wet] = lateral_ventricles(grid.world(wet), fluid[wet])
    both[wet] = lateral[wet] + third_ventricle(grid.world(wet), fluid[wet])
    inside = ndimage.gaussian_filter(both, 0.5) > 0.35
    distance = _STEP * (
        ndimage.distance_transform_edt(~inside) - ndimage.distance_transform_edt(inside)
    )
    distance = ndimage.gaussian_filter(distance.astype(np.float32), 1.0)
    direction = np.stack(np.gradient(distance, _STEP)).astype(np.float32)
    direction *= _border(grid.shape)
    return Ventricles(grid, lateral, distance, direction, np.nonzero(distance < 9.5))


def _border(shape: tuple[int, int, int]) -> np.ndarray:
    """Fade to 0 over five voxels towards the faces of the box: the displacement has no jump."""
    ramps = [
        np.clip(np.minimum(np.arange(n), n - 1 - np.arange(n)) / 5, 0, 1).astype(np.float32)
        for n in shape
    ]
    return ramps[0][:, None, None] * ramps[1][None, :, None] * ramps[2]


@dataclass(frozen=True)
class Thinning:
    """The probability that passes from grey matter to fluid, on every second voxel of MNI152."""

    grid: Grid
    loss: np.ndarray


def make_thinning(template: HeadTemplate, cortex: float) -> Thinning:
    """Find the thinning that leaves a share `cortex` of the template's cortical grey matter.

    Parameters
    ----------
    template : HeadTemplate
    cortex : float
        At most 1.

    Returns
    -------
    Thinning
    """
    grid = coarse(template)
    grey, white, brain = (
        array[::2, ::2, ::2].astype(np.float32) / 255
        for array in (template.grey, template.white, template.brain)
    )
    cortical = _cortical(grid)
    near = ndimage.gaussian_filter(1 - np.clip(grey + white, 0, 1), 1.3, truncate=2.5) * cortical
    near = np.clip(near * 2, 0, 1)
    mass, slope = (float((grey * brain * cortical * k).sum(dtype=np.float64)) for k in (1, near))
    strength = 0.0
    for _ in range(8):
        loss = grey * np.clip(strength * near, 0, 1)
        lost = float((loss * brain * cortical).sum(dtype=np.float64))
        strength = max(strength + ((1 - cortex) * mass - lost) / slope, 0.0)
    return Thinning(grid, loss)


def _cortical(grid: Grid) -> np.ndarray:
    """Mark where grey matter is cortex: away from the nuclei, ventricles, stem and cerebellum."""
    index = np.ix_(*[np.arange(n, dtype=np.float32) for n in grid.shape])
    x, y, z = (grid.affine[k, k] * index[k] + grid.affine[k, 3] for k in range(3))
    deep = ((x / 38) ** 2 + ((y + 10) / 48) ** 2 + ((z - 5) / 26) ** 2) < 1
    below = (z < -14 - 0.25 * (y + 50)) & (y < -38) | (np.abs(x) < 17) & (y < -5) & (z < -8)
    return ndimage.uniform_filter(np.where(deep | below, np.float32(0), np.float32(1)), 5)

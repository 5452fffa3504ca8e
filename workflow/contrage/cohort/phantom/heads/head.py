"""The T1-weighted head: the template's brain, with fluid, skull, scalp and face built around it.

Shells follow the distance from the brain's closed hull, their thickness varying over the head;
neck, orbits and sinuses are simple shapes, enough to make skull stripping earn its name.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from contrage.cohort.phantom.heads.deformation import Displacement, Thinning
from contrage.cohort.phantom.heads.regions import ellipsoid, tube
from contrage.cohort.phantom.heads.template import (
    CSF,
    GREY,
    Grid,
    HeadTemplate,
    apply,
    box_grid,
    resample,
    sample,
    smooth_noise,
)

_STEP = 4.0
_BOX = ((-104.0, -140.0, -104.0), (104.0, 116.0, 108.0))
# Template mm: nothing of the head is imaged below this plane.
NECK_MM = -86.0

_AIR, _BONE, _MARROW, _MUSCLE, _FAT, _SKIN, _EYE = 6.0, 14.0, 105.0, 105.0, 225.0, 120.0, 50.0
_CLOSING_MM = 12.0
_BONE_MM = 6.5


@dataclass(frozen=True)
class Shells:
    """What surrounds the brain, on a 4 mm grid in template space.

    Attributes
    ----------
    grid : Grid
    hull : ndarray
        Signed distance (mm) to the brain's closed hull, negative inside.
    bone : ndarray
        0 at the skull's inner, 1 at its outer surface.
    outside : ndarray
        Signed distance (mm) to the skin, negative inside the head.
    deep : ndarray
        Intensity of what is neither brain, skull nor scalp: muscle, orbits, sinuses, cord.
    fat : float
        Thickness of the fat under the skin, mm.
    """

    grid: Grid
    hull: np.ndarray
    bone: np.ndarray
    outside: np.ndarray
    deep: np.ndarray
    fat: float

    def head_points(self) -> np.ndarray:
        """Return the points (3, N) of the head that an image should hold."""
        points = self.grid.world()
        return points[:, (self.outside.ravel() < 0) & (points[2] > NECK_MM)]


def hull_distance(template: HeadTemplate, grid: Grid) -> np.ndarray:
    """Return the signed distance (mm) to the brain's hull, sulci and fissures closed."""
    points = grid.world()
    brain = sample(template.brain, template.grid, points).reshape(grid.shape) > 127
    step = grid.affine[0, 0]
    wide = step * ndimage.distance_transform_edt(~brain) <= _CLOSING_MM
    closed = step * ndimage.distance_transform_edt(wide) > _CLOSING_MM
    distance = step * ndimage.distance_transform_edt(~closed)
    # Nothing depends on how deep inside a point is, only that it is inside.
    distance[closed] = -step / 2
    return ndimage.gaussian_filter(distance.astype(np.float32), 0.7)


def make_shells(
    template: HeadTemplate, age: float, spread: float, rng: np.random.Generator
) -> Shells:
    """Draw the head around a participant's brain.

    Parameters
    ----------
    template : HeadTemplate
    age : float
        Years: the fluid between brain and skull grows with it.
    spread : float
        Scale of the differences between participants.
    rng : numpy.random.Generator

    Returns
    -------
    Shells
    """
    grid = box_grid(*_BOX, _STEP)
    points = grid.world()
    hull = hull_distance(template, grid)
    z = np.clip(rng.standard_normal(5), -2, 2) * spread
    fluid = 1.2 + 0.025 * max(age - 20, 0) + 0.2 * z[0]
    uneven = smooth_noise(grid.shape, 4.5, rng)
    thick = np.clip(_BONE_MM + 0.9 * z[1] + 0.9 * uneven, 3.5, 10)
    bone = (hull - fluid) / thick
    right = np.stack([np.abs(points[0]), points[1], points[2]])
    bone[(tube(right, [(0, -44, -62), (0, -50, -130)], 11) < 0).reshape(grid.shape)] = 3
    x, _, height = right.reshape(3, *grid.shape)
    temple = 6 * np.clip((x - 45) / 20, 0, 1) * np.clip((45 - height) / 40, 0, 1)
    scalp = np.clip(6.5 + 1.2 * z[2] + 0.6 * np.roll(uneven, 7, axis=1), 4, 12) + temple
    outside = np.minimum(hull - fluid - thick - scalp, _lower_head(right, z[3]).reshape(grid.shape))
    deep = _deep(right, grid, rng)
    return Shells(grid, hull, bone, outside, deep, float(np.clip(3.8 + 0.8 * z[4], 2.2, 6)))


def _lower_head(right: np.ndarray, build: float) -> np.ndarray:
    """Return the signed distance to face, nose and neck, which lie below the brain's hull."""
    narrowing = np.clip((-right[2] - 20) / 90, 0, 1)
    width = 74 + 2 * build - 8 * narrowing
    length = 92 + 1.5 * build - 6 * narrowing
    column = (np.sqrt((right[0] / width) ** 2 + ((right[1] + 9) / length) ** 2) - 1) * width
    column = np.maximum(column, right[2] + 22)
    nose = ellipsoid(right, (0, 78, -56), (13, 17, 24))
    return np.minimum(column, nose).astype(np.float32)


def _deep(right: np.ndarray, grid: Grid, rng: np.random.Generator) -> np.ndarray:
    """Paint muscle, orbits, sinuses, mastoids and the spinal cord on a 4 mm grid."""
    image = (
        _MUSCLE + 14 * smooth_noise(grid.shape, 0.9, rng) + 12 * smooth_noise(grid.shape, 3, rng)
    )
    image = image.ravel()
    parts = [
        (ellipsoid(right, (32, 50, -38), (17, 26, 16)), 190.0),
        (ellipsoid(right, (32, 63, -38), (12.5, 12.5, 12.5)), _EYE),
        (ellipsoid(right, (8, 52, -50), (6, 28, 20)), _AIR),
        (ellipsoid(right, (31, 55, -68), (13, 15, 12)), _AIR),
        (ellipsoid(right, (6, 22, -32), (9, 12, 9)), _AIR),
        (ellipsoid(right, (0, 6, -86), (9, 10, 30)), _AIR),
        (ellipsoid(right, (46, -28, -42), (13, 13, 12)), 30.0),
        (tube(right, [(0, -44, -66), (0, -50, -130)], 10), CSF),
        (tube(right, [(0, -44, -66), (0, -50, -130)], 6), 185.0),
    ]
    for distance, value in parts:
        inside = np.clip(0.5 - distance / _STEP, 0, 1)
        image = image + inside * (value - image)
    return np.maximum(image, 0).reshape(grid.shape).astype(np.float32)


def draw_head(shells: Shells, grid: Grid, to_template: np.ndarray, brain: np.ndarray) -> np.ndarray:
    """Paint all but the brain on an image grid.

    Parameters
    ----------
    shells : Shells
    grid : Grid
        The image's.
    to_template : ndarray of shape (4, 4)
        From the image's world to the template's.
    brain : ndarray of shape grid.shape
        The brain's share of each voxel, 0-1.

    Returns
    -------
    ndarray of shape grid.shape
        Intensities, float32, in the template's units (white matter 223); 0 inside the brain.
    """
    soft = float(np.cbrt(grid.voxel_volume()))
    outside = resample(shells.outside, shells.grid, grid, to_template, "nearest")
    # Air and brain are three quarters of the image and need nothing painted.
    where = (outside < soft) & (brain < 1)
    points = apply(to_template, grid.world(where))
    bone = sample(shells.bone, shells.grid, points, "nearest")
    values = sample(shells.deep, shells.grid, points, "nearest")
    outside, thick = outside[where], _BONE_MM
    values = _FAT + _ramp(-outside - shells.fat, soft) * (values - _FAT)
    layers = [
        (_ramp((1 - bone) * thick, soft), _BONE),
        (_ramp((0.22 - np.abs(bone - 0.5)) * thick, soft), _MARROW),
        (_ramp(-bone * thick, soft), CSF - 6),
        # Skin last: below the skull there is no bone to stop the fat.
        (_ramp(outside + 1.6, soft), _SKIN),
    ]
    for inside, value in layers:
        values += inside * (value - values)
    image = np.full(grid.shape, _AIR, dtype=np.float32)
    image[where] += _ramp(-outside, soft) * (values - _AIR)
    return image * (1 - brain)


def _ramp(inside: np.ndarray, width: float) -> np.ndarray:
    """Return the share (0-1) of a voxel that lies inside, given its depth in mm."""
    return np.clip(0.5 + inside / width, 0, 1)


def brain_share(template: HeadTemplate, grid: Grid, to_template: np.ndarray) -> np.ndarray:
    """Return the brain's share (0-1) of each voxel of an image grid."""
    box, part = _box_of(template.grid, grid, to_template)
    share = np.zeros(grid.shape, dtype=np.float32)
    share[box] = resample(template.brain, template.grid, part, to_template) / 255
    return share


def draw_brain(
    points: np.ndarray, template: HeadTemplate, displacement: Displacement, thinning: Thinning
) -> np.ndarray:
    """Return the aged brain's intensities at points of template space.

    Parameters
    ----------
    points : ndarray of shape (3, N)
        World coordinates in template space, mm.
    template : HeadTemplate
    displacement : Displacement
        Of the ventricles.
    thinning : Thinning
        Of the cortex.

    Returns
    -------
    ndarray of shape (N,)
        In the template's units, falling to 0 across the brain's border.
    """
    source = displacement.pull(points)
    signal = sample(template.t1, template.grid, source)
    lost = sample(thinning.loss, thinning.grid, source)
    return np.maximum(signal - lost * (GREY - CSF), 0)


def _box_of(inner: Grid, outer: Grid, to_inner: np.ndarray) -> tuple[tuple[slice, ...], Grid]:
    """Return the part of a grid that another one reaches, as slices and as a grid."""
    corners = np.array(np.meshgrid(*[[0.0, n - 1.0] for n in inner.shape])).reshape(3, -1)
    index = apply(np.linalg.inv(to_inner @ outer.affine) @ inner.affine, corners)
    low = np.clip(np.floor(index.min(1)).astype(int), 0, None)
    high = np.minimum(np.ceil(index.max(1)).astype(int) + 1, outer.shape)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    shift = np.eye(4)
    shift[:3, 3] = low
    return box, Grid(tuple(high - low), outer.affine @ shift)  # type: ignore[arg-type]

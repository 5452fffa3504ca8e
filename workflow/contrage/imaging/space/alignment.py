"""Signs that a scan was placed wrongly, from the images themselves: cheap, without ANTs.

Registration always ends with some transform. What a spoiled scan gives away is a turn or stretch
that no head in a scanner has, a brain without signal, signal where there is air, or a map whose
outline is not that of the brain it is said to lie in.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage, optimize

from contrage.imaging.affines import affine_through, rotation
from contrage.imaging.images import (
    Image,
    centre_of_mass,
    grid_points,
    resample,
    shrink,
    transform_points,
)
from contrage.imaging.template.grids import Template, brain_template
from contrage.imaging.template.source import Source

STEP_MM = 4
LEAST_GAIN = 0.01
"""Of agreement, in Dice, below which no other place counts as a better one."""
DARK = 0.1
"""Part of the brain's upper quartile below which a voxel has no signal: CSF has 0.2 or more."""
AIR_MM = (25.0, 70.0)
"""Distances from the brain, above the commissures, where there is neither scalp nor neck."""
FEWEST_VOXELS = 200
METRICS = (
    *("pose_degrees", "scale", "stretch", "signal", "air"),
    *("map_agreement", "map_shift_mm", "map_degrees", "map_smoothness"),
    *("magnitude_shift_mm", "magnitude_degrees"),
)


def measure(
    affine: np.ndarray,
    head: Image | None,
    stiffness: Image | None,
    mask: np.ndarray | None,
    source: Source,
    map_world: np.ndarray | None = None,
) -> dict[str, float | None]:
    """Measure all signs that can be read off a scan.

    Parameters
    ----------
    affine : ndarray of shape (4, 4)
        Scan world → MNI152 world.
    head, stiffness : Image or None
        As scanned.
    mask : ndarray of the shape of `head`, or None
        The brain, bool.
    source : Source
        Which template.
    map_world : ndarray of shape (4, 4), optional
        Map world → scan world, where the magnitude was registered.

    Returns
    -------
    dict
        What `pose`, `signal`, `map_pose` and `smoothness` give, and how far the magnitude was moved
        to the scan; None where an image is missing.
    """
    found: dict[str, float | None] = dict.fromkeys(METRICS)
    found |= pose(affine)
    if head is not None:
        found |= signal(head, affine, source)
    if map_world is not None and stiffness is not None:
        shift, degrees = movement(map_world, stiffness)
        found |= {"magnitude_shift_mm": shift, "magnitude_degrees": degrees}
        stiffness = Image(stiffness.array, map_world @ stiffness.affine)
    if stiffness is not None and (stiffness.array != 0).any():
        found["map_smoothness"] = smoothness(stiffness)
        if head is not None and mask is not None and mask.any():
            found |= map_pose(stiffness, mask, head)
    return found


def movement(world: np.ndarray, image: Image) -> tuple[float, float]:
    """Return how far a rigid transform moves an image's middle, mm, and turns it, degrees."""
    middle = transform_points(image.affine, (np.array(image.array.shape)[None] - 1) / 2)
    shift = float(np.linalg.norm(transform_points(world, middle) - middle))
    return shift, pose(world)["pose_degrees"]


def pose(affine: np.ndarray) -> dict[str, float]:
    """Describe an affine by its rotation and stretch.

    Parameters
    ----------
    affine : ndarray of shape (4, 4)
        Scan world → MNI152 world, RAS, mm.

    Returns
    -------
    dict
        `pose_degrees`, the angle of the nearest rotation; `scale`, the cube root of the
        determinant; `stretch`, the largest over the smallest scaling.
    """
    left, sizes, right = np.linalg.svd(affine[:3, :3])
    turn = left @ right
    angle = np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1)))
    return {
        "pose_degrees": float(angle),
        "scale": float(np.prod(sizes) ** (1 / 3)),
        "stretch": float(sizes.max() / sizes.min()),
    }


def signal(head: Image, affine: np.ndarray, source: Source) -> dict[str, float | None]:
    """Measure where an anatomical image has signal.

    Parameters
    ----------
    head : Image
        As scanned, with or without a skull.
    affine : ndarray of shape (4, 4)
        Its world → MNI152 world.
    source : Source
        Which template.

    Returns
    -------
    dict
        `signal`, the share of the template's brain in which the image is not dark; `air`, the
        90th percentile of intensities in the air above and beside the head over the median of
        the brain, None where the field of view holds no air.
    """
    template = brain_template(STEP_MM, source)
    small = shrink(head, STEP_MM)
    there = np.linalg.inv(small.affine) @ np.linalg.inv(affine)
    brain = _sampled(
        small, transform_points(there, grid_points(template.anatomical, template.brain))
    )
    # Where half of a head is missing, the quartile is still that of the other half.
    bright = np.percentile(brain, 75)
    tissue = brain[brain > DARK * bright]
    beyond = _air(small, affine, template)
    return {
        "signal": float((brain > DARK * bright).mean()) if bright > 0 else 0.0,
        "air": float(np.percentile(small.array[beyond], 90) / np.median(tissue))
        if beyond.sum() >= FEWEST_VOXELS and tissue.size
        else None,
    }


def _sampled(image: Image, index: np.ndarray) -> np.ndarray:
    return ndimage.map_coordinates(image.array, index.T, order=1, mode="constant")


def _air(head: Image, affine: np.ndarray, template: Template) -> np.ndarray:
    """Voxels beside and above the head, bool; a template's distances serve a head's."""
    wide = 20  # voxels of 4 mm around the template, so that its distances reach the air
    brain = np.pad(template.brain, wide)
    distance = ndimage.distance_transform_edt(~brain, sampling=STEP_MM)
    origin = template.anatomical.affine.copy()
    origin[:3, 3] -= wide * STEP_MM
    everywhere = np.argwhere(np.ones(head.array.shape, bool)).astype(float)
    world = transform_points(affine @ head.affine, everywhere)
    index = transform_points(np.linalg.inv(origin), world)
    away = _sampled(Image(distance, origin), index)
    found = (away > AIR_MM[0]) & (away < AIR_MM[1]) & (world[:, 2] > 0)
    return found.reshape(head.array.shape)


def map_pose(stiffness: Image, mask: np.ndarray, reference: Image) -> dict[str, float | None]:
    """Compare a map's outline with the brain found in the anatomical image of its session.

    The brain is cut to the slices that the map has, then turned and shifted as a whole until
    the outlines agree best (Dice, Nelder-Mead). A map in its place needs no such movement.

    Parameters
    ----------
    stiffness : Image
        0 where it has no values.
    mask : ndarray of the shape of `reference`
        The brain, bool.
    reference : Image
        The anatomical image, in the scanner's coordinates as the map is said to be.

    Returns
    -------
    dict
        `map_agreement`, Dice of map and brain where they are; `map_shift_mm` and `map_degrees`,
        how far the brain has to be shifted (at the map's middle) and turned to agree best; 0
        where moving gains less than 0.01. None where the map fills no half of a voxel of 4 mm.
    """
    support = shrink(stiffness.with_array((stiffness.array != 0).astype(np.float32)), STEP_MM)
    if not (support.array > 0.5).any():
        return dict.fromkeys(("map_agreement", "map_shift_mm", "map_degrees"))
    brain = shrink(reference.with_array(mask.astype(np.float32)), STEP_MM)
    middle = centre_of_mass(support)
    box = _box(support.array > 0.5)
    target = support.array[box]
    grid = _cut(support, box)

    def agreement(parameters: np.ndarray) -> float:
        moved = resample(brain, grid, _rigid(parameters, middle))
        return float(2 * np.minimum(moved, target).sum() / (moved.sum() + target.sum()))

    start = np.zeros(6)
    simplex = np.vstack([start, np.diag([6.0, 6.0, 6.0, 0.1, 0.1, 0.1])])
    options = {"initial_simplex": simplex, "maxfev": 400, "xatol": 1e-2, "fatol": 1e-4}
    found = optimize.minimize(lambda p: -agreement(p), start, method="Nelder-Mead", options=options)
    here = agreement(start)
    better = -found.fun - here >= LEAST_GAIN
    turn = pose(_rigid(found.x, middle))["pose_degrees"]
    return {
        "map_agreement": here,
        "map_shift_mm": float(np.linalg.norm(found.x[:3])) if better else 0.0,
        "map_degrees": turn if better else 0.0,
    }


def smoothness(stiffness: Image) -> float:
    """Return the correlation of neighbouring values of a map: 0 in noise, near 1 in tissue.

    Values that are all the same, which have no correlation, are as smooth as can be: 1. Without
    neighbours it is 0.
    """
    values = stiffness.array.astype(float)
    pairs = []
    for axis in range(3):
        one = np.take(values, range(values.shape[axis] - 1), axis)
        other = np.take(values, range(1, values.shape[axis]), axis)
        both = (one != 0) & (other != 0)
        if both.sum() > 2:
            pairs.append((one[both], other[both]))
    varied = [pair for pair in pairs if all(np.ptp(side) > 0 for side in pair)]
    if not varied:
        return 1.0 if pairs else 0.0
    return float(np.mean([np.corrcoef(*pair)[0, 1] for pair in varied]))


def _box(inside: np.ndarray) -> tuple[slice, ...]:
    """Return the smallest box around what is inside."""
    return ndimage.find_objects(inside.astype(np.uint8))[0]


def _cut(image: Image, box: tuple[slice, ...]) -> Image:
    affine = image.affine.copy()
    affine[:3, 3] = transform_points(image.affine, np.array([[s.start for s in box]]))[0]
    return Image(image.array[box], affine)


def _rigid(parameters: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """World → world: shift (mm) and turn (rad) about a point."""
    return affine_through(rotation(*parameters[3:]), middle, middle + parameters[:3])

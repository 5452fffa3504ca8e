"""A first guess of a head's pose, by exhaustive coarse search: no ANTs, no randomness."""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy import ndimage, optimize, special

from contrage.imaging.affines import affine_through, rotation
from contrage.imaging.images import Image, centre_of_mass, grid_points, transform_points
from contrage.imaging.template.grids import Template

BINS = 24
# Brains are between 0.78 and 1.1 times as long as the template; scalps are longer.
SMALLEST, LARGEST = -0.25, 0.1


def find_pose(image: Image, template: Template) -> tuple[np.ndarray, float]:
    """Find the similarity transform that explains a head by a template.

    Normalised mutual information over the template's domain; rotations of ±30° about each
    axis and shifts are tried from the centre of mass, the best few refined by Nelder-Mead.

    Parameters
    ----------
    image : Image
        A head, about 4 mm a voxel, any orientation; poses up to about 35° are found.
    template : Template
        About 8 mm a voxel.

    Returns
    -------
    moving_to_fixed : ndarray of shape (4, 4)
        The image's world → the template's world, RAS, mm.
    score : float
        Normalised mutual information, 1 (unrelated) to 2.
    """
    keep = template.domain
    points = grid_points(template.anatomical, keep)
    fixed = _binned(template.anatomical.array[keep])
    centre = grid_points(template.anatomical, template.brain).mean(axis=0)
    values = _binned(image.array).astype(np.float32)
    inverse = np.linalg.inv(image.affine)
    weights = np.clip(image.array, 0, np.percentile(image.array[image.array != 0], 98))
    start = centre_of_mass(image.with_array(weights)) - centre

    def score(parameters: np.ndarray, stride: int = 1) -> float:
        world = _similarity(parameters, centre)
        where = transform_points(inverse @ world, points[::stride]).T
        moving = ndimage.map_coordinates(values, where, order=1, mode="constant")
        beyond = max(0.0, parameters[6] - LARGEST, SMALLEST - parameters[6])
        return beyond - _mutual_information(fixed[::stride], np.round(moving).astype(int))

    # A long neck draws the centre of mass far below the brain.
    angles, shifts = np.deg2rad([-24, -12, 0, 12, 24]), (-25.0, 0.0, 25.0, 50.0, 75.0)
    grid = [
        np.array([start[0], start[1], start[2] + z, *turn, -0.1])
        for turn in product(angles, repeat=3)
        for z in shifts
    ]
    ranked = sorted(grid, key=lambda p: score(p, 4))
    found = [_refine(score, p, 2) for p in ranked[:4]]
    best = _refine(score, min(found, key=score), 1)
    return np.linalg.inv(_similarity(best, centre)), -score(best)


def _refine(score, start: np.ndarray, stride: int) -> np.ndarray:
    steps = np.diag([8.0, 8.0, 8.0, 0.12, 0.12, 0.12, 0.08]) / (1 if stride > 1 else 4)
    simplex = np.vstack([start, start + steps])
    options = {"initial_simplex": simplex, "maxfev": 160, "xatol": 1e-3, "fatol": 1e-5}
    return optimize.minimize(score, start, (stride,), "Nelder-Mead", options=options).x


def _similarity(parameters: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Template world → image world: shift (mm), turn (rad) and log-scale about a centre."""
    linear = rotation(*parameters[3:6]) * np.exp(parameters[6])
    return affine_through(linear, centre, centre + parameters[:3])


def _binned(array: np.ndarray) -> np.ndarray:
    """Scale to 0 .. BINS - 1 between zero and the 98th percentile of what is not dark."""
    bright = array[array > 0.05 * array.max()]
    top = np.percentile(bright, 98) if bright.size else 1.0
    return np.clip(np.round(array / top * (BINS - 1)), 0, BINS - 1).astype(int)


def _mutual_information(fixed: np.ndarray, moving: np.ndarray) -> float:
    joint = np.bincount(fixed * BINS + moving, minlength=BINS * BINS).astype(float)
    joint = (joint / joint.sum()).reshape(BINS, BINS)
    of_fixed, of_moving, both = (
        float(special.entr(p).sum()) for p in (joint.sum(1), joint.sum(0), joint)
    )
    return (of_fixed + of_moving) / max(both, 1e-12)

"""Affine of nine parameters: shift, rotation, a scaling along each axis of the scan; no shear.

The model of FSL FLIRT's `-dof 9` (Jenkinson & Smith 2001; Jenkinson et al. 2002), with which
OpenBHB's quasi-raw images were made (Dufumier et al. 2022): the scan is scaled along its own voxel
axes, then turned. ANTs has no such transform. Here the twelve parameters that ANTs finds are
brought to the nearest nine, from which normalised mutual information is climbed. DIPY's
RigidScalingTransform3D, from that start at 4 and 2 mm, is as near on all voxels but takes 3.3 times
as long, and on a quarter of them ends further off (0.59 mm, at worst 1.10, over eight phantoms;
here 0.51 and 0.70) and depends on its start by up to 0.5 mm, here 0.03 (benchmarks/affine9.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg, ndimage, optimize

from contrage.imaging.affines import affine_through, rotation
from contrage.imaging.images import Image, grid_points, shrink, transform_points
from contrage.imaging.template.grids import brain_template
from contrage.imaging.template.source import Source

BINS = 32
MOST_POINTS = 60_000
RADIUS_MM = 65.0
"""Of a brain: turns and scalings are searched as shifts of its surface, in mm like the shifts."""


@dataclass(frozen=True)
class Nine:
    """A point of departure, and the way from nine numbers in mm to a transform.

    Attributes
    ----------
    axes, turn : ndarray of shape (3, 3)
        Directions of the scan's voxel axes in its world (columns); the rotation after scaling.
    scales : ndarray of shape (3,)
        Along these axes.
    centre, target : ndarray of shape (3,)
        A point of the scan's world and where it goes.
    """

    axes: np.ndarray
    turn: np.ndarray
    scales: np.ndarray
    centre: np.ndarray
    target: np.ndarray

    def matrix(self, change: np.ndarray | None = None) -> np.ndarray:
        """Return the transform, scan's world → MNI152 world, after a change of shape (9,), mm."""
        change = np.zeros(9) if change is None else change
        turn = rotation(*(change[3:6] / RADIUS_MM)) @ self.turn
        scales = self.scales * np.exp(change[6:] / RADIUS_MM)
        linear = turn @ np.diag(scales) @ self.axes.T
        return affine_through(linear, self.centre, self.target + change[:3])


def nearest_nine(matrix: np.ndarray, image: Image, points: np.ndarray) -> Nine:
    """Find the transform of nine parameters nearest to one of twelve, over some points.

    Parameters
    ----------
    matrix : ndarray of shape (4, 4)
        Scan's world → MNI152 world.
    image : Image
        The scan: its voxel axes are those of the scalings.
    points : ndarray of shape (n, 3)
        Of the brain, scan's world, mm.

    Returns
    -------
    Nine
        Least mean squared distance, by turns of an orthogonal Procrustes problem for the rotation
        (Schönemann 1966) and three linear equations for the scalings.
    """
    axes, centre = linalg.polar(image.affine[:3, :3] / image.voxel_mm)[0], points.mean(axis=0)
    axes[:, 0] *= np.linalg.det(axes)  # a left-handed grid scales along the same lines
    spread = np.cov((points - centre) @ axes, rowvar=False)
    linear = matrix[:3, :3] @ axes
    turn, scales = np.eye(3), np.ones(3)
    for _ in range(200):
        turn = linalg.polar(linear @ spread @ np.diag(scales))[0]
        scales = np.diag(spread @ linear.T @ turn) / np.diag(spread)
    return Nine(axes, turn, scales, centre, transform_points(matrix, centre[None])[0])


def refine(
    brain: Image, affine: np.ndarray, levels_mm: Sequence[int], source: Source
) -> np.ndarray:
    """Estimate the nine parameters of a stripped brain from a start of twelve.

    Parameters
    ----------
    brain : Image
        Zero outside the brain.
    affine : ndarray of shape (4, 4)
        ANTs' result, scan's world → MNI152 world.
    levels_mm : sequence of int
        Voxel sizes at which it is refined, coarse to fine.
    source : Source
        Which template.

    Returns
    -------
    ndarray of shape (4, 4)
        Scan's world → MNI152 world, RAS, mm.
    """
    coarse = shrink(brain, levels_mm[0])
    start = nearest_nine(affine, brain, grid_points(coarse, coarse.array > 0))
    change = np.zeros(9)
    for level in levels_mm:
        score = similarity(shrink(brain, level), start, level, source)
        options = {"maxiter": 60, "ftol": 1e-9, "gtol": 1e-7}
        change = optimize.minimize(score, change, method="L-BFGS-B", jac=True, options=options).x
    return start.matrix(change)


def similarity(
    moving: Image, start: Nine, level_mm: int, source: Source
) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
    """Return the function to minimise: normalised mutual information, with its sign turned.

    Intensities of the scan are shared between the two nearest bins, so that it is smooth. The
    function takes a change of nine parameters and returns its value and gradient.
    """
    template = brain_template(level_mm, source)
    keep = template.domain
    stride = max(1, int(keep.sum()) // MOST_POINTS)
    points = grid_points(template.anatomical, keep)[::stride]
    points = np.column_stack([points, np.ones(len(points))])
    fixed = _scaled(template.anatomical.array)[keep][::stride].round().astype(int)
    values, inverse = np.pad(_scaled(moving.array), 2), np.linalg.inv(moving.affine)

    def to_voxel(change: np.ndarray) -> np.ndarray:
        return (inverse @ np.linalg.inv(start.matrix(change)))[:3]

    def score(change: np.ndarray) -> tuple[float, np.ndarray]:
        sampled, slopes = _sampled(values, points @ to_voxel(change).T + 2)
        similar, per_sample = _normalised_mutual_information(fixed, sampled)
        whole = (per_sample[:, None] * slopes).T @ points  # of the matrix's twelve numbers
        steps = np.eye(9) * 1e-4
        chain = [(to_voxel(change + h) - to_voxel(change - h)) / 2e-4 for h in steps]
        return -similar, -np.array([(whole * part).sum() for part in chain])

    return score


def _sampled(values: np.ndarray, where: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Interpolate linearly; return values (n,) and their slopes (n, 3) per voxel.

    `values` is padded by two voxels of zeros, to which all that lies beyond is brought.
    """
    where = np.clip(where, 0, np.array(values.shape) - 1.001)
    low = np.floor(where)

    def at(points: np.ndarray) -> np.ndarray:
        return ndimage.map_coordinates(values, points.T, np.float64, order=1)

    # Between two voxels it rises by as much as from the one to the other.
    slopes = [
        at(np.where(axis, low + 1, where)) - at(np.where(axis, low, where))
        for axis in np.eye(3, dtype=bool)
    ]
    return at(where), np.column_stack(slopes)


def _scaled(array: np.ndarray) -> np.ndarray:
    """Scale to 0 .. BINS - 1 between zero and the 98th percentile of what is not dark."""
    bright = array[array > 0.05 * array.max()]
    top = np.percentile(bright, 98) if bright.size else 1.0
    return np.clip(array / top * (BINS - 1), 0, BINS - 1).astype(np.float32)


def _normalised_mutual_information(
    fixed: np.ndarray, moving: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return (H(f) + H(m)) / H(f, m), 1 to 2 (Studholme 1999), and its slope by each sample."""
    low = np.minimum(moving.astype(int), BINS - 2)
    above = moving - low
    cell = fixed * BINS + low
    joint = np.bincount(cell, 1 - above, BINS**2) + np.bincount(cell + 1, above, BINS**2)
    joint = joint.reshape(BINS, BINS) / len(moving)
    logs = [np.log(np.maximum(p, 1e-9)) for p in (joint.sum(1), joint.sum(0), joint)]
    of_fixed, of_moving, both = (
        -float((p * log).sum())
        for p, log in zip((joint.sum(1), joint.sum(0), joint), logs, strict=True)
    )
    alone = -np.diff(logs[1])[low] / len(moving)
    together = -np.diff(logs[2], axis=1)[fixed, low] / len(moving)
    slope = (alone * both - (of_fixed + of_moving) * together) / both**2
    return (of_fixed + of_moving) / both, slope

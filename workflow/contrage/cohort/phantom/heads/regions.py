"""Regions of the phantom's brain, in MNI space.

nilearn bundles no atlas. Deep nuclei, hippocampus, cerebellum, brain stem and ventricles are
ellipsoids and tubes in MNI coordinates (mm), intersected with the template's tissue probabilities;
the cortex is the remaining grey matter, cut into four lobes by planes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from contrage.cohort.phantom.heads.template import Grid, HeadTemplate

Point = tuple[float, float, float]

# (centre, radii); x is mirrored.
_ELLIPSOIDS: dict[str, list[tuple[Point, Point]]] = {
    "thalamus": [((11, -18, 7), (9, 13, 9))],
    "caudate": [((12, 15, 5), (6, 10, 10)), ((15, 0, 18), (4.5, 13, 6))],
    "putamen": [((26, 3, 1), (6.5, 16, 10)), ((29, -8, 3), (4, 10, 8))],
    "pallidum": [((19, -4, -1), (5, 9, 6))],
    "cerebellum": [((25, -62, -40), (29, 30, 24)), ((0, -62, -28), (16, 24, 26))],
}
# (points of a line, radius); x is mirrored.
_TUBES: dict[str, tuple[list[Point], float]] = {
    "hippocampus": ([(23, -10, -20), (27, -22, -15), (31, -33, -7)], 6.5),
    "brain_stem": ([(0, -17, -10), (0, -26, -28), (0, -34, -48), (0, -44, -74)], 14.0),
}
_LATERAL_VENTRICLE = (
    [
        (14, 33, 2),
        (10, 22, 9),
        (7, 6, 17),
        (9, -10, 22),
        (15, -25, 21),
        (23, -36, 16),
        (27, -46, 8),
        (26, -55, 4),
    ],
    9.0,
)
_CORTEX = ("frontal_cortex", "parietal_cortex", "temporal_cortex", "occipital_cortex")
NAMES = (
    "white_matter",
    *_CORTEX,
    *_ELLIPSOIDS,
    *_TUBES,
    "ventricles",
)


@dataclass(frozen=True)
class Regions:
    """Soft regions at 2 mm.

    Attributes
    ----------
    grid : Grid
        Every second voxel of the template, cut to the brain and a margin of at most 6 mm.
    brain : ndarray of bool
        Extent of the brain on `grid`.
    weights : dict of str to ndarray of shape (N,)
        Share of each region in each brain voxel; they sum to 1.
    """

    grid: Grid
    brain: np.ndarray
    weights: dict[str, np.ndarray]

    def labels(self) -> np.ndarray:
        """Give a number to the voxels of `grid` that belong to a region (above 0.6), from 1."""
        result = np.zeros(self.grid.shape, dtype=np.uint8)
        inside = np.zeros(int(self.brain.sum()), dtype=np.uint8)
        for number, weight in enumerate(self.weights.values(), start=1):
            inside[weight > 0.6] = number
        result[self.brain] = inside
        return result


def coarse(template: HeadTemplate, step: int = 2) -> Grid:
    """Return the grid of every `step`-th voxel of the template."""
    shape = tuple(-(-size // step) for size in template.grid.shape)
    return Grid(shape, template.grid.affine @ np.diag([step, step, step, 1.0]))  # type: ignore[arg-type]


def ellipsoid(points: np.ndarray, centre: Point, radii: Point) -> np.ndarray:
    """Return the approximate signed distance (mm) to an ellipsoid, negative inside."""
    scaled = sum(((points[k] - centre[k]) / radii[k]) ** 2 for k in range(3))
    return (np.sqrt(scaled) - 1) * min(radii)


def tube(points: np.ndarray, line: list[Point], radius: float) -> np.ndarray:
    """Return the signed distance (mm) to a tube around a broken line, negative inside."""
    distance = np.full(points.shape[1], np.inf, dtype=np.float32)
    for start, end in pairwise(line):
        a = np.array(start, dtype=np.float32)[:, None]
        ab = np.array(end, dtype=np.float32)[:, None] - a
        along = np.clip((ab * (points - a)).sum(0) / (ab**2).sum(), 0, 1)
        distance = np.minimum(distance, np.sqrt(((points - a - along * ab) ** 2).sum(0)))
    return distance - radius


def _mirrored(points: np.ndarray) -> np.ndarray:
    return np.stack([np.abs(points[0]), points[1], points[2]])


def _inside(distance: np.ndarray, width: float = 2.0) -> np.ndarray:
    return np.clip(0.5 - distance / width, 0, 1)


def lateral_ventricles(points: np.ndarray, fluid: np.ndarray) -> np.ndarray:
    """Return the lateral ventricles' probability at world points (3, N), given that of fluid."""
    right = _mirrored(points)
    # The tube also passes through the cistern above the tectum and the gap between the
    # hemispheres, neither of which is ventricle.
    cistern = (right[0] < 13) & (right[1] < -26)
    gap = (right[0] < 2) & (right[1] > 22)
    inside = _inside(tube(right, *_LATERAL_VENTRICLE))
    return np.where(cistern | gap, 0, inside * np.clip(1.6 * fluid - 0.3, 0, 1)).astype(np.float32)


def third_ventricle(points: np.ndarray, fluid: np.ndarray) -> np.ndarray:
    """Return the third ventricle's probability at world points (3, N), given that of fluid."""
    inside = _inside(ellipsoid(points, (0, -12, 0), (4, 16, 12)))
    return (inside * fluid).astype(np.float32)


def _lobes(points: np.ndarray) -> dict[str, np.ndarray]:
    """Cut the cortex into lobes by planes, 8 mm soft."""
    x, y, z = _mirrored(points)
    temporal = _inside(np.maximum(z - 0.35 * (-y) - 2, np.maximum(24 - x, y - 22)), 8)
    temporal = temporal * _inside(-72 - y, 8)
    occipital = _inside(y + 70 + 0.25 * (z - 10), 8) * (1 - temporal)
    # The central sulcus runs from (0, −30, 75) down and forward to (55, 0, 10).
    behind = _inside(y + 8 + 0.35 * (z - 20), 8)
    rest = 1 - temporal - occipital
    parietal, frontal = rest * behind, rest * (1 - behind)
    return dict(zip(_CORTEX, (frontal, parietal, temporal, occipital), strict=True))


def make_regions(template: HeadTemplate) -> Regions:
    """Build the soft regions on the template's 2 mm sub-grid.

    Parameters
    ----------
    template : HeadTemplate

    Returns
    -------
    Regions
    """
    whole, extent = coarse(template), template.brain[::2, ::2, ::2] > 0
    edges = [np.nonzero(extent.any(axis=axes))[0][[0, -1]] for axes in ((1, 2), (0, 2), (0, 1))]
    box = tuple(slice(max(a - 3, 0), b + 4) for a, b in edges)
    shift = np.eye(4)
    shift[:3, 3] = [part.start for part in box]
    brain = extent[box]
    grid = Grid(brain.shape, whole.affine @ shift)  # type: ignore[arg-type]
    points = grid.world(brain)
    grey, white = (
        array[::2, ::2, ::2][box][brain] / np.float32(255)
        for array in (template.grey, template.white)
    )
    fluid = np.clip(1 - grey - white, 0, 1)
    tissue = 1 - fluid
    right = _mirrored(points)
    weights: dict[str, np.ndarray] = {}
    weights["ventricles"] = np.clip(
        lateral_ventricles(points, fluid) + third_ventricle(points, fluid), 0, 1
    )
    left = 1 - weights["ventricles"]
    shapes = {
        name: np.minimum.reduce([ellipsoid(right, *part) for part in parts])
        for name, parts in _ELLIPSOIDS.items()
    } | {name: tube(right, *parts) for name, parts in _TUBES.items()}
    for name, distance in shapes.items():
        cut = 1 if name in ("cerebellum", "brain_stem") else tissue
        weights[name] = left * _inside(distance) * cut
        left = left - weights[name]
    weights["white_matter"] = left * white / np.maximum(grey + white + fluid, 1e-3)
    left = left - weights["white_matter"]
    for name, share in _lobes(points).items():
        weights[name] = left * share
    return Regions(grid, brain, weights)

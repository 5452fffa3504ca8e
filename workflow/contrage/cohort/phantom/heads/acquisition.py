"""How a participant lies in the scanner, and what the scanner does to the images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contrage.cohort.phantom.heads.template import Grid, apply, stretch
from contrage.settings.blocks.phantom import PhantomSettings


@dataclass(frozen=True)
class Protocol:
    """How a study stores its images: axis codes, voxel size relative to the settings', tilt.

    Attributes
    ----------
    t1_axes, map_axes : str
        Where each voxel axis points, as in nibabel.aff2axcodes.
    roll : int
        By how many places the three voxel sizes of the T1 are shifted along.
    scale : float
        Voxel size relative to the settings'.
    tilt : float
        Angle of the map's slab about the left-right axis, degrees.
    coverage : tuple of two floats
        Range of the covered part of the brain that most maps of the study fall into.
    """

    t1_axes: str
    map_axes: str
    roll: int
    scale: float
    tilt: float
    coverage: tuple[float, float]


# All maps are slabs of axial slices, so their last axis runs along the body.
PROTOCOLS = {
    "study1": Protocol("RAS", "LAS", 0, 1.0, 0.0, (0.92, 1.0)),
    "study2": Protocol("LPI", "RAS", 1, 0.95, -6.0, (0.95, 1.0)),
    "study3": Protocol("PIR", "LPS", 2, 1.05, 0.0, (0.90, 0.98)),
    "study4": Protocol("ASL", "LPI", 0, 1.02, 8.0, (0.90, 1.0)),
    "study5": Protocol("PSR", "RPS", 1, 0.98, 4.0, (0.88, 0.98)),
}


@dataclass(frozen=True)
class Pose:
    """World of the T1 = rigid · scaling · MNI152 world.

    Attributes
    ----------
    rigid : ndarray of shape (4, 4)
        Rotation and shift.
    scaling : ndarray of shape (4, 4)
        Size of this head along three axes, with a little shear.
    degrees, millimetres : tuple of three floats
        The rotations and shifts in `rigid`.
    """

    rigid: np.ndarray
    scaling: np.ndarray
    degrees: tuple[float, ...]
    millimetres: tuple[float, ...]

    @property
    def to_scanner(self) -> np.ndarray:
        """From MNI152 world to the T1's world."""
        return self.rigid @ self.scaling

    @property
    def to_template(self) -> np.ndarray:
        """From the T1's world to MNI152 world."""
        return np.linalg.inv(self.to_scanner)


def rotation(degrees: tuple[float, ...]) -> np.ndarray:
    """Return the 4×4 rotation about x, then y, then z."""
    result = np.eye(4)
    for axis, angle in enumerate(np.radians(degrees)):
        a, b = (axis + 1) % 3, (axis + 2) % 3
        turn = np.eye(4)
        turn[a, a] = turn[b, b] = np.cos(angle)
        turn[b, a], turn[a, b] = np.sin(angle), -np.sin(angle)
        result = turn @ result
    return result


def _bounded(rng: np.random.Generator, largest: float, share: float = 0.4) -> tuple[float, ...]:
    """Draw three normal numbers of SD share × largest, none beyond ±largest."""
    return tuple(float(x) for x in np.clip(rng.normal(0, share * largest, 3), -largest, largest))


def make_pose(sex: str, settings: PhantomSettings, rng: np.random.Generator) -> Pose:
    """Draw pose and head size.

    Parameters
    ----------
    sex : str
        F or M: women's heads are 3 % smaller along each axis, on average.
    settings : PhantomSettings
    rng : numpy.random.Generator

    Returns
    -------
    Pose
    """
    degrees = _bounded(rng, settings.pose_degrees)
    millimetres = _bounded(rng, settings.pose_mm)
    spread = settings.between_subject
    size = rng.normal(0.015 if sex == "M" else -0.015, 0.02 * spread)
    axes = 1 + np.clip(size + rng.normal(0, 0.015 * spread, 3), -0.08, 0.08)
    scaling = np.diag([*axes, 1.0])
    scaling[0, 1], scaling[0, 2], scaling[1, 2] = np.clip(
        rng.normal(0, 0.008 * spread, 3), -0.02, 0.02
    )
    rigid = rotation(degrees)
    rigid[:3, 3] = millimetres
    return Pose(rigid, scaling, degrees, millimetres)


def residual_pose(rng: np.random.Generator) -> np.ndarray:
    """Return the small movement between T1 and map: below 1 mm in a head."""
    small = rotation(_bounded(rng, 0.25))
    small[:3, 3] = _bounded(rng, 0.35)
    return small


def grid_around(
    points: np.ndarray, axes: str, voxel: tuple[float, ...], margin: float, tilt: float = 0.0
) -> Grid:
    """Lay an image grid around world points.

    Parameters
    ----------
    points : ndarray of shape (3, N)
        World coordinates, mm.
    axes : str
        Where each voxel axis points, three of R/L, A/P, S/I.
    voxel : tuple of three floats
        Voxel size along each voxel axis, mm.
    margin : float
        Room left on every side, mm.
    tilt : float
        Rotation of the whole grid about the left-right axis, degrees.

    Returns
    -------
    Grid
    """
    turn = rotation((tilt, 0.0, 0.0))
    local = apply(np.linalg.inv(turn), points)
    lower, upper = local.min(axis=1) - margin, local.max(axis=1) + margin
    affine = np.eye(4)
    shape = []
    affine[:3, :3] = 0
    affine[:3, 3] = lower
    for column, (code, size) in enumerate(zip(axes, voxel, strict=True)):
        row = next(k for k, pair in enumerate(("RL", "AP", "SI")) if code in pair)
        forward = code in "RAS"
        affine[row, column] = size if forward else -size
        affine[row, 3] = lower[row] if forward else upper[row]
        shape.append(int(np.ceil((upper[row] - lower[row]) / size)) + 1)
    return Grid(tuple(shape), turn @ affine)  # type: ignore[arg-type]


def bias_field(grid: Grid, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Return a smooth multiplicative field within 1 ± strength, float32.

    Waves of 250 mm and longer, as a receive coil's sensitivity has; the largest departure from 1
    is drawn between 70 % and all of `strength`.
    """
    small = tuple(max(-(-size // 4), 4) for size in grid.shape)
    step = [(n - 1) / (m - 1) for n, m in zip(grid.shape, small, strict=True)]
    coarse = Grid(small, grid.affine @ np.diag([*step, 1.0]))
    points = coarse.world().astype(np.float64)
    points = points - points.mean(axis=1, keepdims=True)
    field = np.zeros(points.shape[1])
    for _ in range(5):
        direction = rng.normal(size=3)
        direction /= np.linalg.norm(direction)
        wavelength, phase = rng.uniform(250, 500), rng.uniform(0, 2 * np.pi)
        field += rng.uniform(0.5, 1) * np.sin(2 * np.pi * direction @ points / wavelength + phase)
    field -= (field.max() + field.min()) / 2
    field *= strength * rng.uniform(0.7, 1) / np.abs(field).max()
    full = stretch((1 + field).reshape(small).astype(np.float32), grid.shape)
    # Steps of 1/2048 are far below anything measurable and halve the file.
    return np.round(full * 2048) / np.float32(2048)


def rician(image: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Return the magnitude of an image with complex Gaussian noise of SD sigma."""
    real = image + sigma * rng.standard_normal(image.shape, dtype=np.float32)
    imaginary = sigma * rng.standard_normal(image.shape, dtype=np.float32)
    return np.sqrt(real**2 + imaginary**2)


def wanted_coverage(site: str, smallest: float, rng: np.random.Generator) -> float:
    """Draw the part of the brain that a map covers: most above 0.9, one in eight below."""
    low, high = PROTOCOLS[site].coverage
    value = (
        rng.uniform(min(smallest, 0.9), 0.9)
        if rng.random() < 0.12
        else low + (high - low) * rng.beta(2, 1)
    )
    return float(max(value, smallest))


def slab(brain: np.ndarray, coverage: float, rng: np.random.Generator) -> tuple[int, int]:
    """Choose the slices of a map so that they hold about a share of the brain's voxels.

    Parameters
    ----------
    brain : ndarray of bool, shape (X, Y, Z)
        Slices along the last axis, in either direction.
    coverage : float
        The share wanted.
    rng : numpy.random.Generator
        Decides how the missing part is divided between the two ends.

    Returns
    -------
    first, last : int
        Slices first to last − 1 are kept; they hold at least the share wanted.
    """
    count = np.cumsum(brain.sum(axis=(0, 1))) / brain.sum()
    at_start = (1 - coverage) * rng.beta(1.2, 1.2)
    first = int(np.searchsorted(count, at_start, side="right"))
    before = count[first - 1] if first else 0.0
    last = int(np.searchsorted(count, min(before + coverage, count[-1]))) + 1
    return first, min(last, brain.shape[2])

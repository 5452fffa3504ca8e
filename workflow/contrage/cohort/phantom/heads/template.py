"""The anatomy that the phantom starts from: nilearn's bundled MNI152 images at 1 mm.

The files are opened with nibabel where nilearn's package lies: importing nilearn.datasets would
take longer than the rest of a participant.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from scipy import ndimage

# Intensities of the bundled T1 (0-255) in pure tissue.
WHITE, GREY, CSF = 223.0, 165.0, 64.0


@dataclass(frozen=True)
class Grid:
    """A box of voxels: its shape, and the affine from voxel indices to world mm (RAS)."""

    shape: tuple[int, int, int]
    affine: np.ndarray

    def world(self, where: np.ndarray | None = None) -> np.ndarray:
        """Return the world coordinates (3, N) of all voxels, or of those where a mask is true."""
        index = np.indices(self.shape).reshape(3, -1) if where is None else np.nonzero(where)
        return apply(self.affine, np.asarray(index, dtype=np.float32))

    def voxel_volume(self) -> float:
        """Return the volume of a voxel in mm³."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))


def apply(affine: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Apply a 4×4 affine to points of shape (3, N)."""
    linear = affine[:3, :3].astype(points.dtype)
    return linear @ points + affine[:3, 3:].astype(points.dtype)


def box_grid(lower: tuple[float, ...], upper: tuple[float, ...], step: float) -> Grid:
    """Return a grid of `step` mm voxels over the box between two corners, axes along RAS."""
    shape = tuple(int((b - a) // step) + 1 for a, b in zip(lower, upper, strict=True))
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = lower
    return Grid(shape, affine)  # type: ignore[arg-type]


@dataclass(frozen=True)
class HeadTemplate:
    """MNI152 T1, grey and white matter (uint8, 0-255, 1 mm), and the brain's extent (0 or 255)."""

    grid: Grid
    t1: np.ndarray
    grey: np.ndarray
    white: np.ndarray
    brain: np.ndarray


def load_template() -> HeadTemplate:
    """Load nilearn's MNI152 template, ICBM 2009a symmetric, with its tissue probabilities."""
    import nibabel as nib

    package = find_spec("nilearn")
    assert package is not None and package.origin is not None
    folder = Path(package.origin).parent / "datasets" / "data"
    names = [f"mni_icbm152_{kind}_tal_nlin_sym_09a_converted.nii.gz" for kind in ("t1", "gm", "wm")]
    images = [nib.load(folder / name) for name in names]
    t1, grey, white = (np.asanyarray(image.dataobj) for image in images)
    brain = np.where(t1 > 0, np.uint8(255), np.uint8(0))
    return HeadTemplate(Grid(t1.shape, images[0].affine), t1, grey, white, brain)


def sample(array: np.ndarray, grid: Grid, points: np.ndarray, mode: str = "constant") -> np.ndarray:
    """Interpolate an array linearly at world points (3, N), as float32.

    Outside the grid values are 0, or with mode "nearest" those of the border.
    """
    index = apply(np.linalg.inv(grid.affine), points)
    return ndimage.map_coordinates(
        array, index, order=1, output=np.float32, mode=mode, prefilter=False
    )


def sample_labels(labels: np.ndarray, grid: Grid, points: np.ndarray) -> np.ndarray:
    """Look up the nearest voxel's label at world points (3, N); 0 outside the grid."""
    index = apply(np.linalg.inv(grid.affine), points)
    return ndimage.map_coordinates(labels, index, order=0, prefilter=False)


def resample(
    array: np.ndarray, grid: Grid, target: Grid, transform: np.ndarray, mode: str = "constant"
) -> np.ndarray:
    """Interpolate an array at every voxel of another grid.

    Parameters
    ----------
    array : ndarray
        On `grid`.
    target : Grid
        Where values are wanted.
    transform : ndarray of shape (4, 4)
        From the target's world to the array's.
    mode : str
        What lies outside the array: "constant" for 0, "nearest" for its border.

    Returns
    -------
    ndarray of shape target.shape
        float32.
    """
    matrix = np.linalg.inv(grid.affine) @ transform @ target.affine
    return ndimage.affine_transform(
        array,
        matrix[:3, :3],
        matrix[:3, 3],
        output_shape=target.shape,
        order=1,
        output=np.float32,
        mode=mode,
        prefilter=False,
    )


def smooth_noise(shape: tuple[int, ...], sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Return Gaussian noise smoothed over `sigma` voxels, with mean 0 and SD 1 (float32)."""
    field = rng.standard_normal(shape, dtype=np.float32)
    field = ndimage.gaussian_filter(field, sigma, mode="wrap", truncate=3)
    return (field - field.mean()) / field.std()


def stretch(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Interpolate an array linearly to a larger shape, corners on corners; axis by axis: fast."""
    for axis, size in enumerate(shape):
        place = np.linspace(0, array.shape[axis] - 1, size)
        low = np.minimum(place.astype(int), array.shape[axis] - 2)
        share = (
            (place - low).astype(array.dtype).reshape([-1 if k == axis else 1 for k in range(3)])
        )
        array = array.take(low, axis) * (1 - share) + array.take(low + 1, axis) * share
    return array

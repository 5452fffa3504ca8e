"""ANTs fed from memory: images and transforms there and back."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from contrage.imaging.affines import LPS, read_affine, write_affine
from contrage.imaging.ants.calls import call
from contrage.imaging.images import Image

INTERPOLATORS = {
    "linear": "linear",
    "nearest": "nearestNeighbor",
    "bspline": "bSpline",
    "lanczos": "lanczosWindowedSinc",
}
"""Our names of interpolations, and ANTs'."""


def to_ants(image: Image):
    """Copy an image into ANTs (LPS world)."""
    import ants

    matrix = LPS @ image.affine
    spacing = image.voxel_mm
    return ants.from_numpy(
        np.ascontiguousarray(image.array, dtype=np.float32),
        origin=matrix[:3, 3].tolist(),
        spacing=spacing.tolist(),
        direction=_orthogonal(matrix[:3, :3] / spacing),
    )


def _orthogonal(direction: np.ndarray) -> np.ndarray:
    """Nearest rotation (ITK refuses directions that rounding has bent)."""
    u, _, v = np.linalg.svd(direction)
    return u @ v


def register(
    fixed: Image,
    moving: Image,
    arguments: dict[str, Any],
    initial: np.ndarray,
    mask: np.ndarray | None = None,
) -> np.ndarray:
    """Estimate a linear transform with ANTs.

    Parameters
    ----------
    fixed, moving : Image
        Intensities.
    arguments : dict
        `type_of_transform` and further arguments of ants.registration.
    initial : ndarray of shape (4, 4)
        Moving → fixed world to start from.
    mask : ndarray, optional
        Where the metric is computed, on the fixed grid.

    Returns
    -------
    ndarray of shape (4, 4)
        Moving → fixed world, RAS, mm.

    Raises
    ------
    RuntimeError
        ANTs failed, or what it found is singular or not finite.
    """
    with tempfile.TemporaryDirectory(prefix="contrage-") as folder:
        start = Path(folder) / "start.mat"
        write_affine(start, initial)
        result = _registration(fixed, moving, arguments, [str(start)], mask, folder)
        try:
            found = read_affine(Path(result["fwdtransforms"][0]))
        except np.linalg.LinAlgError:
            found = np.full((4, 4), np.nan)
    if not np.isfinite(found).all():
        raise RuntimeError("ANTs ended without a usable transform")
    return found


def warp_register(
    fixed: Image,
    moving: Image,
    arguments: dict[str, Any],
    initial: np.ndarray,
    folder: Path,
    mask: np.ndarray | None = None,
) -> dict:
    """Estimate a deformation after a given linear transform; its files stay in `folder`.

    Returns
    -------
    dict
        `forward` (bring moving onto fixed) and `inverse` (bring fixed onto moving): lists of
        transform files as ants.apply_transforms wants them, and `whichtoinvert` of each.
    """
    start = Path(folder) / "start.mat"
    write_affine(start, initial)
    result = _registration(fixed, moving, arguments, [str(start)], mask, str(folder))
    warp = next(name for name in result["fwdtransforms"] if name.endswith("Warp.nii.gz"))
    inverse = next(n for n in result["invtransforms"] if n.endswith("InverseWarp.nii.gz"))
    return {
        "forward": ([warp, str(start)], [False, False]),
        "inverse": ([str(start), inverse], [True, False]),
        "affine": start,
        "warp": Path(warp),
    }


def _registration(fixed, moving, arguments, initial, mask, folder) -> dict:
    import ants

    return call(
        ants.registration,
        to_ants(fixed),
        to_ants(moving),
        initial_transform=initial,
        mask=None if mask is None else to_ants(fixed.with_array(mask)),
        mask_all_stages=mask is not None,
        outprefix=f"{folder}/out",
        # ANTs tells several levels from one by the type: a list (as JSON has it) will not do.
        **{key: tuple(v) if isinstance(v, list) else v for key, v in arguments.items()},
    )


def warp_apply(
    image: Image, grid: Image, transforms: tuple[list, list], interpolation: str = "linear"
) -> np.ndarray:
    """Bring an image onto a grid through transform files, composed: one interpolation.

    Parameters
    ----------
    image, grid : Image
        What is brought, and onto which voxels.
    transforms : tuple of two lists
        Files and inversion flags, as ants.apply_transforms wants them.
    interpolation : str
        A key of `INTERPOLATORS`.

    Returns
    -------
    ndarray of the grid's shape
        float32, zero outside the image.
    """
    import ants

    names, inverted = transforms
    result = call(
        ants.apply_transforms,
        to_ants(grid),
        to_ants(image),
        names,
        INTERPOLATORS[interpolation],
        whichtoinvert=inverted,
        singleprecision=True,
    )
    return result.numpy().astype(np.float32)


def affine_apply(image: Image, grid: Image, affine: np.ndarray, interpolation: str) -> np.ndarray:
    """Bring an image onto a grid through an affine (image world → grid world); as `warp_apply`."""
    with tempfile.TemporaryDirectory(prefix="contrage-") as folder:
        path = Path(folder) / "affine.mat"
        write_affine(path, affine)
        return warp_apply(image, grid, ([str(path)], [False]), interpolation)

"""Affine transforms on disk as ITK writes them (.mat), in memory as 4 × 4 matrices in RAS mm.

ITK counts world coordinates as LPS, and its transform files map points of the FIXED image to
points of the MOVING one. A file named from-T1w_to-MNI152 therefore holds MNI152 → T1w points
(that is what resamples a T1w onto MNI152); `read_affine` returns it the way the name says.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import io
from scipy.spatial.transform import Rotation

from contrage.files import atomic, reading

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
KEY = "AffineTransform_double_3_3"


def read_affine(path: Path) -> np.ndarray:
    """Read an ITK affine as the map of moving (T1w) to fixed (MNI152) world coordinates.

    Parameters
    ----------
    path : Path
        A .mat file of ITK's AffineTransform or of another type with 12 parameters.

    Returns
    -------
    ndarray of shape (4, 4)
        RAS, mm.
    """
    with reading(path):
        content = io.loadmat(path)
        key = next(name for name in content if not name.startswith("__") and name != "fixed")
        parameters, centre = content[key].ravel(), content["fixed"].ravel()
    linear, translation = parameters[:9].reshape(3, 3), parameters[9:12]
    points = np.eye(4)
    points[:3, :3] = linear
    points[:3, 3] = translation + centre - linear @ centre
    return np.linalg.inv(LPS @ points @ LPS)


def write_affine(path: Path, moving_to_fixed: np.ndarray) -> None:
    """Write a world map moving → fixed (4 × 4, RAS, mm) as an ITK affine."""
    points = LPS @ np.linalg.inv(moving_to_fixed) @ LPS
    parameters = np.concatenate([points[:3, :3].ravel(), points[:3, 3]])[:, None]
    content = {KEY: parameters, "fixed": np.zeros((3, 1))}
    with atomic(path) as temporary:
        io.savemat(temporary, content, format="4")


def rotation(pitch: float, roll: float, yaw: float) -> np.ndarray:
    """Rotation about x, then y, then z, in radians; shape (3, 3)."""
    return Rotation.from_euler("xyz", (pitch, roll, yaw)).as_matrix()


def affine_through(linear: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return the affine (4, 4) with a linear part (3, 3) that takes one point (3,) to another."""
    matrix = np.eye(4)
    matrix[:3, :3] = linear
    matrix[:3, 3] = end - matrix[:3, :3] @ start
    return matrix

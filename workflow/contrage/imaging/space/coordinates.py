"""Whether what a header says of an image's place can be taken at its word."""

from __future__ import annotations

from itertools import combinations, product

import nibabel as nib
import numpy as np

LARGEST_SHEAR = 0.2
"""Degrees from right angles: 0.7 mm over a head. Rounding in a header gives hundredths."""
LARGEST_SHIFT_MM = 2.0


def shear_degrees(affine: np.ndarray) -> float:
    """Return by how many degrees the axes of an image depart from right angles, at most."""
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    cosines = [abs(float(axes[:, i] @ axes[:, j])) for i, j in combinations(range(3), 2)]
    return float(np.rad2deg(np.arcsin(min(1.0, max(cosines)))))


def sheared(affine: np.ndarray) -> str | None:
    """Say that an image's axes are not at right angles, None where they are."""
    degrees = shear_degrees(affine)
    if degrees <= LARGEST_SHEAR:
        return None
    return (
        f"has a sheared affine (its axes are {degrees:.1f} degrees from right angles), which "
        "ANTs and ITK cannot hold; resample it onto a grid with right angles"
    )


def contradiction(nifti: nib.Nifti1Image) -> tuple[str | None, str | None]:
    """Compare the two places that a header may state, sform and qform, where both are stated.

    Returns
    -------
    (problem, warning)
        A problem where one mirrors the other: left and right are unknown then. A warning where
        corners of the grid are further apart than a voxel, and 2 mm.
    """
    header = nifti.header
    if not (int(header["sform_code"]) > 0 and int(header["qform_code"]) > 0):
        return None, None
    sform = np.asarray(header.get_sform(), dtype=float)
    try:
        qform = np.asarray(header.get_qform(), dtype=float)
    except (nib.spatialimages.HeaderDataError, ValueError):
        return None, "has a broken qform; its sform is taken"
    if not np.isfinite(qform).all() or np.linalg.matrix_rank(qform[:3, :3]) < 3:
        return None, "has a broken qform; its sform is taken"
    if np.linalg.det(sform[:3, :3]) * np.linalg.det(qform[:3, :3]) < 0:
        return _mirrored(sform, qform), None
    apart = _corners_apart(sform, qform, nifti.shape[:3])
    edges = np.linalg.norm(sform[:3, :3], axis=0)
    if apart <= max(LARGEST_SHIFT_MM, float(edges.max())):
        return None, None
    return None, (
        f"has an sform and a qform that place it differently, up to {apart:.0f} mm apart; the "
        "sform is taken"
    )


def _mirrored(sform: np.ndarray, qform: np.ndarray) -> str:
    said = {"sform": nib.aff2axcodes(sform), "qform": nib.aff2axcodes(qform)}
    differ = [k for k in range(3) if said["sform"][k] != said["qform"][k]]
    words = [f"{name} says {''.join(codes[k] for k in differ)}" for name, codes in said.items()]
    return (
        f"has an sform and a qform that mirror each other ({', '.join(words)}): left and right are "
        "unknown; convert it again, or set both from the one that is right"
    )


def _corners_apart(one: np.ndarray, other: np.ndarray, shape: tuple[int, ...]) -> float:
    """Return the largest distance in mm between where two affines put a corner of a grid."""
    corners = np.array([[*corner, 1] for corner in product(*((0, n - 1) for n in shape))])
    return float(np.linalg.norm((corners @ (one - other).T)[:, :3], axis=1).max())

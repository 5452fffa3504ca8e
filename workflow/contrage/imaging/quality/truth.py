"""What is known of a phantom, and how far preprocessing is from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contrage.imaging.images import Image, grid_points, resample, transform_points
from contrage.imaging.masks import dice
from contrage.imaging.quality.native import Scanned
from contrage.imaging.template.grids import mni_template
from contrage.imaging.template.source import Source


@dataclass(frozen=True)
class Truth:
    """What is known of a phantom; None where it is not.

    Attributes
    ----------
    mask, coverage, bias : Image or None
        The brain and what the map covers (bool), the bias field.
    affine : ndarray of shape (4, 4) or None
        Scan world → MNI152 world.
    """

    mask: Image | None
    coverage: Image | None
    bias: Image | None
    affine: np.ndarray | None


def against_truth(truth: Truth, coverage: float, scanned: Scanned, source: Source) -> dict:
    """Compare mask, transform and coverage with what a phantom knows.

    Returns
    -------
    dict
        `mask_dice` on the native grid; `transform_error_mm`, mean distance over brain voxels
        between where the estimated and the true affine put them; `coverage_error`, measured
        minus true share of the template covered. None where it cannot be known.
    """
    result = dict.fromkeys(("mask_dice", "transform_error_mm", "coverage_error"))
    if truth.mask is not None and scanned.mask is not None:
        result["mask_dice"] = dice(scanned.mask.array, truth.mask.array)
    brain = truth.mask or scanned.mask
    if truth.affine is not None and scanned.affine is not None and brain is not None:
        points = grid_points(brain, brain.array)[::11]
        there = transform_points(truth.affine, points)
        found = transform_points(scanned.affine, points)
        result["transform_error_mm"] = float(np.linalg.norm(found - there, axis=1).mean())
    if truth.affine is not None and truth.coverage is not None:
        template = mni_template(2, source)
        there = resample(truth.coverage, template.anatomical, np.linalg.inv(truth.affine)) > 0.5
        share = float((there & template.brain).sum() / template.brain.sum())
        result["coverage_error"] = coverage - share
    return result


def bias_residual(truth: Truth, scanned: Scanned) -> float | None:
    """Return the spread of estimated over true bias field inside the brain.

    The estimate is the raw image over the corrected one.

    Returns
    -------
    float or None
        Standard deviation of the ratio, scaled to mean 1; None where it cannot be known.
    """
    raw, after, field = scanned.anatomical, scanned.corrected, truth.bias
    if raw is None or after is None or field is None or scanned.mask is None:
        return None
    if not raw.array.shape == after.array.shape == field.array.shape:
        return None
    keep = scanned.mask.array & (after.array > 0) & (field.array > 0)
    if truth.mask is not None:
        keep &= truth.mask.array
    if not keep.any():
        return None
    ratio = raw.array[keep] / after.array[keep] / field.array[keep]
    return float(ratio.std() / ratio.mean())

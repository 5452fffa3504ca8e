"""Skull stripping with the template alone: pose, affine, the template's mask carried back."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from contrage.imaging.ants.bridge import register, warp_apply, warp_register
from contrage.imaging.images import Image, resample, shrink
from contrage.imaging.skull_strip._result import Stripped
from contrage.imaging.space.pose import find_pose
from contrage.imaging.template.grids import brain_template
from contrage.imaging.template.source import Source
from contrage.settings.steps.imaging import AntsSettings, StripFit

POSE_MM, MASK_MM = 8, 2


def template_mask(head: Image, quality: StripFit, source: Source) -> Stripped:
    """Place the template's brain in a head.

    A coarse exhaustive search finds the pose, ANTs a 12-parameter affine from there; both
    look only at the template's brain and a dark rim around it, so that neck, face and scalp
    have no say. Already stripped brains work as well. With a part `refine`, a
    smooth deformation (SyN) then follows the outline of this one brain; the affine stays, and
    registration starts from it.

    Parameters
    ----------
    head : Image
        T1-like contrast, any orientation and voxel size.
    quality : StripFit
    source : Source
        Which template.

    Returns
    -------
    Stripped
        With the affine, from which registration starts.
    """
    settings = quality.pose
    step = settings.template_mm
    small = shrink(head, step)
    pose, _ = find_pose(small, brain_template(POSE_MM, source))
    template = brain_template(step, source)
    ants_settings = {"type_of_transform": "Affine", **settings.ants}
    pose = register(template.anatomical, small, ants_settings, pose, template.domain)
    fine = brain_template(MASK_MM, source)
    brain = fine.anatomical.with_array(fine.mask)
    if quality.refine is not None:
        return Stripped(_refined(head, brain, pose, quality.refine, source), pose)
    return Stripped(resample(brain, head, pose) > 0.5, pose)


def _refined(
    head: Image, brain: Image, pose: np.ndarray, settings: AntsSettings, source: Source
) -> np.ndarray:
    """Deform the template's brain onto the head's and carry it back in one interpolation."""
    template = brain_template(settings.template_mm, source)
    small = shrink(head, settings.template_mm)
    with tempfile.TemporaryDirectory(prefix="contrage-") as folder:
        found = warp_register(
            template.anatomical, small, settings.ants, pose, Path(folder), template.domain
        )
        return warp_apply(brain, head, found["inverse"]) > 0.5

"""Skull stripping with the template alone: pose, affine, the template's mask carried back."""

from __future__ import annotations

import numpy as np

from contrage.imaging.ants_bridge import register
from contrage.imaging.images import Image, resample, shrink
from contrage.imaging.pose import find_pose
from contrage.imaging.strip import Stripped
from contrage.imaging.template import brain_template
from contrage.imaging.template_source import NILEARN, Source

POSE_MM = 8


def template_mask(head: Image, quality: dict, source: Source = NILEARN) -> Stripped:
    """Place the template's brain in a head.

    A coarse exhaustive search finds the pose, ANTs a 12-parameter affine from there; both
    look only at the template's brain and a dark rim around it, so that neck, face and scalp
    have no say. Already stripped brains work as well.

    Parameters
    ----------
    head : Image
        T1-like contrast, any orientation and voxel size.
    quality : dict
        A registration quality; its part `pose` is used.
    source : Source
        Which template.

    Returns
    -------
    Stripped
        With the affine, from which registration starts.
    """
    settings = quality["pose"]
    step = settings["template_mm"]
    small = shrink(head, step)
    pose, _ = find_pose(small, brain_template(POSE_MM, source))
    template = brain_template(step, source)
    ants_settings = {"type_of_transform": "Affine", **settings["ants"]}
    pose = register(template.anatomical, small, ants_settings, pose, template.domain)
    return Stripped(_carried_back(head, pose, source), pose)


def _carried_back(head: Image, pose: np.ndarray, source: Source) -> np.ndarray:
    fine = brain_template(2, source)
    return resample(fine.anatomical.with_array(fine.mask), head, pose) > 0.5

"""Whether images are what is stated of them: stripped, or in MNI152 space, already.

The limits were chosen on the 102 public MRE134 maps, brain-only and in MNI152 space with
partial coverage, and on moved and mirrored copies of them. They are wide: they refuse what is
clearly not as stated, and leave it to the quality step to judge how well an image is placed.
"""

from __future__ import annotations

import numpy as np

from contrage.imaging.images import Image, resample
from contrage.imaging.masks import BRAIN_LITRES, dice, litres
from contrage.imaging.template.grids import mni_grid, mni_template
from contrage.imaging.template.source import Source
from contrage.settings.steps.imaging import StatedSettings

LEAST_ZERO = 0.05
"""Of the voxels; the maps have 0.76 and more, a brain cut to its bounding box about 0.4."""
LEAST_ZERO_AT_BORDER = 0.5
"""Of the voxels on the faces of the volume; the maps have 0.996 and more."""
LEAST_DICE = 0.5
"""With the template's brain: a third of it, in its place. The maps have 0.77 and more."""
LEAST_INSIDE = 0.9
"""Of what is not zero, inside the template's brain. The maps have 0.967 and more, and between
0.73 and 0.93 when 20 mm too low (median 0.86), 0.80 to 0.87 when 20 mm to the side."""
LARGEST_ANGLE = 2.0
"""Degrees between an image's axes and MNI152's: a header's rounding has hundredths."""
VOXEL_MM = (0.4, 10.0)
ADVICE_STRIP = "choose another preprocessing.skull_strip.method than 'none'"
ADVICE_SPACE = "choose another preprocessing.registration.transform than 'none'"


def stated_problems(image: Image, stated: StatedSettings, source: Source) -> list[str]:
    """Compare an image as it was read with what is stated of it.

    Parameters
    ----------
    image : Image
        The image that is stripped and registered: the anatomical one, else the map.
    stated : StatedSettings
    source : Source
        The template.

    Returns
    -------
    list of str
        What is wrong, and what to do; empty where all is as stated.
    """
    problems = []
    if stated.stripped:
        problems += not_stripped(image)
    if stated.in_mni:
        problems += not_axes_of_mni(image)
        if stated.stripped and not problems:
            problems += not_in_place(image, source)
    return problems


def not_stripped(image: Image) -> list[str]:
    """Say why an image is no brain on a background of zeros, in a list of none or one."""
    zero = image.array == 0
    border = zero[_faces(zero.shape)]
    if zero.mean() < LEAST_ZERO or border.mean() < LEAST_ZERO_AT_BORDER:
        constant = _background(image)
        if constant is not None:
            return [
                f"is stated to be stripped, but its background is {constant:g}, not 0; set it to 0"
            ]
        return [
            f"is stated to be stripped, but {zero.mean():.0%} of its voxels are 0, and "
            f"{border.mean():.0%} of those on the faces of the volume; {ADVICE_STRIP}"
        ]
    volume = litres(~zero, image)  # the maps have 1.2 to 1.8
    if not BRAIN_LITRES[0] <= volume <= BRAIN_LITRES[1]:
        return [
            f"is stated to be stripped, but what is not 0 has {volume:.2f} litres, and a brain "
            f"{BRAIN_LITRES[0]} to {BRAIN_LITRES[1]}; {ADVICE_STRIP}, or look at the image"
        ]
    return []


def not_axes_of_mni(image: Image) -> list[str]:
    """Say why a grid is none that an image in MNI152 space has, in a list of none or one."""
    axes = image.affine[:3, :3] / image.voxel_mm
    nearest = np.abs(axes).argmax(axis=0)
    if len(set(nearest)) < 3:
        return [
            f"is stated to be in MNI152 space, but its axes are not at right angles; {ADVICE_SPACE}"
        ]
    cosines = np.abs(axes[nearest, range(3)])
    degrees = float(np.rad2deg(np.arccos(np.clip(cosines.min(), 0, 1))))
    if degrees > LARGEST_ANGLE:
        return [
            f"is stated to be in MNI152 space, but its axes are turned by {degrees:.1f} degrees; "
            f"{ADVICE_SPACE}"
        ]
    low, high = image.voxel_mm.min(), image.voxel_mm.max()
    if low < VOXEL_MM[0] or high > VOXEL_MM[1]:
        return [f"is stated to be in MNI152 space, but has voxels of {low:.2g} to {high:.2g} mm"]
    return []


def not_in_place(brain: Image, source: Source) -> list[str]:
    """Say why a brain, zero outside, does not lie where the template's does, in a list.

    Partial coverage is no fault: what there is must lie inside the template's brain.
    """
    grid, template = mni_grid(), mni_template(2, source).brain
    present = brain.array != 0
    if not brain.same_grid(grid):
        present = resample(brain.with_array(present.astype(np.float32)), grid) > 0.5
    if not brain.array.any():  # zeros lie nowhere: others have a better word for them
        return []
    overlap = dice(present, template)
    inside = float((present & template).sum()) / max(1, present.sum())
    if overlap >= LEAST_DICE and inside >= LEAST_INSIDE:
        return []
    return [
        f"is stated to be in MNI152 space, but {inside:.0%} of it lies inside the template's "
        f"brain (at least {LEAST_INSIDE:.0%}), and their Dice overlap is {overlap:.2f} (at least "
        f"{LEAST_DICE}); {ADVICE_SPACE}"
    ]


def _faces(shape: tuple[int, ...]) -> np.ndarray:
    """Mark the outermost voxels of a volume."""
    faces = np.ones(shape, bool)
    faces[1:-1, 1:-1, 1:-1] = False
    return faces


def _background(image: Image) -> float | None:
    """Return the value, not 0, that most voxels on the faces share; None where there is none."""
    values, counts = np.unique(image.array[_faces(image.array.shape)], return_counts=True)
    most = counts.argmax()
    return float(values[most]) if values[most] != 0 and counts[most] > counts.sum() / 2 else None

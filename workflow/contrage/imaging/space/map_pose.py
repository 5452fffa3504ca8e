"""Where the maps of a session lie against its anatomical image, through the MRE magnitude.

Maps and magnitude share their voxels. Mostly they share the scanner's coordinates with the T1 as
well; where the head moved in between, the magnitude is registered to the T1, which its contrast
allows and a map's does not.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import ndimage

from contrage.errors import BadScanError
from contrage.imaging.images import Image, shrink
from contrage.imaging.space.alignment import movement
from contrage.settings.steps.imaging import AntsSettings

FARTHEST_MM, LARGEST_DEGREES = 40.0, 40.0
"""No head moves farther between two series of a session."""
RIM = 2
"""Voxels around the brain that may have a say: enough for its edge, too few for the scalp."""


def magnitude_to_anatomical(
    magnitude: Image, brain: Image, settings: AntsSettings, path: Path
) -> np.ndarray:
    """Register an MRE magnitude image to the brain of its session, rigidly.

    Parameters
    ----------
    magnitude : Image
        In the scanner's coordinates, from which the search starts.
    brain : Image
        Stripped anatomical image, zero outside.
    settings : AntsSettings
        Part `linear` of a registration quality.
    path : Path
        The magnitude's file, for errors.

    Returns
    -------
    ndarray of shape (4, 4)
        Magnitude world → anatomical world, RAS, mm.

    Raises
    ------
    BadScanError
        It ends farther away than a head can move between two series.
    """
    from contrage.imaging.ants.bridge import register

    fixed = shrink(brain, settings.template_mm)
    moving = shrink(magnitude, settings.template_mm)
    domain = ndimage.binary_dilation(fixed.array > 0, iterations=RIM).astype(np.float32)
    found = register(
        fixed, moving, {"type_of_transform": "Rigid", **settings.ants}, np.eye(4), domain
    )
    shift, degrees = movement(found, magnitude)
    if shift > FARTHEST_MM or degrees > LARGEST_DEGREES:
        raise BadScanError(
            path,
            f"cannot be registered to the anatomical image: it would move by {shift:.0f} mm and "
            f"{degrees:.0f} degrees; are they of one session?",
        )
    return found

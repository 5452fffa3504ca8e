"""The map of where the model looks, as the page draws it."""

from __future__ import annotations

from pathlib import Path

from contrage.evaluation.saliency.maps import smoothed
from contrage.files import save_nifti
from contrage.imaging.images import load


def write_look(made: Path, method: str, output: Path) -> Path:
    """Write a map smoothed for the eye, on its own grid.

    Parameters
    ----------
    made : Path
        NIfTI, what each voxel adds.
    method : str
    output : Path
    """
    image = load(made)
    save_nifti(output, smoothed(image.array, image.affine, method), image.affine)
    return output

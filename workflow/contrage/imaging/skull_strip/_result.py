"""What skull stripping found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Stripped:
    """What skull stripping found.

    Attributes
    ----------
    mask : ndarray of shape (X, Y, Z)
        The brain on the reference's grid, bool.
    pose : ndarray of shape (4, 4) or None
        Reference world → MNI152 world, if the method estimated it on the way.
    command, version : str or None
        The command line of a program, or the function of a package, that was run, and its version
        where it is known.
    weights : dict of str to str or None
        Names and SHA-256 of the files with a network's weights, where the package brings them.
    """

    mask: np.ndarray
    pose: np.ndarray | None = None
    command: str | None = None
    version: str | None = None
    weights: dict[str, str] | None = None

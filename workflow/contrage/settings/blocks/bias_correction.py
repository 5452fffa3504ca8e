"""The block preprocessing.bias_correction of the configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BiasCorrectionSettings:
    """N4 bias field correction (ANTs).

    Attributes
    ----------
    target : str
        The image that is corrected.
    shrink_factor : int
        N4 works on an image this many times coarser.
    iterations : tuple of int
        Iterations per level of resolution.
    """

    target: str
    shrink_factor: int
    iterations: tuple[int, ...]

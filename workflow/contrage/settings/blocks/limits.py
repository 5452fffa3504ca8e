"""The block preprocessing.limits of the configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LimitsSettings:
    """What values of a map are possible.

    A voxel that is not 0 and lies beyond is no measurement: a spike of the inversion, or a fill
    value. It is looked for in the raw maps, before any interpolation; the check's record says
    how many there are, the JSON beside a map what was done.

    Attributes
    ----------
    stiffness : tuple of Any or None
        Least and largest stiffness, kPa; null for no limits.
    dampingratio : tuple of Any or None
        Least and largest damping ratio, without unit; null for no limits.
    beyond : str
        refuse makes a bad scan of a map with more than 1 in 10,000 such voxels among those
        that are not 0, and sets fewer to 0; background sets all to 0, which is background,
        clip to the nearest limit.
    """

    stiffness: tuple[float, ...] | None
    dampingratio: tuple[float, ...] | None
    beyond: str

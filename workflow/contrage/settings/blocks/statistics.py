"""The block statistics of the configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StatisticsSettings:
    """Intervals and comparisons over participants.

    Attributes
    ----------
    primary : str
        The measure by which losses are compared, and the name of their table.
    bootstrap : int
        Resamplings of the intervals.
    permutations : int
        Sign flips of the paired tests, and exchanges of sites in the control of the field
        of view.
    confidence : float
        Of the intervals.
    seed : int
        Seed of the resampling.
    """

    primary: str
    bootstrap: int
    permutations: int
    confidence: float
    seed: int

"""What cascading randomisation comes to: stage by stage, and whether a method may be shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HIGHEST = 0.7
"""Rank correlation with the genuine map above which it is the same map: more than half of the
variance of ranks is not of what was learned."""
FEWEST = 10
"""Places below which a rank correlation says nothing: of nine it is above .7 by chance too
often."""


@dataclass(frozen=True)
class Stage:
    """What is left of a map with some of the weights drawn anew.

    Attributes
    ----------
    name : str
        The last layer that was drawn: all above it are as well.
    layers : int
        How many were.
    correlation : float
        Spearman's with the genuine map; NaN where one of them is the same everywhere.
    """

    name: str
    layers: int
    correlation: float


def verdict(stages: list[Stage], values: int) -> tuple[bool, str]:
    """Return whether a method may be shown, and why not.

    Parameters
    ----------
    stages : list of Stage
        The last is of a network of which nothing is left.
    values : int
        How many places its maps have.
    """
    if values < FEWEST:
        return False, f"its map has {values} places, of the {FEWEST} that a comparison needs"
    last = stages[-1].correlation
    if np.isnan(last):
        return False, "its map is the same everywhere, so that there is nothing to compare"
    if last > HIGHEST:
        return False, (
            f"with random weights its map stays the same (rank correlation {last:.2f}, above "
            f"{HIGHEST}), so that it would show the images, not what was learned"
        )
    return True, ""

"""What cascading randomisation comes to: stage by stage, and whether a method may be shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LARGEST = 0.5
"""Of what another training's map tells of a map (the part of the variance of ranks), the part that
a network of random weights may tell as well: less than half, or most of what can be repeated is the
image and not what was learned."""
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


@dataclass(frozen=True)
class Judged:
    """Whether a method may be shown of a row.

    Attributes
    ----------
    stages : list of Stage
        The last is of a network of which nothing is left.
    between : float
        Spearman's correlation of the genuine map with those of other trainings of the row, their
        mean; 1, that of a map with itself, where there is no other.
    shown : bool
    why : str
        Why not; else empty.
    """

    stages: list[Stage]
    between: float
    shown: bool
    why: str

    @property
    def highest(self) -> float:
        """Return the correlation that the last stage must not reach."""
        return highest(self.between)

    @classmethod
    def of(cls, stages: list[Stage], between: float, places: int) -> Judged:
        """Return the verdict on stages of maps of so many places."""
        why = _why_not(stages[-1].correlation, between, places)
        return cls(stages, between, not why, why)


def highest(between: float) -> float:
    """Return which correlation with random weights is too much: √½ of that between trainings."""
    return float(np.sqrt(LARGEST) * max(between, 0.0))


def _why_not(last: float, between: float, places: int) -> str:
    if places < FEWEST:
        return f"its map has {places} places, of the {FEWEST} that a comparison needs"
    if np.isnan(last) or np.isnan(between):
        return "its map is the same everywhere, so that there is nothing to compare"
    if between <= 0:
        return (
            f"trainings of the row do not agree on it (rank correlation {between:.2f}), so that it "
            "would show one training's chance"
        )
    if abs(last) >= highest(between):
        return (
            f"with random weights its map stays much the same (rank correlation {last:.2f}, of "
            f"less than {highest(between):.2f} that may be), so that it would show the images, not "
            "what was learned"
        )
    return ""

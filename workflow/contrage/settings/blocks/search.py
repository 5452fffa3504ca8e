"""The block search of the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SearchSettings:
    """Random search of loss settings before the main run.

    Each draw is a training of its own, scored on a validation part of the training split.
    Test scans have no part in it.

    Attributes
    ----------
    rows : dict
        Row to ranges of its loss's settings, each a list of choices or low, high and kind.
    draws : int
        Trainings per row, split and fold; 30 as in the paper.
    seed : int
        Seed of what is drawn, and of who is validated on.
    validation_fraction : float
        Of the participants of the training split to validate on.
    """

    rows: dict[str, Any]
    draws: int
    seed: int
    validation_fraction: float

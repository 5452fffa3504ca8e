"""What a model says of a scan."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

MAP = "looks-"
"""Before a method's name: its map among the files of a prediction."""


@dataclass(frozen=True)
class Look:
    """What a method tells of a scan.

    Attributes
    ----------
    method : str
    above : float
        By how much the prediction is above that of the mean of those who were learned from; of a
        binary target in log odds.
    regions : dict of str to float
        What each adds to that, those that add most (whatever the sign) first.
    """

    method: str
    above: float
    regions: dict[str, float]


@dataclass(frozen=True)
class Prediction:
    """What a model says of a scan.

    Attributes
    ----------
    name : str
        The subject's.
    predicted : float or None
        Mean over members, in the target's unit; of a binary target the probability of its side 1.
        None where it was refused.
    low, high : float or None
        Ends of the interval; None where there is none.
    level : float
        Share of people whose target the interval is to hold.
    interval : str or None
        For whom it is: people, or site; None where there is none.
    spread : float or None
        SD of the members' predictions; None of a single one.
    known : float or None
        The true target as it was told.
    gap, corrected_gap : float or None
        Predicted minus true age, as it is and corrected with the line of the held-out people.
    flags : tuple of str
        What lies outside the model's experience, and what else its reader should know: a sentence
        each.
    refused : str or None
        Why there is no number.
    quality : dict of str to float
        What was measured of the scan.
    looks : tuple of Look
        Where the model looks, method by method; empty where nobody asked, or no method may say so.
    files : dict of str to Path
        In the work folder: "preprocessed", "mask" (on the template's grid), "brain_mask" (on the
        raw image's), "anatomical", "picture", and what else the steps wrote; the map of a look
        under `contrage.bundle.explain.MAP` and its method.
    """

    name: str
    predicted: float | None
    low: float | None
    high: float | None
    level: float
    interval: str | None
    spread: float | None
    known: float | None
    gap: float | None
    corrected_gap: float | None
    flags: tuple[str, ...]
    refused: str | None
    quality: dict[str, float] = field(default_factory=dict)
    looks: tuple[Look, ...] = ()
    files: dict[str, Path] = field(default_factory=dict)

"""What the steps that read the target off trained encoders, and judge it, are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contrage.form import Form
from contrage.settings.blocks.probe import ProbeSettings
from contrage.settings.steps.scores import ScoresSettings
from contrage.target import PredictedTarget, Target


@dataclass(frozen=True)
class ProbeStep:
    """What the step probe is asked for.

    Attributes
    ----------
    row : str
        Whose trainings these are.
    seeds : tuple of int
        Of each training, or of each draw's.
    target : PredictedTarget
        What is predicted.
    probe : ProbeSettings
        How it is read off the features.
    """

    row: str
    seeds: tuple[int, ...]
    target: PredictedTarget
    probe: ProbeSettings


@dataclass(frozen=True)
class HeadStep:
    """What the step head is asked for.

    Attributes
    ----------
    row : str
        Whose trainings these are.
    seeds : tuple of int
        Of each training.
    target : PredictedTarget
        What is predicted.
    """

    row: str
    seeds: tuple[int, ...]
    target: PredictedTarget


@dataclass(frozen=True)
class SeenImages(ScoresSettings):
    """What the baselines see of images, or of features.

    Attributes
    ----------
    form, normalisation, field_of_view
        As of `contrage.settings.steps.scores.ScoresSettings`.
    voxel_mm : float
        Voxel size of the array.
    """

    voxel_mm: float


@dataclass(frozen=True)
class BaselinesStep:
    """What the step baselines is asked for.

    Attributes
    ----------
    target : PredictedTarget
        What is predicted.
    probe : ProbeSettings
        From which penalties is chosen.
    dataset : SeenImages
        What it is predicted from.
    """

    target: PredictedTarget
    probe: ProbeSettings
    dataset: SeenImages


@dataclass(frozen=True)
class EvaluateStep:
    """What the step evaluate is asked for.

    Attributes
    ----------
    evaluation : str
        A name of `contrage.evaluation.elements.available`.
    target : Target
        What is predicted.
    form : Form
        How the array is read.
    rows : tuple of str
        Rows of the table of errors; none for an evaluation of images alone.
    told : dict of str to object
        Dotted key of the configuration → its value, of those that the evaluation asks for.
    """

    evaluation: str
    target: Target
    form: Form
    rows: tuple[str, ...]
    told: dict[str, Any]


@dataclass(frozen=True)
class ChooseStep:
    """What the step choose is asked for.

    Attributes
    ----------
    row : str
        Whose settings are searched.
    split : int
        The seed on whose split.
    fold : int
        Of that split.
    draws : tuple of dict
        What was drawn each time: setting of the row's loss → its value.
    """

    row: str
    split: int
    fold: int
    draws: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class SearchTableStep:
    """What the step search-table is asked for: nothing but its files."""

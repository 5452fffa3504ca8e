"""What the steps of learning are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from contrage.settings.blocks.training import OneTrainingSettings
from contrage.settings.build import WhereAsked
from contrage.settings.steps.scores import ScoresSettings
from contrage.target import Target


@dataclass(frozen=True)
class StartFile:
    """A model file that trainings start from, and what will be made of it.

    Attributes
    ----------
    file : str
        Its path.
    encoder : str
        Name of the encoder that takes it over.
    image : tuple or None
        Channels, and shape, of one image that the encoder will see; None of a table, whose width
        nobody knows yet.
    """

    file: str
    encoder: str
    image: tuple[Any, ...] | None


@dataclass(frozen=True)
class FeasibleStep:
    """What the step feasible is asked for.

    Attributes
    ----------
    device : str
        auto, cuda or cpu.
    batch_size : int
        Scans per step.
    training_scans : int
        The most that the training split can hold (bad scans may yet be left out).
    epochs : int
        Of a training.
    head : tuple of int
        Of a training.
    rows : dict of str to dict
        Row → settings of its loss, of those that may not be what their names say.
    without_head : dict of str to dict
        Row → settings of its loss, where there is no head, else empty.
    draws : dict of str to tuple
        Row → settings of its loss in each draw, where settings are searched.
    start : StartFile or None
        What trainings start from, where that is a file.
    """

    device: str
    batch_size: int
    training_scans: int
    epochs: int
    head: tuple[int, ...]
    rows: dict[str, dict[str, Any]]
    without_head: dict[str, dict[str, Any]]
    draws: dict[str, tuple[dict[str, Any], ...]]
    start: StartFile | None


@dataclass(frozen=True)
class ConvertStep:
    """What the step convert is asked for.

    Attributes
    ----------
    encoder : str
        Whose weights the checkpoint holds: resnet18.
    """

    encoder: str


@dataclass(frozen=True)
class StopProbe:
    """By what an early stop is judged.

    Attributes
    ----------
    alphas : tuple of float
        Candidates for the penalty of the probe.
    """

    alphas: tuple[float, ...]


@dataclass(frozen=True)
class TrainStep:
    """What the step train is asked for.

    Attributes
    ----------
    row : str
        Name of the loss configuration.
    seed : int
        Of all that is drawn.
    cohort : str
        Whose scans are learned from; it stands in the model file.
    target : Target
        What is learned.
    loss : dict
        The loss's name under `loss`, and its settings.
    training : OneTrainingSettings
        How it is trained.
    dataset : ScoresSettings
        How the cohort's array is read.
    snapshot_epochs : tuple of int
        After which epochs features are kept beside those of the end.
    probe : StopProbe or None
        With an early stop, by what it is judged.
    bin_width : float or None
        Of a label of training targets, in their unit (0: each distinct one), where labels are asked
        for beside the loss.
    permute_labels : bool
        Whether the loss is told other labels than the scans have.
    """

    row: str
    seed: int
    cohort: str
    target: Target
    loss: dict[str, Any]
    training: OneTrainingSettings
    dataset: ScoresSettings
    snapshot_epochs: tuple[int, ...]
    probe: StopProbe | None
    bin_width: Annotated[float | None, WhereAsked(None)]
    permute_labels: Annotated[bool, WhereAsked(False)]


@dataclass(frozen=True)
class StageStart:
    """The training that a stage starts from.

    Attributes
    ----------
    experiment : str
        Where it was trained.
    row : str
        Its row.
    seed : int
        Its seed.
    fold : int
        Its fold.
    same_people : bool
        Whether equal ids in two cohorts are one person's.
    checkpoint : str
        last, or best: that of the epoch that people of role val chose.
    """

    experiment: str
    row: str
    seed: int
    fold: int
    same_people: bool
    checkpoint: str


@dataclass(frozen=True)
class TrainStageStep(TrainStep):
    """What the step train-stage is asked for.

    Attributes
    ----------
    row, seed, cohort, target, loss, training, dataset, snapshot_epochs, probe
        As of `TrainStep`.
    bin_width, permute_labels
        As of `TrainStep`.
    train : str
        all, or head on a frozen encoder.
    start : StageStart
        What the encoder starts from.
    """

    train: str
    start: StageStart


@dataclass(frozen=True)
class EmbedStep:
    """What the step embed is asked for.

    Attributes
    ----------
    training : dict
        What takes the place of the training's own settings: device, threads, batch_size, or
        nothing.
    """

    training: dict[str, Any]

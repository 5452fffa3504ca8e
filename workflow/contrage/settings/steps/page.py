"""What the step page is asked for: the whole configuration, which no other step may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from contrage.settings.build import WhereAsked
from contrage.settings.steps.record import Recorded
from contrage.settings.typed import Settings


@dataclass(frozen=True)
class PretrainingStart:
    """A pre-training that trainings start from, as the page tells it.

    Attributes
    ----------
    loss : str
        The row that it was trained with.
    seeds : tuple of int
        One, or those of the trainings that start from it.
    cohort : str
        Name of its cohort.
    image : str
        What it learned from.
    epochs : int
        Passes over its training split.
    stops_early : bool
        Whether it may have stopped before the last of these.
    """

    loss: str
    seeds: tuple[int, ...]
    cohort: str
    image: str
    epochs: int
    stops_early: bool


@dataclass(frozen=True)
class StartOfTrainings:
    """What trainings start from, where not from random weights: a file or a pre-training.

    Attributes
    ----------
    rows : tuple of str
        Those that start from it; empty where all do.
    file : str or None
        The model file; None of a pre-training.
    pretraining : PretrainingStart or None
        The pre-training; None of a file.
    """

    rows: tuple[str, ...]
    file: str | None
    pretraining: PretrainingStart | None


@dataclass(frozen=True)
class EvaluationTold:
    """What an evaluation's file states for the page.

    Attributes
    ----------
    title : str
        Its heading.
    columns : dict of str to str
        Column of its table → heading on the page; empty where the page has words of its own.
    """

    title: str
    columns: dict[str, str]


@dataclass(frozen=True)
class PageStep:
    """What the step page is asked for.

    Attributes
    ----------
    config : Settings
        The whole configuration.
    rows : tuple of str
        Rows of the table of errors.
    seeds : tuple of int
        Of the trainings.
    folds : tuple of int
        Of the trainings.
    start : StartOfTrainings or None
        What trainings start from; None for random weights.
    evaluations : dict of str to EvaluationTold
        Name of each evaluation that has a table → what it states.
    recorded : Recorded or None
        What is written down for `contrage verify`; None where nothing is.
    """

    config: Settings
    rows: tuple[str, ...]
    seeds: tuple[int, ...]
    folds: tuple[int, ...]
    start: StartOfTrainings | None
    evaluations: dict[str, EvaluationTold]
    recorded: Annotated[Recorded | None, WhereAsked(None)]

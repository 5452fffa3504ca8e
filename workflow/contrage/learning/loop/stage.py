"""In what a second stage is another training than the first: what stays, and what is judged."""

from __future__ import annotations

from contrage.settings.steps.learning import TrainStageStep, TrainStep


def freezes(settings: TrainStep) -> bool:
    """Return whether the encoder stays as it is."""
    return isinstance(settings, TrainStageStep) and settings.train == "head"


def is_stage(settings: TrainStep) -> bool:
    """Return whether the training goes on from another row's encoder."""
    return isinstance(settings, TrainStageStep)


def judges_head(settings: TrainStep) -> bool:
    """Return whether an early stop is by what the head predicts, where it does, not by features."""
    return isinstance(settings, TrainStageStep)

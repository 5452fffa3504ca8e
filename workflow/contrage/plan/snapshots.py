"""After which epochs features of a training are kept, beside those of its end."""

from __future__ import annotations

from itertools import product
from typing import Any

from contrage.plan import rows
from contrage.plan.experiment import Experiment

BLOCK, EVALUATION = "evaluations", "against_diagnosis"
"""What reads the features of every training on the way: `parts` says after which part of it."""


def epochs(of: Experiment, row: str, seed: int, fold: int) -> tuple[int, ...]:
    """Return the epochs after which features of a training are kept, in order.

    Those that the report draws, and those that an evaluation reads of all trainings.
    """
    watched = of.watched_epochs if of.is_watched(row, seed, fold) else []
    followed = followed_epochs(of.config) if row in followed_rows(of) else []
    return tuple(sorted({*watched, *followed}))


def watched(of: Experiment) -> list[int]:
    """Return the epochs of the trainings that the report draws."""
    return sorted({*of.watched_epochs, *followed_epochs(of.config)}) if of.watched_epochs else []


def followed_epochs(config: dict[str, Any]) -> list[int]:
    """Return the epochs of all trainings that an evaluation reads; none where it is off."""
    if BLOCK not in config or EVALUATION not in config[BLOCK] or not config[BLOCK][EVALUATION]:
        return []
    parts, last = config[BLOCK][EVALUATION]["parts"], config["training"]["epochs"]
    return sorted({max(1, round(part * last)) for part in parts})


def followed_rows(of: Experiment) -> list[str]:
    """Return the rows that are followed: those that train as long as the block training says.

    A null of a row with epochs of its own trains as long as that.
    """
    return [row for row in of.all_rows if rows.trains_alike(of.config, row)]


def followed(of: Experiment) -> list[str]:
    """Return the files of features that are kept of all trainings, for the evaluation."""
    return [
        of.results.snapshot.format(row=row, seed=seed, fold=fold, epoch=epoch)
        for row, seed, fold in product(followed_rows(of), of.seeds, of.folds)
        for epoch in followed_epochs(of.config)
    ]

"""The block pretraining of the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contrage.settings.blocks.cohort import CohortSettings


@dataclass(frozen=True)
class PretrainingSettings:
    """The training that benchmark.pretrained and training.start_from pretraining start from.

    It is an experiment of its own (results/<experiment>-pretraining) on a cohort of its own,
    and happens only where something starts from it.

    Attributes
    ----------
    cohort : CohortSettings
        Whose images, as cohort; what is not given has cohort's defaults.
    same_ids : str
        What it means that a participant_id stands in both cohorts; same-people, who are
        left out of pre-training so that nobody is tested on whose age the encoder has seen,
        or other-people, for cohorts that number alike.
    loss : str
        The row to pre-train with, named in losses or a loss.
    seed : int
        Seed of the one pre-training, from which trainings of all seeds start.
    per_seed : bool
        A pre-training for every seed of training.seeds, with that seed, in place of the
        one: the SD over seeds then holds the pre-training's own chance.
    preprocessing : dict
        What differs from preprocessing.
    dataset : dict
        What differs from dataset; the voxel size is the same, the split a holdout.
    training : dict
        What differs from training; the encoder is the same.
    """

    cohort: CohortSettings
    same_ids: str
    loss: str
    seed: int
    per_seed: bool
    preprocessing: dict[str, Any]
    dataset: dict[str, Any]
    training: dict[str, Any]

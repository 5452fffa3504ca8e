"""A second stage: one training that starts from another one's encoder."""

from __future__ import annotations

from pathlib import Path

from contrage.learning import lineage
from contrage.learning.machine.processes import run
from contrage.learning.train import Files, train_in
from contrage.settings.steps.learning import TrainStageStep


def train_stage(
    settings: TrainStageStep,
    *,
    array: Path,
    scans: Path,
    split: Path,
    fold: int,
    model: Path,
    curve: Path,
    resume: Path,
    features: Path,
    start_from: Path,
    start_scans: Path,
    start_split: Path,
    logits: Path | None = None,
) -> None:
    """Train on the training scans of one fold, from the encoder of another training.

    Everything is as of `contrage.learning.train.train`, of which this is another beginning: with
    `train: head` the encoder stays as it is, batch norm's statistics included.

    Parameters
    ----------
    settings : TrainStageStep
    array, scans, split, fold
        As of `train`.
    model, curve, resume, features : Path
        As of `train`; the model says besides from whom was learned before, and it and the features
        of which epoch the weights were that it started from.
    start_from : Path
        Model file of the other training.
    start_scans, start_split : Path
        Its scans and folds.
    logits : Path, optional
        As of `train`.

    Raises
    ------
    LeakageError
        If somebody from whom the encoder has learned before is tested or predicted here.
    ContrageError
        As `train`, and if the encoder does not fit.
    """
    origin = lineage.trace(
        settings,
        fold,
        scans=scans,
        split=split,
        model=start_from,
        start_scans=start_scans,
        start_split=start_split,
    )
    outputs = (model, curve, resume, features)
    files = Files(array, scans, split, fold, *outputs, [], start_from, origin, logits)
    run(settings.training.gpus_per_job, settings.training.device, train_in, settings, files)

"""What a stage's head predicts, written as the probe writes what it reads off features."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contrage.errors import TableError
from contrage.evaluation import predictions as table
from contrage.evaluation.alpha import Features
from contrage.evaluation.network import epochs, network_size, start_epochs
from contrage.evaluation.predictions import SCORE, Fold
from contrage.evaluation.scored import baseline, dealt, of_lines, write_lines, write_metrics
from contrage.learning.folds import read_scans
from contrage.settings.steps.evaluation import HeadStep
from contrage.target import PredictedTarget

PREDICTION = "prediction"


def head(
    settings: HeadStep,
    *,
    features: list[Path],
    scans: list[Path],
    splits: list[Path],
    predictions: list[Path],
    metrics: list[Path],
) -> None:
    """Write the predictions of the heads of all trainings of a row.

    Parameters
    ----------
    settings : HeadStep
    features : list of Path
        One npz per fold, in the order of the split file's folds: all of the first training, then
        all of the second.
    scans : list of Path
        The experiment's scans.
    splits : list of Path
        The folds of each training.
    predictions : list of Path
        Output TSV for each training, with the columns of `contrage.evaluation.probe`, without
        own_prediction, which is the prediction here.
    metrics : list of Path
        Output JSON for each training, as the probe's without what says of penalties; start_epochs,
        per fold: that of the weights that were started from.

    Raises
    ------
    LeakageError, TableError
        As the probe, and if the head of a training does not predict.
    """
    of_training = dealt(features, len(settings.seeds))
    each = zip(settings.seeds, of_training, splits, predictions, metrics, strict=True)
    for seed, found, split, output, report in each:
        _of_training(settings, seed, found, scans, split, output, report)


def _of_training(
    settings: HeadStep,
    seed: int,
    features: list[Path],
    scans: list[Path],
    split: Path,
    predictions: Path,
    metrics: Path,
) -> None:
    target = settings.target
    parts = list(table.folds(split, *(read_scans(path, target) for path in scans)))
    if len(parts) != len(features):
        raise TableError(f"{split}: {len(parts)} folds, but {len(features)} files of features")
    of_fold = [_lines(target, part, path) for part, path in zip(parts, features, strict=True)]
    report = of_lines(write_lines(predictions, target, parts, of_fold), target)
    if not target.is_binary:
        report["mae_baseline"] = baseline(parts)
    report |= {**network_size(features[0]), **epochs(features), **start_epochs(features)}
    write_metrics(metrics, settings.row, seed, report, target)


def _lines(target: PredictedTarget, part: Fold, path: Path) -> list[dict[str, Any]]:
    """Return a line for every scan that has a role."""
    own, column = Features(path), SCORE if target.is_binary else PREDICTION
    if column not in own.arrays:
        raise TableError(f"{path}: it has no {column} of the head; train it again")
    return [
        line
        for side, scans in part.sides
        for line in table.lines(target, side, part.number, scans, own.column(column, scans))
    ]

"""What a frozen encoder's features say about the target, read by a ridge regression."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error

from contrage.errors import TableError
from contrage.evaluation import predictions as table
from contrage.evaluation.alpha import (
    FIXED,
    Features,
    candidates,
    errors_at,
    fitted,
    fitted_unseen,
    inner_fold,
)
from contrage.evaluation.network import epochs, network_size
from contrage.evaluation.predictions import Fold
from contrage.evaluation.statistics.metrics import scores
from contrage.files import write_json
from contrage.learning.folds import read_scans
from contrage.target import Target

logger = logging.getLogger(__name__)


def probe(
    settings: dict[str, Any],
    *,
    features: list[Path],
    scans: list[Path],
    splits: list[Path],
    predictions: list[Path],
    metrics: list[Path],
    unseen: list[Path] | None = None,
    unseen_splits: list[Path] | None = None,
) -> None:
    """Predict the target from the features of all trainings of a row, one after the other.

    One process for all of them: importing scikit-learn takes longer than a probe.

    Parameters
    ----------
    settings : dict
        `row`, `seeds` (of each training), `target` and `probe` (alpha, alphas, folds, unseen).
    features : list of Path
        What `probe_training` reads of each training: all of the first, then all of the second.
    scans, splits : list of Path
        The same; or one file, for all.
    predictions, metrics : list of Path
        Output: a file for each training.
    unseen, unseen_splits : list of Path, optional
        As features.

    Raises
    ------
    LeakageError, TableError
        As `probe_training`, and if there are not as many files for each training.
    """
    seeds = settings["seeds"]
    files = {
        "features": _dealt(features, len(seeds)),
        "scans": _dealt(scans * len(seeds) if len(scans) == 1 else scans, len(seeds)),
        "unseen": _dealt(unseen or [], len(seeds)),
        "unseen_splits": _dealt(unseen_splits or [], len(seeds)),
        "split": splits * len(seeds) if len(splits) == 1 else splits,
        "predictions": predictions,
        "metrics": metrics,
    }
    for name in ("split", "predictions", "metrics"):
        if len(files[name]) != len(seeds):
            raise TableError(f"{len(files[name])} files of {name}, but {len(seeds)} seeds")
    for seed, *own in zip(seeds, *files.values(), strict=True):
        probe_training({**settings, "seed": seed}, **dict(zip(files, own, strict=True)))


def _dealt(files: list[Path], trainings: int) -> list[list[Path]]:
    """Return the files of each training."""
    size, left = divmod(len(files), trainings)
    if left:
        raise TableError(
            f"{files[0]}: {len(files)} such files are not as many for each of {trainings} seeds"
        )
    return [files[size * number : size * (number + 1)] for number in range(trainings)]


def probe_training(
    settings: dict[str, Any],
    *,
    features: list[Path],
    scans: list[Path],
    split: Path,
    predictions: Path,
    metrics: Path,
    unseen: list[Path] | None = None,
    unseen_splits: list[Path] | None = None,
) -> None:
    """Predict the target from the features of one training seed, all folds together.

    Parameters
    ----------
    settings : dict
        `row`, `seed`, `target` and `probe`.
    features : list of Path
        One npz per fold, in the order of the split file's folds.
    scans : list of Path
        The experiment's scans: one table, or one per fold where training targets are permuted.
    split : Path
        The folds of this seed.
    predictions : Path
        Output TSV: participant_id, <target>, predicted_<target>, split (train or test), scan_id,
        site, fold; own_prediction as well where the loss predicts the target itself. A scan has a
        line per fold.
    metrics : Path
        Output JSON: mae, rmse, r2, r of the test lines; n_test (scans); alpha per fold, and
        alpha_candidates; mae_at_alpha, [[α, error], …] whatever was chosen; mae_baseline (the
        training mean, on the same test scans); train_mae; mae_own; epochs (per fold, that of the
        weights); and the size of the network, as `contrage.learning.model.Model.size` has it.
    unseen, unseen_splits : list of Path, optional
        With `probe.alpha: unseen`, per fold: features of an encoder that learned from a part of
        the training scans, and which part (`contrage.dataset.inner_split`).

    Raises
    ------
    LeakageError
        If a participant is in training and test of a fold.
    TableError
        If a fold's features lack a scan.
    """
    target = Target(**settings["target"])
    parts = list(table.folds(split, *(read_scans(path, target) for path in scans)))
    if len(parts) != len(features):
        raise TableError(f"{split}: {len(parts)} folds, but {len(features)} files of features")
    found = [Features(path) for path in features]
    inner = list(zip(unseen or [], unseen_splits or [], strict=True)) or [None] * len(parts)
    fits = [
        _fit(part, own, chosen_on, settings["probe"])
        for part, own, chosen_on in zip(parts, found, inner, strict=True)
    ]
    lines = [
        line
        for part, own, fitted in zip(parts, found, fits, strict=True)
        for line in _lines(target, part, own, fitted)
    ]
    own = "own_prediction" in lines[0]
    table.write(predictions, target, lines, *(["own_prediction"] if own else []))
    report = summary(lines, target) | _alphas(parts, found, fits, settings["probe"])
    report |= {"mae_baseline": _baseline(parts), **network_size(features[0]), **epochs(features)}
    write_json(metrics, {"loss": settings["row"], "seed": settings["seed"], **_plain(report)})
    error = target.told(f"{report['mae']:.3f}")
    logger.info("%s: test MAE %s (training mean: %.3f)", metrics, error, report["mae_baseline"])


def _fit(
    part: Fold, features: Features, inner: tuple[Path, Path] | None, settings: dict[str, Any]
) -> Ridge:
    if inner is None:
        return fitted(part, features, settings)
    path, split = inner
    return fitted_unseen(
        part, features, inner_fold(split, part), Features(path), candidates(settings)
    )


def _lines(target: Target, part: Fold, features: Features, fitted: Ridge) -> list[dict[str, Any]]:
    """Return a line for every scan of both sides."""
    lines = []
    for side, scans in part.sides:
        more = {}
        if "prediction" in features.arrays:
            more["own_prediction"] = features.column("prediction", scans)
        predicted = fitted.predict(features.of(scans))
        lines += table.lines(target, side, part.number, scans, predicted, **more)
    return lines


def _alphas(
    parts: list[Fold], found: list[Features], fits: list[Ridge], settings: dict[str, Any]
) -> dict[str, Any]:
    """Return the α of each fold, from which it was chosen, and the errors at others."""
    errors = [errors_at(part, own) for part, own in zip(parts, found, strict=True)]
    at = np.concatenate(errors).mean(0)
    return {
        "alpha": [each.alpha for each in fits],
        "alpha_candidates": candidates(settings),
        "mae_at_alpha": [[alpha, float(error)] for alpha, error in zip(FIXED, at, strict=True)],
    }


def _baseline(parts: list[Fold]) -> float:
    errors = [np.abs(part.test.targets - part.train.targets.mean()) for part in parts]
    return float(np.concatenate(errors).mean())


def summary(lines: list[dict[str, Any]], target: Target) -> dict[str, Any]:
    """Return the metrics of a predictions file's lines: of the test lines unless named train."""
    frame, true, predicted = pd.DataFrame(lines), target.column, target.predicted
    train, test = (frame[frame["split"] == side] for side in ("train", "test"))
    reference = test["fold"].map(train.groupby("fold")[true].mean())
    report = scores(test[true], test[predicted], test["fold"], reference)
    report["n_test"] = len(test)
    report["train_mae"] = float(mean_absolute_error(train[true], train[predicted]))
    if "own_prediction" in test:
        report["mae_own"] = float(mean_absolute_error(test[true], test["own_prediction"]))
    return report


def _plain(report: dict[str, Any]) -> dict[str, Any]:
    """Return the report with null for NaN, which JSON does not have."""
    return {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in report.items()
    }

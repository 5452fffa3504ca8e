"""What a frozen encoder's features say about the target, read by a ridge regression.

Of a binary target, by a logistic regression.
"""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error

from contrage.dataset.roles import LEARNED_FROM, REPORTED, UNSCORED
from contrage.errors import TableError, few
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
from contrage.evaluation.logistic import Logistic
from contrage.evaluation.network import epochs, network_size
from contrage.evaluation.predictions import Fold
from contrage.evaluation.statistics.metrics import scores
from contrage.evaluation.statistics.sides import CHANCE, own_accuracy, side_scores
from contrage.files import write_json
from contrage.learning.folds import read_scans
from contrage.settings.blocks.probe import ProbeSettings
from contrage.settings.steps.evaluation import ProbeStep
from contrage.target import PredictedTarget, Target

logger = logging.getLogger(__name__)

BEYOND = "out_of_range"
FURTHER = ("own_prediction", BEYOND)
"""Columns of a predictions file after the usual ones, where there is something to say in them."""


def probe(
    settings: ProbeStep,
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
    settings : ProbeStep
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
    seeds = settings.seeds
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
        probe_training(settings, seed, **dict(zip(files, own, strict=True)))


def _dealt(files: list[Path], trainings: int) -> list[list[Path]]:
    """Return the files of each training."""
    size, left = divmod(len(files), trainings)
    if left:
        raise TableError(
            f"{files[0]}: {len(files)} such files are not as many for each of {trainings} seeds"
        )
    return [files[size * number : size * (number + 1)] for number in range(trainings)]


def probe_training(
    settings: ProbeStep,
    seed: int,
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
    settings : ProbeStep
    seed : int
        Of the training.
    features : list of Path
        One npz per fold, in the order of the split file's folds.
    scans : list of Path
        The experiment's scans: one table, or one per fold where training targets are permuted.
    split : Path
        The folds of this seed.
    predictions : Path
        Output TSV: participant_id, <target>, predicted_<target> (of a binary target score and
        probability), split (the role), scan_id, site, fold; own_prediction as well where the loss
        predicts the target itself; out_of_range (true or false: whether the target is outside the
        range learned from) where some are predicted alone. A scan has a line per fold in which it
        has a role.
    metrics : Path
        Output JSON: mae, rmse, r2, r of the test lines; n_test (scans); alpha per fold, and
        alpha_candidates; mae_at_alpha, [[α, error], …] whatever was chosen; mae_baseline (the
        training mean, on the same test scans); train_mae; mae_own; epochs (per fold, that of the
        weights); and the size of the network, as `contrage.learning.model.Model.size` has it. Of a
        binary target, in place of errors, bacc, auc, sensitivity and specificity by person,
        bacc_baseline, train_bacc, bacc_own.
    unseen, unseen_splits : list of Path, optional
        With `probe.alpha: unseen`, per fold: features of an encoder that learned from a part of
        the training scans, and which part (`contrage.dataset.inner_split`).

    Raises
    ------
    LeakageError
        If a participant has two roles in a fold.
    TableError
        If a fold's features lack a scan.
    """
    target = settings.target
    parts = list(table.folds(split, *(read_scans(path, target) for path in scans)))
    if len(parts) != len(features):
        raise TableError(f"{split}: {len(parts)} folds, but {len(features)} files of features")
    found = [Features(path) for path in features]
    inner = list(zip(unseen or [], unseen_splits or [], strict=True)) or [None] * len(parts)
    fits = [
        _fit(part, own, chosen_on, settings.probe, target.is_binary)
        for part, own, chosen_on in zip(parts, found, inner, strict=True)
    ]
    of_fold = [
        _lines(target, part, own, fitted)
        for part, own, fitted in zip(parts, found, fits, strict=True)
    ]
    if any(UNSCORED in part.parts for part in parts):
        of_fold = [_flagged(part, each) for part, each in zip(parts, of_fold, strict=True)]
    lines = [line for each in of_fold for line in each]
    table.write(predictions, target, lines, *(name for name in FURTHER if name in lines[0]))
    _tell_beyond(lines)
    report = (of_sides if target.is_binary else summary)(lines, target)
    report |= {
        "alpha": [each.alpha for each in fits],
        "alpha_candidates": candidates(settings.probe),
    }
    if not target.is_binary:
        report |= _errors_at_alphas(parts, found) | {"mae_baseline": _baseline(parts)}
    report |= {**network_size(features[0]), **epochs(features)}
    write_json(metrics, {"loss": settings.row, "seed": seed, **_plain(report)})
    _tell(metrics, report, target.is_binary)


def _tell(metrics: Path, report: dict[str, Any], is_binary: bool) -> None:
    if is_binary:
        found = report["bacc"], report["auc"]
        logger.info(
            "%s: test balanced accuracy %.3f, area under the ROC curve %.3f", metrics, *found
        )
        return
    errors = report["mae"], report["mae_baseline"]
    logger.info("%s: test MAE %.3f (training mean: %.3f)", metrics, *errors)


def _fit(
    part: Fold,
    features: Features,
    inner: tuple[Path, Path] | None,
    settings: ProbeSettings,
    is_binary: bool,
) -> Ridge | Logistic:
    if inner is None:
        return fitted(part, features, settings, is_binary)
    path, split = inner
    chosen = inner_fold(split, part), Features(path), candidates(settings)
    return fitted_unseen(part, features, *chosen, is_binary)


def _lines(
    target: PredictedTarget, part: Fold, features: Features, fitted: Ridge | Logistic
) -> list[dict[str, Any]]:
    """Return a line for every scan that has a role."""
    lines = []
    for side, scans in part.sides:
        more: dict[str, Any] = {}
        if "prediction" in features.arrays:
            more["own_prediction"] = features.column("prediction", scans)
        predicted = fitted.predict(features.of(scans))
        lines += table.lines(target, side, part.number, scans, predicted, **more)
    return lines


def _flagged(part: Fold, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a fold's lines, each with whether its target is outside the range learned from."""
    beyond = np.concatenate([part.beyond(scans) for _, scans in part.sides])
    words = np.where(beyond, "true", "false").tolist()
    return [{**line, BEYOND: word} for line, word in zip(lines, words, strict=True)]


def _tell_beyond(lines: list[dict[str, Any]]) -> None:
    """Warn of people who are only predicted, by a model that learned from nobody like them."""
    names = [
        line["scan_id"]
        for line in lines
        if line["split"] == UNSCORED and line.get(BEYOND) == "true"
    ]
    if names:
        logger.warning(
            "%d %s of role %s %s a target outside the range that is learned from (column %s): %s",
            len(names),
            "scan" if len(names) == 1 else "scans",
            UNSCORED,
            "has" if len(names) == 1 else "have",
            BEYOND,
            few(names),
        )


def _errors_at_alphas(parts: list[Fold], found: list[Features]) -> dict[str, Any]:
    """Return the test errors at each of some α, whichever were chosen."""
    errors = [errors_at(part, own) for part, own in zip(parts, found, strict=True)]
    at = np.concatenate(errors).mean(0)
    return {"mae_at_alpha": [[alpha, float(error)] for alpha, error in zip(FIXED, at, strict=True)]}


def _baseline(parts: list[Fold]) -> float:
    errors = [np.abs(part.test.targets - part.train.targets.mean()) for part in parts]
    return float(np.concatenate(errors).mean())


def summary(lines: list[dict[str, Any]], target: Target) -> dict[str, Any]:
    """Return the metrics of a predictions file's lines: of the test lines unless named train.

    Lines of other roles have no part in them.
    """
    frame, true, predicted = pd.DataFrame(lines), target.column, target.predicted
    train, test = (table.of_role(frame, role) for role in (LEARNED_FROM, REPORTED))
    reference = test["fold"].map(train.groupby("fold")[true].mean())
    report = scores(test[true], test[predicted], test["fold"], reference)
    report["n_test"] = len(test)
    report["train_mae"] = float(mean_absolute_error(train[true], train[predicted]))
    if "own_prediction" in test:
        report["mae_own"] = float(mean_absolute_error(test[true], test["own_prediction"]))
    return report


def of_sides(lines: list[dict[str, Any]], target: Target) -> dict[str, Any]:
    """Return the metrics of a binary target: by person, of the test lines unless named train."""
    names = {target.column: table.TRUE, table.PROBABILITY: table.PREDICTED}
    frame = pd.DataFrame(lines).rename(columns=names)
    train, test = (table.of_role(frame, role) for role in (LEARNED_FROM, REPORTED))
    report: dict[str, Any] = {**side_scores(test), "n_test": len(test), "bacc_baseline": CHANCE}
    report["train_bacc"] = side_scores(train)["bacc"]
    if "own_prediction" in test:
        report["bacc_own"] = own_accuracy(test)
    return report


def _plain(report: dict[str, Any]) -> dict[str, Any]:
    """Return the report with null for NaN, which JSON does not have."""
    return {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in report.items()
    }

"""What is made of predictions, a probe's or a head's: their file, and the metrics of a training."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import mean_absolute_error

from contrage.dataset.roles import LEARNED_FROM, REPORTED, UNSCORED
from contrage.errors import TableError, few
from contrage.evaluation import predictions as table
from contrage.evaluation.predictions import Fold
from contrage.evaluation.statistics.metrics import scores
from contrage.evaluation.statistics.sides import CHANCE, own_accuracy, side_scores
from contrage.files import write_json
from contrage.target import PredictedTarget, Target

logger = logging.getLogger(__name__)

BEYOND = "out_of_range"
FURTHER = ("own_prediction", BEYOND)
"""Columns of a predictions file after the usual ones, where there is something to say in them."""


def dealt(files: list[Path], trainings: int) -> list[list[Path]]:
    """Return the files of each training."""
    size, left = divmod(len(files), trainings)
    if left:
        raise TableError(
            f"{files[0]}: {len(files)} such files are not as many for each of {trainings} seeds"
        )
    return [files[size * number : size * (number + 1)] for number in range(trainings)]


def write_lines(
    path: Path, target: PredictedTarget, parts: list[Fold], of_fold: list[list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """Write the lines of all folds as a predictions file, and return them.

    Where some people are predicted alone, a line says whether the target is out of range.
    """
    if any(UNSCORED in part.parts for part in parts):
        of_fold = [_flagged(part, each) for part, each in zip(parts, of_fold, strict=True)]
    lines = [line for each in of_fold for line in each]
    table.write(path, target, lines, *(name for name in FURTHER if name in lines[0]))
    _tell_beyond(lines)
    return lines


def write_metrics(path: Path, row: str, seed: int, report: dict[str, Any], target: Target) -> None:
    """Write the metrics of a training, null for NaN, and tell the main ones."""
    write_json(path, {"loss": row, "seed": seed, **_plain(report)})
    _tell(path, report, target.is_binary)


def of_lines(lines: list[dict[str, Any]], target: Target) -> dict[str, Any]:
    """Return the metrics of a predictions file's lines."""
    return (_of_sides if target.is_binary else _summary)(lines, target)


def baseline(parts: list[Fold]) -> float:
    """Return the error of the training mean on the test scans."""
    errors = [np.abs(part.test.targets - part.train.targets.mean()) for part in parts]
    return float(np.concatenate(errors).mean())


def _tell(metrics: Path, report: dict[str, Any], is_binary: bool) -> None:
    if is_binary:
        found = report["bacc"], report["auc"]
        logger.info(
            "%s: test balanced accuracy %.3f, area under the ROC curve %.3f", metrics, *found
        )
        return
    errors = report["mae"], report["mae_baseline"]
    logger.info("%s: test MAE %.3f (training mean: %.3f)", metrics, *errors)


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


def _summary(lines: list[dict[str, Any]], target: Target) -> dict[str, Any]:
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


def _of_sides(lines: list[dict[str, Any]], target: Target) -> dict[str, Any]:
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

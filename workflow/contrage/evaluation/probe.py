"""What a frozen encoder's features say about age, read by a ridge regression."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import Any

import numpy as np

from contrage.errors import TableError
from contrage.evaluation import predictions as table
from contrage.evaluation.metrics import mae, scores
from contrage.evaluation.predictions import Fold
from contrage.evaluation.ridge import fit
from contrage.files import read_npz, write_json
from contrage.learning.tables import Scans, read_scans

logger = logging.getLogger(__name__)

SIZES = ("encoder_parameters", "head_parameters", "layers", "shape")


def probe(
    settings: dict[str, Any],
    *,
    features: list[Path],
    scans: Path,
    split: Path,
    predictions: Path,
    metrics: Path,
) -> None:
    """Predict age from the features of one training seed, all folds together.

    Parameters
    ----------
    settings : dict
        `row`, `seed` and `probe` (alphas, folds).
    features : list of Path
        One npz per fold, in the order of the split file's folds.
    scans, split : Path
        The experiment's scans and the folds of this seed.
    predictions : Path
        Output TSV: participant_id, age, predicted_age, split (train or test), scan_id, site, fold;
        own_prediction as well where the loss predicts age itself. A scan has a line per fold.
    metrics : Path
        Output JSON: mae, rmse, r2, r of the test lines; n_test (scans); alpha per fold;
        mae_baseline (the training mean, on the same test scans); train_mae; mae_own; epochs (per
        fold, that of the weights); and the size of the network, as
        `contrage.learning.model.Model.size` has it.

    Raises
    ------
    LeakageError
        If a participant is in training and test of a fold.
    TableError
        If a fold's features lack a scan.
    """
    everyone = read_scans(scans)
    parts = list(table.folds(split, everyone))
    if len(parts) != len(features):
        raise TableError(f"{split}: {len(parts)} folds, but {len(features)} files of features")
    lines, alphas, mean_errors = [], [], []
    for part, path in zip(parts, features, strict=True):
        found, alpha = probe_fold(part, path, settings["probe"])
        lines += found
        alphas.append(alpha)
        mean_errors.append(np.abs(part.test.ages - part.train.ages.mean()))
    own = "own_prediction" in lines[0]
    table.write(predictions, lines, *(["own_prediction"] if own else []))
    report = summary(lines) | {
        "alpha": alphas,
        "mae_baseline": float(np.concatenate(mean_errors).mean()),
        **network_size(features[0]),
        **epochs(features),
    }
    write_json(metrics, {"loss": settings["row"], "seed": settings["seed"], **_plain(report)})
    logger.info("test MAE %.3f years (training mean: %.3f)", report["mae"], report["mae_baseline"])


def probe_fold(part: Fold, path: Path, settings: dict[str, Any]) -> tuple[list[dict], float]:
    """Fit on a fold's training scans; return lines for both sides, and α."""
    arrays = read_npz(path)
    place = {scan: index for index, scan in enumerate(arrays["scan_id"].tolist())}

    def rows(scans: Scans) -> list[int]:
        missing = [scan for scan in scans.ids if scan not in place]
        if missing:
            raise TableError(f"{path}: no features of {missing[0]}; make them again")
        return [place[scan] for scan in scans.ids]

    values = arrays["features"].astype(float)
    train = part.train
    fitted = fit(
        values[rows(train)], train.ages, train.participants, settings["alphas"], settings["folds"]
    )
    lines = []
    for side, scans in part.sides:
        more = {}
        if "prediction" in arrays:
            more["own_prediction"] = arrays["prediction"][rows(scans)]
        predicted = fitted.predict(values[rows(scans)])
        lines += table.lines(side, part.number, scans, predicted, **more)
    return lines, fitted.alpha


def network_size(path: Path) -> dict[str, Any]:
    """Return how large the network was whose features these are, as far as the file says it."""
    arrays = read_npz(path)
    return {name: arrays[name].tolist() for name in SIZES if name in arrays}


def epochs(paths: list[Path]) -> dict[str, list[int]]:
    """Return the epoch that each fold's weights are of, as far as the files say it."""
    found = [read_npz(path).get("epoch") for path in paths]
    return {} if any(epoch is None for epoch in found) else {"epochs": [int(e) for e in found]}


def summary(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the metrics of a predictions file's lines: of the test lines unless named train."""
    columns = {
        side: {
            name: np.array([line[name] for line in lines if line["split"] == side])
            for name in ("age", "predicted_age", "own_prediction")
            if name in lines[0]
        }
        for side in ("train", "test")
    }
    train, test = columns["train"], columns["test"]
    report = scores(test["age"], test["predicted_age"])
    report |= {"n_test": len(test["age"]), "train_mae": mae(train["age"], train["predicted_age"])}
    if "own_prediction" in test:
        report["mae_own"] = mae(test["age"], test["own_prediction"])
    return report


def _plain(report: dict[str, Any]) -> dict[str, Any]:
    """Return the report with null for NaN, which JSON does not have."""
    return {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in report.items()
    }

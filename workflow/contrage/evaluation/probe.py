"""What a frozen encoder's features say about the target, read by a ridge regression.

Of a binary target, by a logistic regression.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import Ridge

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
from contrage.evaluation.coefficients import write_coefficients
from contrage.evaluation.logistic import Logistic
from contrage.evaluation.network import epochs, network_size
from contrage.evaluation.predictions import Fold
from contrage.evaluation.scored import baseline, dealt, of_lines, write_lines, write_metrics
from contrage.learning.folds import read_scans
from contrage.settings.blocks.probe import ProbeSettings
from contrage.settings.steps.evaluation import ProbeStep
from contrage.target import PredictedTarget


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
    coefficients: list[Path] | None = None,
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
    coefficients : list of Path, optional
        Output: a file for each training.

    Raises
    ------
    LeakageError, TableError
        As `probe_training`, and if there are not as many files for each training.
    """
    seeds = settings.seeds
    files = {
        "features": dealt(features, len(seeds)),
        "scans": dealt(scans * len(seeds) if len(scans) == 1 else scans, len(seeds)),
        "unseen": dealt(unseen or [], len(seeds)),
        "unseen_splits": dealt(unseen_splits or [], len(seeds)),
        "split": splits * len(seeds) if len(splits) == 1 else splits,
        "predictions": predictions,
        "metrics": metrics,
        "coefficients": coefficients or [None] * len(seeds),
    }
    for name in ("split", "predictions", "metrics", "coefficients"):
        if len(files[name]) != len(seeds):
            raise TableError(f"{len(files[name])} files of {name}, but {len(seeds)} seeds")
    for seed, *own in zip(seeds, *files.values(), strict=True):
        probe_training(settings, seed, **dict(zip(files, own, strict=True)))


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
    coefficients: Path | None = None,
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
    coefficients : Path, optional
        Output npz: what each fold's probe is (`contrage.evaluation.coefficients`).

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
    lines = write_lines(predictions, target, parts, of_fold)
    report = of_lines(lines, target)
    report |= {
        "alpha": [each.alpha for each in fits],
        "alpha_candidates": candidates(settings.probe),
    }
    if not target.is_binary:
        report |= _errors_at_alphas(parts, found) | {"mae_baseline": baseline(parts)}
    report |= {**network_size(features[0]), **epochs(features)}
    write_metrics(metrics, settings.row, seed, report, target)
    if coefficients is not None:
        write_coefficients(coefficients, [part.number for part in parts], fits)


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


def _errors_at_alphas(parts: list[Fold], found: list[Features]) -> dict[str, Any]:
    """Return the test errors at each of some α, whichever were chosen."""
    errors = [errors_at(part, own) for part, own in zip(parts, found, strict=True)]
    at = np.concatenate(errors).mean(0)
    return {"mae_at_alpha": [[alpha, float(error)] for alpha, error in zip(FIXED, at, strict=True)]}

"""The coefficients of a row's probes: what predicts from features, without fitting again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.linear_model import Ridge

from contrage.errors import TableError
from contrage.evaluation.logistic import Logistic
from contrage.files import atomic, read_npz

OF_FOLD = ("fold", "coef", "intercept", "alpha", "mean", "scale")
"""Arrays of the file, each with one line per fold."""


def write_coefficients(path: Path, folds: Sequence[int], fits: Sequence[Ridge | Logistic]) -> None:
    """Write the probes of one seed's folds.

    Parameters
    ----------
    path : Path
        Output npz: fold (F,), coef (F, d), intercept (F,), alpha (F,), and by what features are
        scored before: mean and scale (F, d), 0 and 1 of a ridge regression, which takes features
        as they are. What is predicted of features x is ``(x - mean) / scale @ coef + intercept``,
        in the target's unit; of a binary target the score, its log odds.
    folds : sequence of int
        Their numbers.
    fits : sequence of Ridge or Logistic
        The fitted probe of each.
    """
    parts = [_of(fit) for fit in fits]
    arrays = {name: np.stack([part[name] for part in parts]) for name in parts[0]}
    with atomic(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, fold=np.asarray(folds, int), **arrays)


def _of(fit: Ridge | Logistic) -> dict[str, np.ndarray]:
    """Return the numbers of one fitted probe."""
    if isinstance(fit, Logistic):
        scores, model = fit.model[0], fit.model[-1]
        mean, scale = scores.mean_, scores.scale_
    else:
        model = fit
        mean, scale = np.zeros(model.coef_.size), np.ones(model.coef_.size)
    return {
        "coef": np.ravel(model.coef_).astype(float),
        "intercept": np.float64(np.ravel(model.intercept_)[0]),
        "alpha": np.float64(fit.alpha),
        "mean": np.asarray(mean, float),
        "scale": np.asarray(scale, float),
    }


def read_coefficients(path: Path) -> dict[int, dict[str, np.ndarray]]:
    """Return fold → coef, intercept, alpha, mean and scale, as `write_coefficients` wrote them.

    Raises
    ------
    TableError
        If the file is none of these.
    """
    found = read_npz(path)
    if set(found) != set(OF_FOLD):
        raise TableError(f"{path}: it holds no coefficients of a probe; delete it, and run again")
    names = OF_FOLD[1:]
    return {
        int(fold): {name: found[name][at] for name in names}
        for at, fold in enumerate(found["fold"])
    }

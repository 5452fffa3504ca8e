"""How far predicted ages are from true ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def mae(age: ArrayLike, predicted: ArrayLike) -> float:
    """Return the mean absolute error, years."""
    return float(np.abs(np.subtract(predicted, age)).mean())


def rmse(age: ArrayLike, predicted: ArrayLike) -> float:
    """Return the root of the mean squared error, years."""
    return float(np.sqrt(np.square(np.subtract(predicted, age)).mean()))


def r2(age: ArrayLike, predicted: ArrayLike) -> float:
    """Return the share of variance explained; NaN where all ages are the same.

    It is negative where predictions are worse than the mean of these ages.
    """
    age = np.asarray(age, float)
    total = np.square(age - age.mean()).sum()
    return float(1 - np.square(age - predicted).sum() / total) if total > 0 else float("nan")


def pearson(age: ArrayLike, predicted: ArrayLike) -> float:
    """Return Pearson's correlation; NaN where either side is constant."""
    x, y = np.asarray(age, float), np.asarray(predicted, float)
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    x, y = x - x.mean(), y - y.mean()
    return float(x @ y / np.sqrt((x @ x) * (y @ y)))


def scores(age: ArrayLike, predicted: ArrayLike) -> dict[str, float]:
    """Return all four by name: mae, rmse, r2, r."""
    return {
        "mae": mae(age, predicted),
        "rmse": rmse(age, predicted),
        "r2": r2(age, predicted),
        "r": pearson(age, predicted),
    }

"""Ridge regression with its α chosen inside the training scans.

A few lines of NumPy, equal to scikit-learn's `Ridge` and `GridSearchCV` (tested): importing
scikit-learn takes longer than all probes of a demo, and every probe is a process of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contrage.evaluation.metrics import r2

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ridge:
    """A fitted ridge regression.

    Attributes
    ----------
    alpha : float
    coefficients : ndarray of shape (d,)
    intercept : float
    """

    alpha: float
    coefficients: Floats
    intercept: float

    def predict(self, features: Floats) -> Floats:
        """Return predicted ages (n,) of features (n, d)."""
        return features @ self.coefficients + self.intercept


def fit_path(features: Floats, ages: Floats, alphas: Sequence[float]) -> list[Ridge]:
    """Fit one ridge regression per α, all from one singular value decomposition.

    Minimises |y − Xw − b|² + α|w|²; the intercept b is not penalised.

    Parameters
    ----------
    features : ndarray of shape (n, d)
    ages : ndarray of shape (n,)
    alphas : sequence of float
        Above 0.
    """
    centre, mean = features.mean(0), ages.mean()
    u, s, v = np.linalg.svd(features - centre, full_matrices=False)
    projected = u.T @ (ages - mean)
    fits = []
    for alpha in alphas:
        weights = v.T @ (s / (s**2 + alpha) * projected)
        fits.append(Ridge(float(alpha), weights, float(mean - centre @ weights)))
    return fits


def fit(
    features: NDArray[np.floating],
    ages: Floats,
    participants: Sequence[str],
    alphas: Sequence[float] = (0.01, 0.1, 1.0, 10.0, 100.0),
    folds: int = 5,
) -> Ridge:
    """Fit a ridge regression whose α has the best mean R² in cross-validation.

    The authors' estimator (Barbano et al. 2023, `estimators.py`): features as they are, five
    folds, R². Here all scans of a participant are in one fold. R² needs two different ages in a
    fold; where there are too few participants for that, there are fewer folds, and with fewer
    than four participants the middle α is taken unseen.

    Parameters
    ----------
    features : ndarray of shape (n, d)
        Of the training scans only.
    ages : ndarray of shape (n,)
        Years.
    participants : sequence of str
        Whose scan each one is.
    alphas : sequence of float
        Candidates; of equally good ones the first is taken.
    folds : int
        At most.
    """
    features, ages = np.asarray(features, float), np.asarray(ages, float)
    number = fold_numbers(participants, folds)
    if number.max() == 0:
        return fit_path(features, ages, [sorted(alphas)[len(alphas) // 2]])[0]
    quality = np.zeros(len(alphas))
    for held_out in range(number.max() + 1):
        test = number == held_out
        path = fit_path(features[~test], ages[~test], alphas)
        quality += np.nan_to_num(
            [r2(ages[test], fitted.predict(features[test])) for fitted in path]
        )
    return fit_path(features, ages, [alphas[int(np.argmax(quality))]])[0]


def fold_numbers(participants: Sequence[str], folds: int) -> NDArray[np.int_]:
    """Return the fold (0 to k-1) of every scan, the same for all scans of a participant.

    Participants are shuffled (always alike) before they are dealt out: tables are often sorted by
    study, and a study per fold would choose α for another question.
    """
    names, person = np.unique(np.asarray(participants, dtype=str), return_inverse=True)
    count = max(1, min(folds, len(names) // 2))
    dealt = np.random.default_rng(0).permutation(len(names)) % count
    return dealt[person]

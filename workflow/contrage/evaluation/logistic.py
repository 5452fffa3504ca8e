"""Logistic regression with its penalty chosen inside the training scans, by scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

Floats = NDArray[np.float64]

STEPS = 10_000  # of the solver, which needs a hundred; with a small penalty some thousands


@dataclass(frozen=True)
class Logistic:
    """A fitted probe of two sides; as a ridge regression it has `alpha` and `predict`.

    Attributes
    ----------
    alpha : float
        The penalty: 1 / C of scikit-learn.
    model : Pipeline
        z-scores, then the regression.
    """

    alpha: float
    model: Pipeline

    def predict(self, features: Floats) -> Floats:
        """Return the score (n,) of features (n, d): the decision function, the log odds."""
        return self.model.decision_function(features)


def fit_at(features: Floats, sides: Floats, alpha: float) -> Logistic:
    """Fit a logistic regression with a given penalty on z-scored features.

    Mean and SD are those of the features given. Both sides have the same weight in all, whatever
    the numbers of their scans, as in the loss `bce`: the threshold .5 is for equal odds.

    Parameters
    ----------
    features : ndarray of shape (n, d)
        Of the training scans only.
    sides : ndarray of shape (n,)
        0 and 1.
    alpha : float
        Above 0.
    """
    regression = LogisticRegression(C=1 / alpha, class_weight="balanced", max_iter=STEPS)
    model = make_pipeline(StandardScaler(), regression).fit(features, sides.astype(int))
    return Logistic(float(alpha), model)


def losses_at(
    features: Floats, sides: Floats, alphas: Sequence[float], others: Floats, truth: Floats
) -> Floats:
    """Return the log loss (m, alphas) of each of other scans at each penalty.

    Parameters
    ----------
    features, sides
        As of `fit_at`.
    alphas : sequence of float
    others : ndarray of shape (m, d)
        Features of the scans to judge by.
    truth : ndarray of shape (m,)
        Their sides.
    """
    scores = [fit_at(features, sides, alpha).predict(others) for alpha in alphas]
    signs = np.where(truth == 1, -1.0, 1.0)
    return np.stack([np.logaddexp(0, signs * each) for each in scores], axis=1)


def fit(
    features: Floats,
    sides: Floats,
    participants: Sequence[str],
    alphas: Sequence[float],
    folds: int,
) -> Logistic:
    """Fit a logistic regression whose penalty has the smallest log loss in cross-validation.

    All scans of a participant are in one fold, and each fold has people of both sides where there
    are enough; with fewer than two participants of a side the middle penalty is taken unseen. Both
    sides weigh alike in the mean.

    Parameters
    ----------
    features : ndarray of shape (n, d)
        Of the training scans only.
    sides : ndarray of shape (n,)
        0 and 1.
    participants : sequence of str
        Whose scan each one is.
    alphas : sequence of float
        Candidates; of equally good ones the first is taken.
    folds : int
        At most.
    """
    features, sides = np.asarray(features, float), np.asarray(sides, float)
    people = np.asarray(participants, dtype=str)
    alpha = sorted(alphas)[len(alphas) // 2]
    count = min(folds, *(len(np.unique(people[sides == side])) for side in (0, 1)))
    if count > 1:
        found = np.full((len(sides), len(alphas)), np.nan)
        dealer = StratifiedGroupKFold(count, shuffle=True, random_state=0)
        for train, test in dealer.split(features, sides.astype(int), people):
            if len(np.unique(sides[train])) == 2:
                given = features[train], sides[train], alphas
                found[test] = losses_at(*given, features[test], sides[test])
        alpha = alphas[best(found, sides)]
    return fit_at(features, sides, alpha)


def best(losses: Floats, sides: Floats) -> int:
    """Return which penalty has the smallest mean loss, both sides weighing alike.

    Parameters
    ----------
    losses : ndarray of shape (n, alphas)
        NaN where a scan was not judged.
    sides : ndarray of shape (n,)
    """
    known = np.isfinite(losses).all(1)
    parts = [losses[known & (sides == side)] for side in (0, 1)]
    means = [part.mean(0) for part in parts if len(part)]
    return int(np.sum(means, axis=0).argmin()) if means else losses.shape[1] // 2

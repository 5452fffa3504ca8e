"""Ridge regression with its α chosen inside the training scans, by scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import PredefinedSplit

Floats = NDArray[np.float64]


def predict_path(
    features: Floats, targets: Floats, alphas: Sequence[float], others: Floats
) -> Floats:
    """Predict by one ridge regression per α, all from one singular value decomposition.

    To scikit-learn each α has a target of its own, which are all the same.

    Parameters
    ----------
    features : ndarray of shape (n, d)
    targets : ndarray of shape (n,)
    alphas : sequence of float
        Above 0.
    others : ndarray of shape (m, d)

    Returns
    -------
    ndarray of shape (m, alphas)
        In the target's unit.
    """
    alike = np.repeat(np.asarray(targets, float)[:, None], len(alphas), axis=1)
    path = Ridge(alpha=np.asarray(alphas, float), solver="svd").fit(features, alike)
    return path.predict(others).reshape(len(others), len(alphas))


def fit(
    features: NDArray[np.floating],
    targets: Floats,
    participants: Sequence[str],
    alphas: Sequence[float],
    folds: int,
) -> Ridge:
    """Fit a ridge regression whose α has the best mean R² in cross-validation.

    The authors' estimator (Barbano et al. 2023, `estimators.py`): features as they are, five
    folds, R². Here all scans of a participant are in one fold. R² needs two different targets
    in a fold; where there are too few participants for that, there are fewer folds, and with fewer
    than four participants the middle α is taken unseen.

    Parameters
    ----------
    features : ndarray of shape (n, d)
        Of the training scans only.
    targets : ndarray of shape (n,)
    participants : sequence of str
        Whose scan each one is.
    alphas : sequence of float
        Candidates; of equally good ones the first is taken.
    folds : int
        At most.
    """
    features, targets = np.asarray(features, float), np.asarray(targets, float)
    number = fold_numbers(participants, folds)
    alpha = sorted(alphas)[len(alphas) // 2]
    if number.max() > 0:
        # GridSearchCV decomposes the features anew for every α (four times as slow at 800 scans),
        # or by Cholesky, which on collinear features chooses others by its rounding.
        quality = np.zeros(len(alphas))
        for train, test in PredefinedSplit(number).split():
            found = predict_path(features[train], targets[train], alphas, features[test])
            true = np.repeat(targets[test, None], len(alphas), axis=1)
            quality += r2_score(true, found, multioutput="raw_values")
        alpha = alphas[int(quality.argmax())]
    return Ridge(alpha=float(alpha), solver="svd").fit(features, targets)


def fold_numbers(participants: Sequence[str], folds: int) -> NDArray[np.int_]:
    """Return the fold (0 to k-1) of every scan, the same for all scans of a participant.

    Participants are shuffled (always alike) before they are dealt out: tables are often sorted by
    study, and a study per fold would choose α for another question. GroupKFold(shuffle=True) deals
    as well, but otherwise than it was done for all results so far: some would get another α.
    """
    names, person = np.unique(np.asarray(participants, dtype=str), return_inverse=True)
    count = max(1, min(folds, len(names) // 2))
    dealt = np.random.default_rng(0).permutation(len(names)) % count
    return dealt[person]

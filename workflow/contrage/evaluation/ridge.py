"""Ridge regression with its α chosen inside the training scans, by scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, PredefinedSplit

Floats = NDArray[np.float64]


def fit_path(features: Floats, ages: Floats, alphas: Sequence[float]) -> Ridge:
    """Fit one ridge regression per α, all from one singular value decomposition.

    Parameters
    ----------
    features : ndarray of shape (n, d)
    ages : ndarray of shape (n,)
    alphas : sequence of float
        Above 0.

    Returns
    -------
    Ridge
        Its predictions have a column per α: to scikit-learn each is another target, of the same
        ages.
    """
    targets = np.repeat(np.asarray(ages, float)[:, None], len(alphas), axis=1)
    return Ridge(alpha=np.asarray(alphas, float), solver="svd").fit(features, targets)


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
    alpha = sorted(alphas)[len(alphas) // 2]
    if number.max() > 0:
        search = GridSearchCV(
            Ridge(), {"alpha": alphas}, scoring="r2", cv=PredefinedSplit(number), refit=False
        )
        alpha = search.fit(features, ages).best_params_["alpha"]
    # Cholesky, as above, is quick to choose by; on collinear features its digits are fewer.
    return Ridge(alpha=float(alpha), solver="svd").fit(features, ages)


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

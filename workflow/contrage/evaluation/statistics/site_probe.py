"""How much of the site an embedding gives away, and the score of the OpenBHB challenge.

Two probes. The challenge's own depends on the scale of the features (a fixed grid of penalties, a
solver that stops after 150 steps): embeddings of unit length times .01 hide from it a site that
they hold. So a second one stands beside it whose answer no scale changes.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import PredefinedSplit, StratifiedKFold

from contrage.errors import TableError
from contrage.settings.blocks.statistics import StatisticsSettings

Floats = NDArray[np.float64]
Kind = Literal["released", "invariant"]

KINDS: tuple[Kind, ...] = ("released", "invariant")
GRID = (0.01, 0.1, 1.0, 10.0, 100.0)
"""C of scikit-learn, as in the challenge's kit; so are the steps and the number of folds."""
STEPS = 150
CONVERGED = 10_000
FOLDS = 5
CHUNK = 200
HIGH = 0.95
"""Quantile of chance that an accuracy is shown against."""
APART = 0.05
"""Difference of the two probes' accuracies above which the scale of the features decides."""
EXPONENT = 0.3
NOTHING = 1e-12


@dataclass(frozen=True)
class SiteRecovery:
    """How well sites are recovered.

    Attributes
    ----------
    balanced_accuracy : float
        Mean recall over the sites of the test people.
    chance : float
        One over the sites that there were to choose from.
    null_mean, null_high : float
        Mean and 95th percentile of the balanced accuracy if predictions are dealt to other people.
    p : float
        How often that is as accurate; never 0.
    """

    balanced_accuracy: float
    chance: float
    null_mean: float
    null_high: float
    p: float


def predict_sites(
    kind: Kind, features: ArrayLike, sites: ArrayLike, participants: ArrayLike, others: ArrayLike
) -> NDArray[np.str_]:
    """Return the sites that a probe gives to others.

    Logistic regression whose C has the best balanced accuracy in five folds by participant with all
    sites in each, as far as they have people enough; with fewer than two people at all sites but
    one, the middle C is taken unseen. "released" is that of the challenge's kit (Dufumier et al.,
    NeuroImage 263:119637, 2022): saga, 150 steps, features as they are. "invariant" is on z-scores
    of the training rows, by lbfgs until it has converged.

    Parameters
    ----------
    kind : {"released", "invariant"}
    features : array of shape (n, d)
        Of the training scans: the encoder's, as the probe of age reads them, not of unit length.
    sites : array of shape (n,)
        Of scanner and protocol.
    participants : array of shape (n,)
    others : array of shape (m, d)

    Returns
    -------
    ndarray of str, shape (m,)

    Raises
    ------
    TableError
        If there are not two sites.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import make_scorer
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    names, people = np.asarray(sites).astype(str), np.asarray(participants).astype(str)
    if len(np.unique(names)) < 2:
        raise TableError("no site to be predicted: the training scans are of one site")
    if kind == "released":
        regression = LogisticRegression(solver="saga", max_iter=STEPS, random_state=0)
        model = make_pipeline("passthrough", regression)
    else:
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=CONVERGED))
    rows = np.asarray(features, float)
    with warnings.catch_warnings():
        if kind == "released":  # 150 steps are what it is
            warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        folds = _folds(names, people)
        if folds is None:
            model.set_params(logisticregression__C=GRID[len(GRID) // 2])
        else:
            asked = {"logisticregression__C": list(GRID)}
            model = GridSearchCV(model, asked, scoring=make_scorer(mean_recall), cv=folds)
        return model.fit(rows, names).predict(np.asarray(others, float))


def _folds(sites: NDArray[np.str_], participants: NDArray[np.str_]) -> PredefinedSplit | None:
    """Return folds of people; None where no two sites have people in two of them.

    Where everyone has one scan they are the kit's, the stratified ones of scikit-learn. Its
    `StratifiedGroupKFold` keeps people together as well, but deals them otherwise.
    """
    person, names = pd.factorize(participants)
    at = sites[np.unique(person, return_index=True)[1]]
    sizes = np.sort(np.unique(at, return_counts=True)[1])
    if len(sizes) < 2 or sizes[-2] < 2:
        return None
    count, fold = min(FOLDS, int(sizes[-2])), np.empty(len(names), int)
    for number, (_, test) in enumerate(StratifiedKFold(count).split(at, at)):
        fold[test] = number
    return PredefinedSplit(fold[person])


def mean_recall(true: ArrayLike, predicted: ArrayLike) -> float:
    """Return the mean recall over the sites that are there, whatever else is predicted.

    `sklearn.metrics.balanced_accuracy_score` has the same, and warns of such predictions.
    """
    from sklearn.metrics import recall_score

    labels = np.unique(np.asarray(true))
    return float(recall_score(true, predicted, labels=labels, average="macro"))


def site_recovery(
    true: ArrayLike,
    predicted: ArrayLike,
    participants: ArrayLike,
    n_sites: int,
    settings: StatisticsSettings,
) -> SiteRecovery:
    """Return how well the sites of test people are recovered, beside what chance gives.

    Scans of a participant at a site weigh 1 together, and their predictions are dealt together in
    the null: refitting the probe for it would take minutes.

    Parameters
    ----------
    true, predicted, participants : array of shape (n,)
        Of the internal test scans; external people have no site that could be known.
    n_sites : int
        Of the training scans.
    settings : StatisticsSettings
        `permutations` are the draws of the null.

    Raises
    ------
    TableError
        If there is nobody.
    """
    if not len(np.asarray(true)):
        raise TableError("no site to be recovered: no internal test scan has one")
    sites, given = np.asarray(true).astype(str), np.asarray(predicted).astype(str)
    place, names = pd.factorize(sites, sort=True)
    keys = [np.asarray(participants).astype(str), place]
    # A prediction that is nobody's site is wrong for everyone: it needs no column.
    right = (given[:, None] == names).astype(float)
    people = pd.DataFrame(right).groupby(keys, sort=True).mean()
    site = people.index.get_level_values(1).to_numpy(int)
    shares = people.to_numpy()
    weight = 1 / np.bincount(site)[site] / len(names)
    found = float(shares[np.arange(len(site)), site] @ weight)
    rng = np.random.default_rng(settings.seed)
    parts = []
    for start in range(0, settings.permutations, CHUNK):
        size = min(CHUNK, settings.permutations - start)
        dealt = rng.permuted(np.tile(np.arange(len(site)), (size, 1)), axis=1)
        parts.append(shares[dealt, site] @ weight)
    null = np.concatenate(parts)
    return SiteRecovery(
        balanced_accuracy=found,
        chance=1 / n_sites,
        null_mean=float(null.mean()),
        null_high=float(np.quantile(null, HIGH)),
        p=(1 + int((null >= found - NOTHING).sum())) / (1 + len(null)),
    )


def scale_decides(released: float, invariant: float) -> bool:
    """Tell whether the probes' balanced accuracies differ by more than .05."""
    return abs(released - invariant) > APART


def challenge_score(balanced_accuracy: float, mae_external: float) -> float:
    """Return the score of the OpenBHB challenge: BAcc^.3 · MAE of external people; low is good.

    As the challenge's kit computes it today; until 2022 its score was another, MAE_ext · BAcc +
    MAE_int / 64, which does not bear this name here.

    Parameters
    ----------
    balanced_accuracy : float
        Of the site, on internal test people, from 0 to 1.
    mae_external : float
        In years.
    """
    return balanced_accuracy**EXPONENT * mae_external

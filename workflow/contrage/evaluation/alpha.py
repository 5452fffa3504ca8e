"""The probe's penalty α: on whom it is chosen, and what others of it would have given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from contrage.dataset.roles import CHOSEN_BY
from contrage.errors import TableError
from contrage.evaluation import logistic, ridge
from contrage.evaluation import predictions as table
from contrage.evaluation.logistic import Logistic
from contrage.evaluation.predictions import Fold
from contrage.files import read_npz
from contrage.learning.folds import Scans
from contrage.settings.blocks.probe import ProbeSettings

FIXED = (0.01, 0.1, 1.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6)
"""The α at which the page shows every row's error, whichever was chosen."""


def candidates(settings: ProbeSettings) -> tuple[float, ...]:
    """Return the α that a probe with these settings chooses from."""
    return settings.unseen.alphas if settings.alpha == "unseen" else settings.alphas


class Features:
    """The features of one fold's encoder, by scan.

    Parameters
    ----------
    path : Path
        npz of a training: scan_id (N,), features (N, d), prediction (N,) where there is one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.arrays = read_npz(path)
        self._place = {scan: at for at, scan in enumerate(self.arrays["scan_id"].tolist())}

    def places(self, scans: Scans) -> list[int]:
        """Return where some scans are; raise `TableError` if one is not there."""
        missing = [scan for scan in scans.ids if scan not in self._place]
        if missing:
            raise TableError(f"{self.path}: no features of {missing[0]}; make them again")
        return [self._place[scan] for scan in scans.ids]

    def of(self, scans: Scans) -> NDArray[np.float64]:
        """Return the features (n, d) of some scans."""
        return self.column("features", scans)

    def column(self, name: str, scans: Scans) -> NDArray[np.float64]:
        """Return an array's rows of some scans; raise `TableError` where one is no number."""
        values = self.arrays[name][self.places(scans)].astype(float)
        if not np.isfinite(values).all():
            raise TableError(
                f"{self.path}: {name} that are no finite numbers; the training went astray: lower "
                "training.learning_rate, or raise the loss's temperature"
            )
        return values


def fitted(
    part: Fold, features: Features, settings: ProbeSettings, is_binary: bool = False
) -> Ridge | Logistic:
    """Fit a fold's probe, its α chosen by cross-validation on the training scans (the authors').

    These are scans whose targets the encoder has learned from: on features that fit them the choice
    finds signal where there is none, so that it says little about others.
    """
    train = part.train
    chosen = settings.alphas, settings.folds
    fit = logistic.fit if is_binary else ridge.fit
    return fit(features.of(train), train.targets, train.participants, *chosen)


def fitted_unseen(
    part: Fold,
    features: Features,
    inner: Fold,
    inner_features: Features,
    alphas: Sequence[float],
    is_binary: bool = False,
) -> Ridge | Logistic:
    """Fit a fold's probe, its α chosen on people whom an encoder like this has not seen.

    Parameters
    ----------
    part : Fold
    features : Features
        Of the encoder that learned from all training scans.
    inner : Fold
        Of the training scans: `train`, from whom a second encoder learned, and `test`, on whom the
        penalty is chosen, by the mean absolute error; of a binary target by the log loss.
    inner_features : Features
        Of that second encoder.
    alphas : sequence of float
        Candidates; of equally good ones the first is taken.
    is_binary : bool
    """
    train = part.train
    if is_binary:
        own, judged = inner.train, inner.test
        given = inner_features.of(own), own.targets, alphas
        losses = logistic.losses_at(*given, inner_features.of(judged), judged.targets)
        chosen = alphas[logistic.best(losses, judged.targets)]
        return logistic.fit_at(features.of(train), train.targets, chosen)
    alpha = alphas[int(errors_at(inner, inner_features, alphas).mean(0).argmin())]
    return Ridge(alpha=float(alpha), solver="svd").fit(features.of(train), train.targets)


def inner_fold(split: Path, part: Fold) -> Fold:
    """Return the one fold of a split inside a fold's training scans; it can have no other scan.

    But those of role val, by whom an early stop may have chosen the epoch.
    """
    own = part.train
    if CHOSEN_BY in part.parts:
        own = own.and_also(part.parts[CHOSEN_BY])
    (found,) = table.folds(split, own)
    return found


def errors_at(
    part: Fold, features: Features, alphas: Sequence[float] = FIXED
) -> NDArray[np.float64]:
    """Return the absolute errors (test scans, α) of a fold at each α, in the target's unit."""
    train, test = part.train, part.test
    found = ridge.predict_path(features.of(train), train.targets, alphas, features.of(test))
    return np.abs(found - test.targets[:, None])

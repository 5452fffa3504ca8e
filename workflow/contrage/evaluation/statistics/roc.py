"""How well a score tells two sides apart: areas under ROC curves, and their differences.

`sklearn.metrics.roc_auc_score` has the area of one score; here its standard error is wanted as
well, and the covariance with other scores of the same people, for which there is no library.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, rankdata
from sklearn.metrics import roc_curve

Floats = NDArray[np.float64]

NOTHING = 1e-12
"""Difference of areas, and part of their variance, below which a number is rounding."""


@dataclass(frozen=True)
class Areas:
    """Areas under the ROC curves of several scores of the same people.

    Attributes
    ----------
    auc : ndarray of shape (scores,)
        P(positive > negative) + ½ P(tie). NaN where a side has nobody.
    covariance : ndarray of shape (scores, scores)
        Of these areas, over people. NaN where a side has fewer than two.
    """

    auc: Floats
    covariance: Floats

    @property
    def error(self) -> Floats:
        """Return the standard error of each area (scores,)."""
        return np.sqrt(np.diag(self.covariance))

    def means(self, of: Sequence[Sequence[int]]) -> Areas:
        """Return the mean areas of some sets of scores, such as those of all seeds.

        Parameters
        ----------
        of : sequence of sequence of int
            Places among the scores: one sequence a mean.
        """
        weights = np.zeros((len(of), len(self.auc)))
        for line, places in enumerate(of):
            weights[line, list(places)] = 1 / len(places)
        return Areas(weights @ self.auc, weights @ self.covariance @ weights.T)

    def interval(self, confidence: float) -> tuple[Floats, Floats]:
        """Return the interval of each area (scores,) by the normal distribution, from 0 to 1."""
        half = norm.ppf(0.5 + confidence / 2) * self.error
        return np.maximum(self.auc - half, 0), np.minimum(self.auc + half, 1)

    def compare(self, first: int, second: int) -> tuple[float, float, float, float]:
        """Test whether two scores have the same area.

        Parameters
        ----------
        first, second : int
            Their places among the scores.

        Returns
        -------
        (float, float, float, float)
            Difference, its standard error, z, and p of both sides. Scores that rank everyone alike
            have p 1; where areas differ without any spread to measure in, z and p are NaN.
        """
        difference = float(self.auc[first] - self.auc[second])
        pair = self.covariance[np.ix_([first, second], [first, second])]
        variance = float(pair[0, 0] + pair[1, 1] - 2 * pair[0, 1])
        if variance <= NOTHING * (pair[0, 0] + pair[1, 1]):
            p = 1.0 if abs(difference) <= NOTHING else float("nan")
            return difference, 0.0, float("nan"), p
        error = variance**0.5
        z = difference / error
        return difference, error, z, float(2 * norm.sf(abs(z)))


def areas(scores: ArrayLike, is_positive: ArrayLike) -> Areas:
    """Return the areas of some scores with their covariance.

    The method of DeLong et al. (Biometrics 44:837, 1988) from midranks (Sun and Xu, IEEE Signal
    Process Lett 21:1389, 2014, algorithm 2): the placement of a positive is the part of negatives
    below it, that of a negative the part of positives above it, ties counting half. The covariance
    of areas is that of placements over their number, summed over both sides.

    Parameters
    ----------
    scores : array of shape (scores, n)
        One scan a person: more would be told as more people than there are.
    is_positive : array of bool, shape (n,)
    """
    values = np.atleast_2d(np.asarray(scores, float))
    positive = np.asarray(is_positive, bool)
    placed = [placements(row, positive) for row in values]
    above = np.stack([of_positives for of_positives, _ in placed])
    below = np.stack([of_negatives for _, of_negatives in placed])
    count = len(values)
    if not above.shape[1] or not below.shape[1]:
        return Areas(np.full(count, np.nan), np.full((count, count), np.nan))
    return Areas(above.mean(1), _covariance_of_mean(above) + _covariance_of_mean(below))


def _covariance_of_mean(placed: Floats) -> Floats:
    """Return the covariance (scores, scores) of the means of placements (scores, people)."""
    count, people = placed.shape
    if people < 2:
        return np.full((count, count), np.nan)
    return np.cov(placed, ddof=1).reshape(count, count) / people


def placements(score: ArrayLike, is_positive: ArrayLike) -> tuple[Floats, Floats]:
    """Return the placement of every positive among negatives, and the other way round.

    Parameters
    ----------
    score : array of shape (n,)
    is_positive : array of bool, shape (n,)

    Returns
    -------
    (ndarray of shape (positives,), ndarray of shape (negatives,))
        Each from 0 to 1, the higher the better told apart; NaN where the other side has nobody.
    """
    values, positive = np.asarray(score, float), np.asarray(is_positive, bool)
    ranks = rankdata(values)
    first, second = values[positive], values[~positive]
    with np.errstate(invalid="ignore"):
        of_positives = (ranks[positive] - rankdata(first)) / np.float64(len(second))
        of_negatives = 1 - (ranks[~positive] - rankdata(second)) / np.float64(len(first))
    return of_positives, of_negatives


def auc_table(scores: pd.DataFrame, is_positive: ArrayLike) -> pd.DataFrame:
    """Return the area of every score.

    Parameters
    ----------
    scores : DataFrame of shape (n, scores)
        A column a score (the gap, age alone …), one scan a person.
    is_positive : array of bool, shape (n,)

    Returns
    -------
    DataFrame
        score, auc, se, n_positive, n_negative.
    """
    found = areas(scores.to_numpy(float).T, is_positive)
    positives = int(np.asarray(is_positive, bool).sum())
    told = {"score": list(scores.columns), "auc": found.auc, "se": found.error}
    numbers = {"n_positive": positives, "n_negative": len(scores) - positives}
    return pd.DataFrame(told).assign(**numbers)


def auc_differences(
    scores: pd.DataFrame, is_positive: ArrayLike, pairs: Sequence[tuple[str, str]] | None = None
) -> pd.DataFrame:
    """Compare the areas of scores of the same people by DeLong's test.

    Parameters
    ----------
    scores, is_positive
        As of `auc_table`.
    pairs : sequence of (str, str), optional
        Which are compared: all that there are, unless told.

    Returns
    -------
    DataFrame
        first, second, difference (first − second), se, z, p (not adjusted for the number of pairs).
    """
    found = areas(scores.to_numpy(float).T, is_positive)
    place = {name: at for at, name in enumerate(scores.columns)}
    asked = list(combinations(scores.columns, 2)) if pairs is None else pairs
    lines = [(*pair, *found.compare(place[pair[0]], place[pair[1]])) for pair in asked]
    return pd.DataFrame(lines, columns=["first", "second", "difference", "se", "z", "p"])


def roc_points(score: ArrayLike, is_positive: ArrayLike) -> pd.DataFrame:
    """Return the corners of an ROC curve: false_positive_rate, true_positive_rate.

    No lines where a side has nobody.
    """
    sides = np.asarray(is_positive, bool)
    columns = ["false_positive_rate", "true_positive_rate"]
    if sides.all() or not sides.any():
        return pd.DataFrame(columns=columns, dtype=float)
    wrong, right, _ = roc_curve(sides, np.asarray(score, float))
    return pd.DataFrame(dict(zip(columns, (wrong, right), strict=True)))

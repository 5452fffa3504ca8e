"""How much sites differ: means of sites, drawn towards each other as far as chance explains them.

A random-effects model: the mean of a site is a draw around the mean of all sites, with variance τ²,
plus the chance of its few people. τ² is that of Paule and Mandel, as statsmodels has it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, t


@dataclass(frozen=True)
class SiteMeans:
    """Means of sites under the model.

    Attributes
    ----------
    sites : DataFrame
        By site: people, value (the plain mean), shrunk, low and high (its interval).
    mean : float
        Of all sites, each weighing by how well it is known.
    between : float
        τ, the SD between sites.
    new_low, new_high : float
        Where the mean of a further site like these is expected.
    """

    sites: pd.DataFrame
    mean: float
    between: float
    new_low: float
    new_high: float


def shrunken(values: ArrayLike, sites: ArrayLike, confidence: float) -> SiteMeans | None:
    """Return the means of sites, each drawn towards the mean of all.

    Parameters
    ----------
    values : array of shape (people,)
    sites : array of shape (people,)
        Where each person was scanned.
    confidence : float
        Of the intervals.

    Returns
    -------
    SiteMeans or None
        None with fewer than two sites, or where no site has two people.
    """
    from statsmodels.stats.meta_analysis import combine_effects

    told = pd.DataFrame({"value": np.asarray(values, float), "site": np.asarray(sites, str)})
    groups = told.groupby("site")["value"]
    means, people = groups.mean(), groups.size()
    free = len(told) - len(means)
    within = float(((told["value"] - told["site"].map(means)) ** 2).sum())
    if len(means) < 2 or free < 1 or within == 0:
        return None
    chance = (within / free / people).to_numpy()
    found = combine_effects(means.to_numpy(), chance, method_re="iterated")
    between = max(0.0, float(found.tau2))
    weights = 1 / (chance + between)
    mean, of_mean = float((weights * means).sum() / weights.sum()), float(1 / weights.sum())
    kept = between / (between + chance)
    shrunk = mean + kept * (means.to_numpy() - mean)
    sd = np.sqrt(kept * chance + (1 - kept) ** 2 * of_mean)
    half = norm.ppf((1 + confidence) / 2) * sd
    apart = t.ppf((1 + confidence) / 2, len(means) - 1) * np.sqrt(between + of_mean)
    told_sites = pd.DataFrame(
        {
            "people": people.to_numpy(),
            "value": means.to_numpy(),
            "shrunk": shrunk,
            "low": shrunk - half,
            "high": shrunk + half,
        },
        index=means.index,
    )
    return SiteMeans(told_sites, mean, float(np.sqrt(between)), mean - apart, mean + apart)


def at_same_target(errors: ArrayLike, targets: ArrayLike, sites: ArrayLike) -> NDArray[np.float64]:
    """Return signed errors as they would be if everybody had the mean target.

    Whoever is predicted towards the mean errs upwards when young and downwards when old, so that a
    site of old people seems to have an offset. The slope is taken within sites.

    Parameters
    ----------
    errors, targets, sites : array of shape (people,)
    """
    told = pd.DataFrame({"error": np.asarray(errors, float), "target": np.asarray(targets, float)})
    centred = told - told.groupby(np.asarray(sites, str)).transform("mean")
    spread = float((centred["target"] ** 2).sum())
    slope = float((centred["target"] * centred["error"]).sum()) / spread if spread else 0.0
    return (told["error"] - slope * (told["target"] - told["target"].mean())).to_numpy()

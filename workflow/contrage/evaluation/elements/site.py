"""What the field of view gives away: the site, predicted from the outline of the images alone.

A control, no result: an encoder that recognises the site by where the map ends can predict age
without looking at tissue, wherever sites differ in age.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contrage.dataset.load import Loader, open_images
from contrage.dataset.normalise import common_field, statistics
from contrage.dataset.roles import LEARNED_FROM, REPORTED, check_leakage
from contrage.evaluation.baselines import (
    BLOCK_MM,
    Load,
    blocks,
    principal_components,
)
from contrage.evaluation.given import Given
from contrage.evaluation.statistics.people import bootstrap_interval
from contrage.learning.folds import Scans, read_scans
from contrage.settings.blocks.statistics import StatisticsSettings
from contrage.settings.build import build
from contrage.settings.steps.evaluation import SeenImages

logger = logging.getLogger(__name__)

TITLE = "What the field of view gives away"
NEEDS = ("images", "scans")
SETTINGS = ("dataset.voxel_mm", "dataset.normalisation", "statistics")
COLUMNS = {}  # the page makes sentences of it, see contrage.report.elements.control
FOLDS = 5
BATCH = 100
"""Exchanges at a time: of 20,000 participants at 20 sites they take 320 MB."""
NOTHING = 1e-9
"""Part of the largest spread below which a number is rounding."""
VIEWS = [(seen, field) for field in ("own", "common") for seen in ("mask", "image")]


def evaluate(given: Given) -> pd.DataFrame:
    """Predict the site of every scan from its mask, and from its image, in cross-validation.

    Means over blocks of 16 mm, 20 principal components and logistic regression with equal weight
    for every site, all fitted on the training participants of a fold. The folds are its own, five
    over the participants of all sites, whatever the experiment's split: a split by site leaves no
    test site to be learned.

    Parameters
    ----------
    given : Given
        `array` and `scans` as in training.

    Returns
    -------
    DataFrame
        With columns seen (mask, image), field_of_view (own, common), balanced_accuracy, ci_low,
        ci_high (bootstrap over participants), chance, p_permutation, n_sites, n_participants,
        n_scans, sites_left_out (with fewer than five participants), note (why there are no
        numbers).
    """
    everyone = read_scans(given.scans)
    used, left_out, note = usable(everyone)
    head = {"n_sites": len(set(used.sites)), "n_participants": len(set(used.participants))}
    head |= {"n_scans": len(used.ids), "sites_left_out": ", ".join(left_out) or None, "note": note}
    lines = []
    drawn = build(StatisticsSettings, given.told["statistics"])
    keys = ("voxel_mm", "normalisation")
    dataset = {key: given.told[f"dataset.{key}"] for key in keys}
    for seen, field in VIEWS:
        found: dict[str, Any] = dict.fromkeys(
            ("balanced_accuracy", "ci_low", "ci_high", "chance", "p_permutation")
        )
        if note is None:
            images = SeenImages(form=given.form, field_of_view=field, **dataset)
            guessed = predict(used, given.array, images, seen)
            found |= judge(used, guessed, drawn)
            logger.info("%s, field of view %s: %.2f", seen, field, found["balanced_accuracy"])
        lines.append({"seen": seen, "field_of_view": field} | found | head)
    return pd.DataFrame(lines)


def usable(scans: Scans) -> tuple[Scans, list[str], str | None]:
    """Return the scans of sites with five participants or more, the other sites, and what is amiss.

    Returns
    -------
    (Scans, list of str, str or None)
        The last says why no site can be predicted; None where one can.
    """
    told = pd.DataFrame({"person": scans.participants, "site": scans.sites})
    people = told.groupby("site")["person"].nunique()
    large = people.index[people >= FOLDS]
    kept = scans.take(np.flatnonzero(told["site"].isin(large)))
    left_out = people.index.difference(large).tolist()
    if not len(people):
        return kept, left_out, "no site is known"
    if len(people) == 1:
        return kept, left_out, "there is only one site"
    if len(large) < 2:
        return kept, left_out, f"fewer than two sites have {FOLDS} participants or more"
    return kept, left_out, None


def folds(scans: Scans) -> list[tuple[NDArray[np.int_], NDArray[np.int_]]]:
    """Return training and test places of five folds: by participant, with all sites in each.

    Raises
    ------
    LeakageError
        If a participant were on both sides.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    dealt = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    people = np.array(scans.participants)
    pairs = list(dealt.split(people, np.array(scans.sites), people))
    for train, test in pairs:
        check_leakage({LEARNED_FROM: people[train], REPORTED: people[test]})
    return pairs


def predict(scans: Scans, array: Path, asked: SeenImages, seen: str) -> NDArray[np.str_]:
    """Return the site that each scan is given by a model of other participants.

    Parameters
    ----------
    scans : Scans
        All with a site.
    array : Path
        The cohort's images.
    asked : SeenImages
        Of its normalisation "cohort" is taken for "train", so that nothing of a test scan is known;
        a common field of view is that of the training scans of the fold.
    seen : {"mask", "image"}
    """
    fair = replace(asked, normalisation="image" if asked.normalisation == "image" else "train")
    images = open_images(array, fair.form)
    block = max(1, round(BLOCK_MM / asked.voxel_mm))
    sites = np.array(scans.sites)
    guessed = np.empty(len(sites), dtype=sites.dtype)
    for train, test in folds(scans):
        rows = scans.rows[train]
        if seen == "mask":
            is_common = asked.field_of_view == "common"
            load = _masks(images, common_field(images, rows) if is_common else None)
        else:
            mean, sd = statistics(images, rows, rows, asked.field_of_view)
            entry = {"train_rows": rows.tolist(), "mean": mean, "sd": sd}
            load = Loader(array, entry, fair)
        values = [blocks(scans.rows[part], load, block, of_mask=False) for part in (train, test)]
        guessed[test] = classify(*values, sites[train])
    return guessed


def _masks(images: np.ndarray, field: NDArray[np.bool_] | None) -> Load:
    """Return what loads the masks of some rows, cut to a field of view."""
    everywhere = np.True_ if field is None else field
    return lambda rows: ((images[rows] != 0) & everywhere).astype(np.float32)


def classify(
    training: NDArray[np.float64], test: NDArray[np.float64], sites: NDArray[np.str_]
) -> NDArray[np.str_]:
    """Return the sites of test rows (m, d), learned from training rows (n, d) and their sites."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(
        StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=2000)
    )
    components = principal_components(training)
    # Few outlines span few directions: in the others there is rounding, not to be scaled up.
    spread = components.singular_values_
    values = [
        components.transform(rows)[:, spread >= NOTHING * spread[0]] for rows in (training, test)
    ]
    return model.fit(values[0], sites).predict(values[1])


@dataclass(frozen=True)
class Counts:
    """How often the scans of a participant at a site were given to each site.

    From these a batch of draws is measured at once: scikit-learn's `balanced_accuracy_score`, draw
    by draw, takes 90 seconds for what takes half of one here (134 scans, four views).

    Attributes
    ----------
    given : ndarray of shape (participants, sites)
    site : ndarray of shape (participants,)
        Index of the true site.
    """

    given: NDArray[np.float64]
    site: NDArray[np.int_]

    def accuracy_of_drawn(self, *people: NDArray[np.int_], axis: int = -1) -> NDArray[np.float64]:
        """Return the balanced accuracy of some participants of each site, drawn along an axis."""
        shares = [
            self.given[some, site].sum(axis) / self.given[some].sum(-1).sum(axis)
            for site, some in enumerate(people)
        ]
        return np.mean(shares, 0)

    def accuracy_of_sites(
        self, sites: NDArray[np.int_], axis: int = -1
    ) -> NDArray[np.float64] | np.float64:
        """Return the balanced accuracy if these (…, participants) were everybody's sites."""
        people, count = self.given.shape
        draw = np.arange(sites.size // people).reshape(*sites.shape[:-1], 1)
        right, scans = (
            np.bincount((draw * count + sites).ravel(), each.ravel(), draw.size * count)
            for each in (
                self.given[np.arange(people), sites],
                np.broadcast_to(self.given.sum(1), sites.shape),
            )
        )
        return (right / scans).reshape(*sites.shape[:-1], count).mean(-1)


def judge(
    scans: Scans, guessed: NDArray[np.str_], settings: StatisticsSettings
) -> dict[str, float]:
    """Return balanced accuracy with its interval, chance, and p.

    Parameters
    ----------
    scans : Scans
    guessed : ndarray of str, shape (n,)
    settings : StatisticsSettings

    Returns
    -------
    dict
        The interval is a bootstrap over the participants of each site, given the predictions. p
        says how often exchanging the sites of participants gives as good an agreement with the
        same predictions.
    """
    from scipy.stats import permutation_test
    from sklearn.metrics import balanced_accuracy_score

    found = count(scans, guessed)
    people = [np.flatnonzero(found.site == site) for site in range(found.given.shape[1])]

    def accuracy(*drawn: NDArray[np.int_]) -> NDArray[np.float64]:
        return found.accuracy_of_drawn(*(own[at] for own, at in zip(people, drawn, strict=True)))

    low, high = bootstrap_interval([len(own) for own in people], accuracy, settings)
    exchanged = permutation_test(
        (found.site,),
        found.accuracy_of_sites,
        permutation_type="pairings",
        alternative="greater",
        n_resamples=settings.permutations,
        vectorized=True,
        batch=BATCH,
        rng=settings.seed,
    )
    return {
        "balanced_accuracy": float(balanced_accuracy_score(scans.sites, guessed)),
        "ci_low": low,
        "ci_high": high,
        "chance": 1 / len(people),
        "p_permutation": float(exchanged.pvalue),
    }


def count(scans: Scans, guessed: NDArray[np.str_]) -> Counts:
    """Count the predictions of each participant at each site."""
    names = sorted(set(scans.sites))
    given = pd.crosstab([np.array(scans.participants), np.array(scans.sites)], guessed)
    given = given.reindex(columns=names, fill_value=0)
    site = pd.Index(names).get_indexer(given.index.get_level_values(1))
    return Counts(given.to_numpy(float), site)

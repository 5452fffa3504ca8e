"""What can be had without any learning of representations."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import logit
from sklearn.decomposition import PCA

from contrage.dataset.load import Loader
from contrage.dataset.roles import LEARNED_FROM
from contrage.evaluation import logistic, ridge
from contrage.evaluation import predictions as table
from contrage.evaluation.alpha import candidates
from contrage.evaluation.predictions import Fold
from contrage.learning.folds import read_scans
from contrage.settings.steps.evaluation import BaselinesStep

logger = logging.getLogger(__name__)

BLOCK_MM = 16.0
COMPONENTS = 20
CHUNK = 32
MOST_VALUES = 4096
"""Of an image that has no outline: larger ones are seen as block means."""

Load = Callable[[np.ndarray], np.ndarray]
Sides = dict[str, np.ndarray]
"""What there is of the scans of a fold, by their roles."""


def baselines(
    settings: BaselinesStep, *, array: Path, scans: Path, split: Path, predictions: Path
) -> None:
    """Predict the target in plain ways on the folds of one seed.

    mean: that of the training scans. site-mean: that of the training scans of the same study,
    which is what knowing the study alone gives (only where studies are known).
    ridge-blocks: means over blocks of 16 mm, 20 principal components, ridge. ridge-coverage: the
    same of the mask of non-zero voxels, which is what the field of view alone gives. Of what
    has no outline, a table, regions or pictures, the last two give way to ridge-features: ridge on
    its values as they are, z-scored; where an image has more than 4,096 of them, to ridge-blocks of
    about so many. Of a binary target, means are shares of the positive side, and logistic
    regression takes the place of ridge: logistic-blocks, logistic-coverage, logistic-features.

    Parameters
    ----------
    settings : BaselinesStep
    array, scans, split : Path
        As in training.
    predictions : Path
        Output TSV: the columns of a probe's predictions, and baseline.

    Raises
    ------
    LeakageError
        If a participant has two roles in a fold.
    """
    target = settings.target
    everyone = read_scans(scans, target)
    is_volume = settings.dataset.form.background
    lines: list[dict[str, Any]] = []
    for part in table.folds(split, everyone):
        load = Loader(array, part.entry, settings.dataset)
        seen = _seen_of_volumes if is_volume else _values
        means = _means(part)
        if target.is_binary:
            means = {name: {s: log_odds(of[s]) for s in of} for name, of in means.items()}
        found = means | _regressions(part, seen(part, load, settings), settings)
        for name, predicted in found.items():
            for side, side_scans in part.sides:
                lines += table.lines(
                    target, side, part.number, side_scans, predicted[side], baseline=name
                )
    lines.sort(key=lambda line: line["baseline"])
    table.write(predictions, target, lines, "baseline")


def log_odds(share: np.ndarray) -> np.ndarray:
    """Return the score that belongs to a share of the positive side; nobody is sure of 0 or 1."""
    return logit(np.clip(share, 1e-6, 1 - 1e-6))


def _means(part: Fold) -> dict[str, Sides]:
    """Predict without a look at images."""
    overall = part.train.targets.mean()
    found = {"mean": {side: np.full(len(scans.ids), overall) for side, scans in part.sides}}
    of_site = pd.Series(part.train.targets).groupby(np.array(part.train.sites, object)).mean()
    if len(of_site):
        found["site-mean"] = {
            side: pd.Series(scans.sites).map(of_site).fillna(overall).to_numpy()
            for side, scans in part.sides
        }
    return found


def _seen_of_volumes(part: Fold, load: Load, settings: BaselinesStep) -> dict[str, Sides]:
    """Return principal components of block means, and of the mask's, of training scans alone."""
    block = max(1, round(BLOCK_MM / settings.dataset.voxel_mm))
    found = {}
    for name, of_mask in (("blocks", False), ("coverage", True)):
        means = {side: blocks(scans.rows, load, block, of_mask) for side, scans in part.sides}
        components = principal_components(means[LEARNED_FROM])
        found[name] = {side: components.transform(means[side]) for side in means}
    return found


def _values(part: Fold, load: Load, settings: BaselinesStep) -> dict[str, Sides]:
    """Return features, or regions, as they are; of larger pictures, videos and series block means.

    A picture of 520×400 has as many values as no regression on thousands of people can take.
    """
    first = load(part.train.rows[:1])
    if not settings.dataset.form.has_channels or first.size <= MOST_VALUES:
        values = {
            side: load(scans.rows).astype(float).reshape(len(scans.rows), -1)
            for side, scans in part.sides
        }
        return {"features": values}
    coarse = {
        side: np.concatenate([coarse_means(load(some)) for some in chunks(scans.rows)])
        for side, scans in part.sides
    }
    return {"blocks": coarse}


def chunks(rows: np.ndarray) -> list[np.ndarray]:
    """Return rows of the array, a few at a time."""
    return np.split(rows, range(CHUNK, len(rows), CHUNK))


def coarse_means(images: np.ndarray) -> np.ndarray:
    """Return means over blocks of images (n, channels, …), about MOST_VALUES of each, float64."""
    channels, axes = images.shape[1], images.ndim - 2
    most = max(1, int((MOST_VALUES / channels) ** (1 / axes)))
    means = images.astype(np.float64)
    for axis, size in enumerate(images.shape[2:], 2):
        starts = np.arange(0, size, -(-size // most))
        counts = np.diff([*starts, size])
        summed = np.moveaxis(np.add.reduceat(means, starts, axis=axis), axis, -1)
        means = np.moveaxis(summed / counts, -1, axis)
    return means.reshape(len(images), -1)


def _regressions(part: Fold, seen: dict[str, Sides], settings: BaselinesStep) -> dict[str, Sides]:
    """Predict from what is seen, by what is fitted on the training scans alone."""
    is_binary = settings.target.is_binary
    kind, fit = ("logistic", logistic.fit) if is_binary else ("ridge", ridge.fit)
    train, probe = part.train, settings.probe
    # No encoder has fitted these to the targets: cross-validation chooses, from the losses' list.
    chosen = candidates(probe), probe.folds
    found = {}
    for what, values in seen.items():
        fitted = fit(values[LEARNED_FROM], train.targets, train.participants, *chosen)
        logger.info("fold %d, %s-%s: alpha %g", part.number, kind, what, fitted.alpha)
        found[f"{kind}-{what}"] = {side: fitted.predict(values[side]) for side in values}
    return found


def blocks(rows: np.ndarray, load: Load, block: int, of_mask: bool) -> np.ndarray:
    """Return block means of some scans, shape (n, blocks).

    Parameters
    ----------
    rows : ndarray of int
        Rows of the array; read a few at a time.
    load : callable
        Rows to normalised images (n, channels, X, Y, Z) with background 0.
    block : int
        Edge of a block in voxels; the last blocks are filled up with background.
    of_mask : bool
        Take the images' masks in place of their values.
    """
    parts = []
    for some in chunks(rows):
        images = load(some)
        parts.append(block_means((images != 0).astype(np.float32) if of_mask else images, block))
    return np.concatenate(parts)


def block_means(images: np.ndarray, block: int) -> np.ndarray:
    """Return means (n, blocks) over block³ voxels of images (n, channels, X, Y, Z), float64."""
    each = images.reshape(-1, *images.shape[2:])
    padding = [(0, 0)] + [(0, -size % block) for size in each.shape[1:]]
    padded = np.pad(each, padding)
    x, y, z = (size // block for size in padded.shape[1:])
    cut = padded.reshape(len(each), x, block, y, block, z, block)
    return cut.mean((2, 4, 6), dtype=np.float64).reshape(len(images), -1)


def principal_components(training: np.ndarray) -> PCA:
    """Return the first principal components of training rows (n, d), fitted."""
    count = min(COMPONENTS, len(training) - 1, training.shape[1])
    with np.errstate(invalid="ignore"):  # where all outlines agree there is no variance to share
        return PCA(count, svd_solver="full").fit(training)

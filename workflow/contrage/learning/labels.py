"""Labels of training scans: bins of the target, as losses make them, and these permuted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from contrage.errors import SettingsError
from contrage.learning.folds import Scans
from contrage.losses._labels import ROUNDING
from contrage.settings.steps.learning import TrainStep


def numbers(targets: np.ndarray, width: float) -> np.ndarray:
    """Return the number (N,) of the label that each target falls into, int64.

    Parameters
    ----------
    targets : ndarray of shape (N,)
    width : float
        Of a label, in the targets' unit, counted from 0; with 0 every distinct target is a label,
        and they are numbered in order.
    """
    if width == 0:
        return np.unique(targets, return_inverse=True)[1]
    return np.floor(targets / width + ROUNDING).astype(np.int64)


def permuted(targets: np.ndarray, width: float, seed: int) -> np.ndarray:
    """Return targets (N,) with their distinct labels permuted.

    All of one label get the same other one, and stay where they were within it: who was alike is
    alike. A loss that knows classes alone learns as much as before, one that knows their order
    learns a wrong one (Wu et al. 2025, figure 3).

    Parameters
    ----------
    targets : ndarray of shape (N,)
    width : float
        As of `numbers`.
    seed : int
    """
    distinct, which = np.unique(numbers(targets, width), return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(distinct))
    if width == 0:
        return np.unique(targets)[order][which]
    return targets + (distinct[order] - distinct)[which] * width


def taught(scans: Scans, settings: TrainStep) -> Scans:
    """Return training scans with the targets that the loss is told: their own, or permuted ones.

    Raises
    ------
    SettingsError
        If they are to be permuted and nothing says what a label is.
    """
    if not settings.permute_labels:
        return scans
    if settings.bin_width is None:
        raise SettingsError("bin_width: permute_labels needs the width of a label; give it")
    return replace(scans, targets=permuted(scans.targets, settings.bin_width, settings.seed))

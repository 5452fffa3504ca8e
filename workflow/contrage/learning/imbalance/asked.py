"""What a training is asked for against rare targets, for its scans."""

from __future__ import annotations

import logging

import numpy as np
import torch
from torch import Tensor, nn

from contrage.errors import SettingsError
from contrage.learning.imbalance.features import SmoothedFeatures
from contrage.learning.imbalance.weights import weights
from contrage.learning.labels import numbers
from contrage.settings.steps.learning import TrainStep

logger = logging.getLogger(__name__)


def of_scans(settings: TrainStep, targets: np.ndarray) -> tuple[Tensor | None, Tensor | None]:
    """Return weights (N,) and labels (N,) of training scans, each where it is asked for.

    Weights are of mean 1.
    """
    lds, fds = settings.training.lds, settings.training.fds
    if not lds and not fds:
        return None, None
    labels = _labels(settings, targets)
    found = weights(labels, lds) if lds else None
    if found is not None:
        logger.info("weights of scans by their targets: %.3g to %.3g", found.min(), found.max())
    return (
        None if found is None else torch.from_numpy(found).float(),
        torch.from_numpy(labels) if fds else None,
    )


def smoothing(settings: TrainStep, targets: np.ndarray, loss: nn.Module) -> SmoothedFeatures | None:
    """Return what smooths features of training scans, where it is asked for.

    `targets` are those of the whole training split, some of which may be held out.

    Raises
    ------
    SettingsError
        If the loss has no part in what is asked for.
    """
    training = settings.training
    if training.lds and not getattr(loss, "takes_weights", False):
        raise _refused(settings, "lds", "cannot weigh scans")
    if training.fds and not getattr(loss, "needs_prediction", False):
        raise _refused(settings, "fds", "does not predict")
    if not training.fds:
        return None
    labels = _labels(settings, targets)
    return SmoothedFeatures(int(labels.min()), int(labels.max()), training.fds)


def _labels(settings: TrainStep, targets: np.ndarray) -> np.ndarray:
    if settings.bin_width is None:
        raise SettingsError("bin_width: lds and fds need the width of a label; give it")
    return numbers(targets, settings.bin_width)


def _refused(settings: TrainStep, key: str, why: str) -> SettingsError:
    loss = settings.loss["loss"]
    return SettingsError(f"training.{key}: {loss} {why} (row {settings.row}); set it to null")

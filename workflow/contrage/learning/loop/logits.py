"""Cosines of a fixed part of the training scans, epoch by epoch: what a contrast makes of pairs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from contrage.errors import SettingsError
from contrage.learning.embed import extract
from contrage.learning.folds import Scans
from contrage.learning.images import Images
from contrage.learning.labels import numbers
from contrage.learning.loop.state import State
from contrage.learning.machine.processes import World
from contrage.settings.steps.learning import TrainStep
from contrage.tables import write_rows

LAYER = 32
"""Sets the draw of scans apart from others with the same seed."""
COLUMNS = ("epoch", "positives", "negatives")


@dataclass(frozen=True)
class Monitor:
    """Scans whose embeddings are looked at after each epoch.

    Attributes
    ----------
    places : ndarray of shape (n,)
        Of the scans in the images of the training.
    labels : Tensor of shape (n,)
        Theirs, as the loss is told them.
    negatives : int
        How many of the largest cosines of pairs of different labels count.
    batch_size : int
    """

    places: np.ndarray
    labels: Tensor
    negatives: int
    batch_size: int

    @classmethod
    def of(cls, everyone: Scans, told: Scans, settings: TrainStep) -> Self | None:
        """Return the monitor of a training, where it is asked for.

        Parameters
        ----------
        everyone : Scans
            All, in the order of their images.
        told : Scans
            That are learned from, with the targets that the loss is told.
        settings : TrainStep
            The scans are drawn by its seed.

        Raises
        ------
        SettingsError
            If nothing says how wide a label is.
        """
        asked, width = settings.training.logits, settings.bin_width
        if not asked:
            return None
        if width is None:
            raise SettingsError("bin_width: logits need the width of a label; give it")
        chance = np.random.default_rng([LAYER, settings.seed])
        n = min(asked.scans, len(told.ids))
        own = told.take(np.sort(chance.choice(len(told.ids), n, replace=False)))
        labels = torch.from_numpy(numbers(own.targets, width))
        return cls(everyone.places(own), labels, asked.negatives, settings.training.batch_size)

    @torch.no_grad()
    def look(self, state: State, images: Images, world: World) -> None:
        """Note the cosines of the network that is trained, after an epoch."""
        network = state.network
        features = extract(network, images, self.places, self.batch_size, world)
        device = next(network.head.parameters(), torch.empty(0)).device
        embeddings = network.head(features.to(device))[:, : network.width].cpu()
        state.logits.append([state.epoch, *cosines(embeddings, self.labels, self.negatives)])


def cosines(embeddings: Tensor, labels: Tensor, most: int) -> tuple[float | None, float | None]:
    """Return the mean cosine of positive pairs, and that of the largest of negative pairs.

    Parameters
    ----------
    embeddings : Tensor of shape (n, d)
        Of any length.
    labels : Tensor of shape (n,)
        Pairs of equal ones are positive; views do not count.
    most : int
        How many negative pairs.

    Returns
    -------
    (float or None, float or None)
        None where there is no such pair.
    """
    direction = functional.normalize(embeddings.double(), dim=1)
    first, second = torch.triu_indices(len(labels), len(labels), offset=1)
    products = (direction @ direction.T)[first, second]
    same = labels[first] == labels[second]
    found = products[same], products[~same].topk(min(most, int((~same).sum()))).values
    positives, negatives = (float(each.mean()) if len(each) else None for each in found)
    return positives, negatives


def write_logits(path: Path, lines: list[list[float | None]]) -> None:
    """Write a line per epoch: epoch, positives and negatives, as of `cosines`."""
    shown = [
        [epoch, *(None if each is None else f"{each:.6f}" for each in pair)]
        for epoch, *pair in lines
    ]
    write_rows(path, list(COLUMNS), [dict(zip(COLUMNS, line, strict=True)) for line in shown])

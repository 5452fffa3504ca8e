"""Features in place of images, where the encoder stays as it is: they are computed once."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from contrage.learning.embed import extract
from contrage.learning.images import Images
from contrage.learning.machine.processes import World
from contrage.learning.model import Model
from contrage.settings.blocks.training import OneTrainingSettings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Encoded:
    """What a frozen encoder makes of training scans, in the place of their images.

    Attributes
    ----------
    features : Tensor of shape (N, d)
        On the device.
    """

    features: Tensor

    def batches(self, places: Sequence[Tensor]) -> Iterator[Tensor]:
        """Yield the features (n, d) of each batch of places."""
        for batch in places:
            yield self.features.index_select(0, batch.to(self.features.device))


def encoded(
    network: Model,
    training: OneTrainingSettings,
    images: Images,
    places: np.ndarray,
    world: World,
) -> Encoded | None:
    """Return the features of training scans, where each epoch would compute the same ones.

    That is so with a frozen encoder, unless every epoch sees other images: changed or mixed ones.
    In float32, as features are read off afterwards.

    Parameters
    ----------
    network : Model
    training : OneTrainingSettings
    images : Images
    places : ndarray of shape (N,)
        Of the training scans in the images.
    world : World
    """
    if not network.is_frozen or training.augmentation or training.mixup:
        return None
    logger.info("the encoder stays as it is: features of %d scans are computed once", len(places))
    device = next(network.head.parameters()).device
    return Encoded(extract(network, images, places, training.batch_size, world).to(device))

"""Mixtures of training scans: images and targets in one proportion, while a head learns to predict.

Zhang et al., "mixup", ICLR 2018; Yao et al., "C-Mixup", NeurIPS 2022 (code: huaxiuyao/C-Mixup).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from contrage.errors import SettingsError
from contrage.settings.blocks.training import MixupSettings
from contrage.settings.steps.learning import TrainStep

LAYER = 31
"""Sets these draws apart from others with the same seed."""
BINS = 2
"""Width of the kernel in labels, where no other is asked for."""


@dataclass(frozen=True)
class Mixture:
    """How the scans of a batch are mixed.

    Attributes
    ----------
    share : float
        λ, of the batch's own scans.
    partners : Tensor of shape (n,)
        The training scan that each is mixed with.
    """

    share: float
    partners: Tensor

    def of(self, own: Tensor, others: Tensor) -> Tensor:
        """Return λ times some values (n, …) and 1 − λ times those of their partners."""
        return self.share * own + (1 - self.share) * others


@dataclass(frozen=True)
class Mixing:
    """What the mixtures of a training are drawn from.

    Attributes
    ----------
    targets : ndarray of shape (N,)
        Of the training scans, in their unit.
    settings : MixupSettings
    bandwidth : float
        h of C-Mixup, in the targets' unit.
    seed : int
        Of the training.
    """

    targets: np.ndarray
    settings: MixupSettings
    bandwidth: float
    seed: int

    def draw(self, epoch: int, batches: Sequence[Tensor]) -> Iterator[Mixture]:
        """Yield the mixture of each batch of an epoch, with one λ and a partner for each scan.

        They follow from seed, epoch and batches: a resumed training, and each of several processes,
        draws the same, and nothing else is drawn otherwise for it.
        """
        chance = np.random.default_rng([LAYER, self.seed, epoch])
        for batch in batches:
            share = float(chance.beta(self.settings.alpha, self.settings.alpha))
            yield Mixture(share, torch.from_numpy(self.partners(batch.numpy(), chance)))

    def partners(self, scans: np.ndarray, chance: np.random.Generator) -> np.ndarray:
        """Draw a partner (n,) for each of some scans (n,) among all training scans."""
        up_to = self.weights(scans).cumsum(1)
        whole = up_to[:, -1]
        drawn = np.minimum(chance.random(len(scans)) * whole, np.nextafter(whole, 0))
        found = (up_to <= drawn[:, None]).sum(1)
        # Where all others vanish beside the scan's own 1, it is its own partner.
        return np.where(1 + whole > 1, found, scans)

    def weights(self, scans: np.ndarray) -> np.ndarray:
        """Return the chances (n, N) of all training scans to be partners of some, but for a factor.

        All alike in mixup; exp(−Δy² / 2h²) in C-Mixup.
        """
        if self.settings.kind == "mixup":
            found = np.ones((len(scans), len(self.targets)))
        else:
            gaps = self.targets[scans, None] - self.targets
            found = np.exp(-(gaps**2) / (2 * self.bandwidth**2))
        if not self.settings.include_self:
            found[np.arange(len(scans)), scans] = 0
        return found


def mixing(settings: TrainStep, targets: np.ndarray, *, predicts: bool) -> Mixing | None:
    """Return what the mixtures of a training are drawn from, where they are asked for.

    Parameters
    ----------
    settings : TrainStep
    targets : ndarray of shape (N,)
        Of the scans that are learned from, in their unit.
    predicts : bool
        Whether the head learns to predict.

    Raises
    ------
    SettingsError
        If it does not, or nothing says how wide the kernel is.
    """
    asked, width = settings.training.mixup, settings.bin_width
    if not asked:
        return None
    if not predicts:
        raise SettingsError(
            f"training.mixup: {settings.loss['loss']} does not predict, and a mixture has no label "
            f"(row {settings.row}); set it to null"
        )
    bandwidth = asked.bandwidth or BINS * (width or 0)
    if asked.kind == "c-mixup" and not bandwidth:
        raise SettingsError("training.mixup.bandwidth: null needs the width of a label; give it")
    return Mixing(targets, asked, bandwidth, settings.seed)

"""Feature distribution smoothing: statistics of features are shared between neighbouring labels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from contrage.learning.imbalance.window import smoothing
from contrage.learning.machine.processes import World
from contrage.settings.blocks.training import FdsSettings

LEAST, MOST = 0.1, 10.0
"""Within what a ratio of variances is kept."""


class SmoothedFeatures:
    """Mean and variance of each label's features, epoch by epoch, and what they do to features.

    A feature x of label b becomes (x − μ_b) √(ṽ_b / v_b) + μ̃_b with the running mean and variance
    μ, v of the label and those smoothed over labels, μ̃, ṽ; the ratio is kept within 0.1 and 10. A
    coordinate without variance stays as it is: all of a label that has one scan. The statistics are
    those of the last finished epoch, so the first epoch smooths nothing.

    With `released` μ, v are one epoch newer than μ̃, ṽ, and the third epoch is the first that is
    smoothed: the authors' code keeps a reference where it means a copy. A label without scans has
    mean 0 and variance 1 there; with `paper` it has no part in the smoothing.

    Features are those that the steps of the epoch saw, before smoothing, of all processes. The
    authors' code looks at all scans once more after each epoch, at features that it has smoothed in
    place.

    Parameters
    ----------
    first, last : int
        The least and the largest label.
    settings : FdsSettings
    """

    def __init__(self, first: int, last: int, settings: FdsSettings) -> None:
        labels = last - first + 1
        self.first = first
        self.settings = settings
        self.released = settings.formulation == "released"
        self.matrix = torch.from_numpy(smoothing(labels, settings.window, settings.sigma))
        self.epochs = 0
        self.seen = torch.zeros(labels, dtype=torch.bool)
        self.running: tuple[Tensor, Tensor] | None = None
        self.change: tuple[Tensor, Tensor, Tensor] | None = None
        self._of_epoch: list[tuple[Tensor, Tensor]] = []

    def around(self, network: Callable[..., Tensor], labels: Tensor) -> Callable[..., Tensor]:
        """Return a network that smooths between encoder and head.

        Parameters
        ----------
        network : callable
            A `Model`, called with images, and perhaps their number of views.
        labels : Tensor of shape (n,)
            Of the scans; images may be several views of each, side by side.
        """

        def smoothed(images: Tensor, *views: int) -> Tensor:
            places = (labels - self.first).repeat_interleave(len(images) // len(labels))
            return network(images, *views, between=partial(self.smooth, places=places))

        return smoothed

    def smooth(self, features: Tensor, places: Tensor) -> Tensor:
        """Return features (n, d) smoothed, and remember what they were.

        `places` (n,) are those of their labels, the least one's being 0.
        """
        self._of_epoch.append((features.detach().float(), places))
        if self.change is None:
            return features
        mean, factor, aim = (part[places] for part in self.change)
        return (features.float() - mean) * factor + aim

    def finish_epoch(self, world: World) -> None:
        """Update the statistics by the features of the epoch, those of all processes."""
        features, places = (
            world.join(torch.cat(parts)) for parts in zip(*self._of_epoch, strict=True)
        )
        self._of_epoch = []
        self.matrix, self.seen = (each.to(places.device) for each in (self.matrix, self.seen))
        counts, *new = statistics(features, places, len(self.seen))
        before = self._updated(counts > 0, new)
        self.epochs += 1
        if before is not None and self.running is not None:
            smoothed = self._over_labels(before)
            self.change = change(*self.running, *smoothed)

    def _updated(self, there: Tensor, new: list[Tensor]) -> tuple[Tensor, Tensor] | None:
        """Take an epoch's statistics in; return those that are smoothed over labels, if any."""
        if self.running is None:
            self.running = torch.zeros_like(new[0]), torch.ones_like(new[1])
        older = self.running
        keep = self.seen if not self.released else torch.full_like(self.seen, self.epochs > 0)
        momentum = self.settings.momentum * keep.double()[:, None]
        self.running = tuple(
            torch.where(there[:, None], (1 - momentum) * own + momentum * old, old)
            for own, old in zip(new, older, strict=True)
        )
        self.seen = self.seen | there
        if not self.released:
            return self.running
        return older if self.epochs else None

    def _over_labels(self, both: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Return means and variances (labels, d) as means over neighbouring labels."""
        matrix = self.matrix
        if not self.released:
            matrix = matrix * self.seen
            matrix = matrix / matrix.sum(1, keepdim=True).clamp(min=torch.finfo(torch.double).tiny)
        return matrix @ both[0], matrix @ both[1]

    def state_dict(self) -> dict[str, Any]:
        """Return the statistics of the epochs that are finished."""
        names = ("epochs", "seen", "running", "change")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state: dict[str, Any], device: torch.device) -> None:
        """Take over what `state_dict` returned."""
        self.epochs, self.seen = state["epochs"], state["seen"].to(device)
        for name in ("running", "change"):
            parts = state[name]
            setattr(self, name, parts and tuple(each.to(device) for each in parts))


def statistics(features: Tensor, places: Tensor, number: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return how many features each label has (B,), their means and variances (B, d), float64.

    By products of matrices: a GPU sums scattered values in another order each time. Variances are
    unbiased; of one feature they are 0.
    """
    member = (places[:, None] == torch.arange(number, device=places.device)).double()
    counts = member.sum(0)
    wide = features.double()
    mean = (member.T @ wide) / counts.clamp(min=1)[:, None]
    apart = wide - mean[places]
    return counts, mean, (member.T @ apart.square()) / (counts - 1).clamp(min=1)[:, None]


def change(
    mean: Tensor, variance: Tensor, smoothed_mean: Tensor, smoothed_variance: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return what features lose, are multiplied by and gain, each (labels, d), float32."""
    varies = variance > 0
    ratio = smoothed_variance / torch.where(varies, variance, 1.0)
    factor = ratio.clamp(LEAST, MOST).sqrt()
    parts = (mean, 0.0), (factor, 1.0), (smoothed_mean, 0.0)
    return tuple(torch.where(varies, part, nothing).float() for part, nothing in parts)

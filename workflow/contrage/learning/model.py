"""An encoder, and the projection head on top of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from contrage.errors import SettingsError
from contrage.learning.encoders import build

LOGIT = "logit"
"""Key that says of a head's last output that it is a logit."""


class Model(nn.Module):
    """An encoder and its projection head.

    Parameters
    ----------
    encoder : str
        Name of the encoder.
    shape : tuple of int
        Of one image, without channels.
    head : sequence of int
        Sizes of the head's linear layers, with ReLU between them: [hidden, outputs], or [outputs]
        for a linear head, or [] for none, where embeddings are the features. See `head_sizes`.
    unit : bool
        Whether embeddings are divided by their L2 norm, as most contrastive losses want them.
    predicts_last : bool
        Whether the last output is a prediction, which is no part of the embedding's norm.
    channels : int
        Of one image.
    """

    def __init__(
        self,
        encoder: str,
        shape: tuple[int, ...],
        head: Sequence[int],
        unit: bool = False,
        predicts_last: bool = False,
        channels: int = 1,
    ) -> None:
        super().__init__()
        self.unit = unit
        self.shape = tuple(shape)
        self.encoder = build(encoder, self.shape, channels)
        self.layers = (self.encoder.width, *head)
        self.width = self.layers[-1] - 1 if predicts_last else self.layers[-1]
        parts = [part for sizes in pairwise(self.layers) for part in (nn.ReLU(), nn.Linear(*sizes))]
        self.head = nn.Sequential(*parts[1:])  # the features themselves get no ReLU
        self.is_frozen = False

    def freeze(self) -> Model:
        """Leave the encoder as it is from now on, batch norm's running statistics included."""
        self.is_frozen = True
        self.encoder.requires_grad_(False).eval()
        return self

    def train(self, mode: bool = True) -> Model:
        """Set the mode of all that is learned; a frozen encoder stays in evaluation mode."""
        super().train(mode)
        if self.is_frozen:
            self.encoder.eval()
        return self

    @property
    def seen(self) -> tuple[int, ...]:
        """Shape of what the encoder's layers see: of an image, unless it says otherwise."""
        return tuple(getattr(self.encoder, "seen", self.shape))

    @property
    def learned(self) -> nn.Module:
        """What a training changes: everything, or the head on a frozen encoder."""
        return self.head if self.is_frozen else self

    def forward(
        self,
        images: Tensor,
        views: int = 1,
        between: Callable[[Tensor], Tensor] | None = None,
        encoded: bool = False,
    ) -> Tensor:
        """Return embeddings (batch, views, outputs) of images (batch, channels, *shape).

        Without augmentation all views of a scan are identical: it is encoded once, and the
        embedding is repeated. Its gradient is then the sum over the views, as it would be with
        separate passes. Dropout in an encoder is drawn once per scan: its views share it.

        What the encoder gives is changed by `between`, if anything, before the head sees it. With
        `encoded` images are features (batch, d) already.
        """
        features = images if encoded else self.encoder(images)
        embeddings = self.head(between(features) if between else features)
        if embeddings.dtype in (torch.bfloat16, torch.float16):
            embeddings = embeddings.float()  # what follows is not for mixed precision
        if self.unit:
            direction = functional.normalize(embeddings[:, : self.width], dim=1)
            embeddings = torch.cat([direction, embeddings[:, self.width :]], dim=1)
        return embeddings.unsqueeze(1).expand(-1, views, -1)

    def size(self) -> dict[str, Any]:
        """Return what a reader wants to know of the network.

        Returns
        -------
        dict
            encoder_parameters and head_parameters (numbers that are learned), layers (features,
            then the head's sizes), shape (of one image).
        """
        return {
            "encoder_parameters": _count(self.encoder),
            "head_parameters": _count(self.head),
            "layers": list(self.layers),
            "shape": list(self.shape),
        }


def memory_format(channels_last: bool, shape: tuple[int, ...]) -> torch.memory_format:
    """Return the order of a network's weights in memory: channels last, where that can be had.

    Convolutions on tensor cores read channels together. On the CPU the small encoder takes a
    third less time so, and no encoder more (docs/performance.md). There is none for one axis.

    Parameters
    ----------
    channels_last : bool
        Whether the training wants it.
    shape : tuple of int
        Of what its layers see.
    """
    formats = {2: torch.channels_last, 3: torch.channels_last_3d}
    default = torch.preserve_format
    return formats.get(len(shape), default) if channels_last else default


def _count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def head_sizes(head: Sequence[int], loss: nn.Module, row: str) -> list[int]:
    """Return the sizes of the head's layers that a loss gets.

    A loss that `needs_prediction` has one output, one that `predicts_last` has one more than
    `training.head` says; see `contrage.losses`.

    Parameters
    ----------
    head : sequence of int
        `training.head`.
    loss : torch.nn.Module
    row : str
        Named in the error.

    Raises
    ------
    SettingsError
        If the loss predicts the target and there is no head to do it.
    """
    alone, beside = (getattr(loss, wish, False) for wish in ("needs_prediction", "predicts_last"))
    if not head and (alone or beside):
        raise SettingsError(
            f"training.head: [] leaves no layer that could predict the target, which "
            f"losses.{row} needs; give a head, as [32], or leave the row out of benchmark.losses"
        )
    if alone:
        return [*head[:-1], 1]
    return [*head[:-1], head[-1] + bool(beside)] if head else []

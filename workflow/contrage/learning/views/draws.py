"""Draws on the device that holds a batch: which images are changed, and by how much."""

from __future__ import annotations

import torch
from torch import Generator, Tensor


def are_pictures(images: Tensor) -> bool:
    """Return whether a batch is of pictures (n, channels, Y, X)."""
    return images.ndim == 4


def uniform(images: Tensor, generator: Generator, count: int) -> Tensor:
    """Draw (n, count) values between -1 and 1."""
    shape = (len(images), count)
    drawn = torch.rand(shape, generator=generator, device=images.device) * 2 - 1
    return drawn.to(images.dtype)


def each(images: Tensor, values: Tensor) -> Tensor:
    """Shape one value per sample so that it meets all values of that sample."""
    return values.view(-1, *[1] * (images.ndim - 1))


def are_drawn(images: Tensor, generator: Generator, probability: float) -> Tensor:
    """Draw which samples are changed; 0 is none of them and 1 all, for draws are below 1."""
    chance = torch.rand(len(images), generator=generator, device=images.device)
    return each(images, chance < probability)

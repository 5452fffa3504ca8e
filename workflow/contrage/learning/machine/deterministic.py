"""Pooling whose gradient has the same bits every time on a GPU.

PyTorch sums the gradients of its mean pools there in an order that changes from run to run, and
refuses to where it is told to be deterministic (`torch.use_deterministic_algorithms`). A mean over
boxes is a mean along one axis after the other, each a product with a matrix, which has no such
choice.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from contrage.learning.encoders._layers import Halve

ADAPTIVE = (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d)
FIXED = (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)


def prepare_pools(network: nn.Module, deterministic: bool, device: torch.device) -> None:
    """Make a network's mean pools deterministic where its training asks for that on a GPU.

    The new pools round otherwise than PyTorch's, so that whoever builds a network for features,
    before or after its training, must come by here for these to have equal bits.

    Parameters
    ----------
    network : Module
        Changed in place.
    deterministic : bool
        Whether the training asks for that.
    device : torch.device
        On which the network is to compute.
    """
    if deterministic and device.type == "cuda":
        make_deterministic(network)


def make_deterministic(network: nn.Module) -> None:
    """Replace the mean pools of a network by ones of the same result."""
    for name, part in network.named_children():
        if isinstance(part, (*ADAPTIVE, *FIXED)) or (
            isinstance(part, Halve) and part.kind == "avg"
        ):
            setattr(network, name, MeanPool(part))
        else:
            make_deterministic(part)


class MeanPool(nn.Module):
    """A mean pool as products with matrices.

    Parameters
    ----------
    pool : Module
        The adaptive or fixed mean pool, without padding, that it stands for.
    """

    def __init__(self, pool: nn.Module) -> None:
        super().__init__()
        self.pool = pool

    def forward(self, images: Tensor) -> Tensor:
        """Return the means of images (batch, channels, X, …)."""
        for axis in range(2, images.dim()):
            spans = windows(self.pool, images.shape[axis], axis - 2)
            means = images.new_zeros(len(spans), images.shape[axis])
            for row, (first, end) in enumerate(spans):
                means[row, first:end] = 1 / (end - first)
            images = (images.movedim(axis, -1) @ means.T).movedim(-1, axis)
        return images


def windows(pool: nn.Module, size: int, axis: int) -> list[tuple[int, int]]:
    """Return first and end place of each window of a pool along one axis of this size."""
    if isinstance(pool, ADAPTIVE):
        count = _along(pool.output_size, axis) or size
        return [(i * size // count, -((i + 1) * size // -count)) for i in range(count)]
    if isinstance(pool, Halve):
        kernel = stride = min(2, size)
        rounds_up = False
    else:
        kernel, stride = _along(pool.kernel_size, axis), _along(pool.stride, axis)
        rounds_up = pool.ceil_mode
    last = size - kernel + (stride - 1 if rounds_up else 0)
    firsts = range(0, min(last, size - 1) + 1, stride)
    return [(first, min(first + kernel, size)) for first in firsts]


def _along(value: int | tuple[int | None, ...] | None, axis: int) -> int | None:
    return value[axis] if isinstance(value, tuple) else value

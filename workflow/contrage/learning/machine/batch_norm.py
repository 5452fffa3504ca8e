"""Batch norm over the joint batch of several processes, on the CPU too.

PyTorch's own `SyncBatchNorm`, which trainings on GPUs use, refuses the CPU. This one gives
trainings of several CPU processes, and with them the tests of all that processes share, the same
meaning.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


def synchronise(network: nn.Module) -> None:
    """Replace every batch norm of a network by one that counts the batch of all processes."""
    for name, part in network.named_children():
        if isinstance(part, _BatchNorm):
            setattr(network, name, JointBatchNorm.like(part))
        else:
            synchronise(part)


class JointBatchNorm(_BatchNorm):
    """Batch norm whose mean and variance are those of the samples of all processes.

    Two sums over the processes: first of the values, then of the squared deviations from the joint
    mean, so that large means cost no digits. Gradients go through both.
    """

    @classmethod
    def like(cls, layer: _BatchNorm) -> JointBatchNorm:
        """Return a layer with the settings of another and the very same parameters and buffers."""
        own = cls(layer.num_features, layer.eps, layer.momentum)
        own._parameters, own._buffers = layer._parameters, layer._buffers
        return own.train(layer.training)

    def _check_input_dim(self, values: Tensor) -> None:
        """Take any number of axes."""

    def forward(self, values: Tensor) -> Tensor:
        """Return normalised values of shape (batch, channels, …)."""
        if not self.training:
            return super().forward(values)
        given = values.dtype
        if given in (torch.bfloat16, torch.float16):
            values = values.float()  # sums over a batch are not for half precision
        axes = [axis for axis in range(values.dim()) if axis != 1]
        wide = [1, -1, *[1] * (values.dim() - 2)]
        count = _JointSum.apply(values.new_tensor(float(values.numel() / values.shape[1])))
        mean = _JointSum.apply(values.sum(axes)) / count
        apart = values - mean.view(wide)
        variance = _JointSum.apply(apart.square().sum(axes)) / count
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
        scaled = apart * torch.rsqrt(variance + self.eps).view(wide)
        return (scaled * self.weight.view(wide) + self.bias.view(wide)).to(given)


class _JointSum(torch.autograd.Function):
    """The sum over the processes, each of whose losses depends on it.

    What `torch.distributed.nn.functional.all_reduce` was, which PyTorch 2.13 calls deprecated.
    """

    @staticmethod
    def forward(ctx: Any, part: Tensor) -> Tensor:
        return _sum(part)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        return _sum(upstream)


def _sum(part: Tensor) -> Tensor:
    from torch import distributed

    total = part.clone(memory_format=torch.contiguous_format)
    distributed.all_reduce(total)
    return total

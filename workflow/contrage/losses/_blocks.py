"""A loss that is a sum over anchors, worked off in blocks of anchors.

Whole (N, N) matrices would be written to memory and read from it again a dozen times, which takes
longer than the arithmetic, and would all be kept for the backward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

PAIRS_AT_ONCE = 2**18  # 2 MB of float64: they stay near the processor
LEAST_ROWS = 128  # each block writes a gradient of all anchors, which fewer rows would not repay

Part = Callable[[Tensor, slice], Tensor]


def sum_over_blocks(
    part: Part, anchors: Tensor, views: int = 1, blocks: Sequence[slice] | None = None
) -> Tensor:
    """Sum part(anchors, rows) over blocks of rows, each with its gradient at once.

    Parameters
    ----------
    part : callable
        Takes all anchors (N, features) and the slice of them that it is to look at, and returns a
        scalar. No other tensor that it uses gets a gradient.
    anchors : Tensor
        (N, features), at least float32.
    views : int
        Number of consecutive anchors that belong in one block.
    blocks : sequence of slice, optional
        Of the rows; by default, blocks of as many rows as stay near the processor.

    Returns
    -------
    Tensor
        A scalar that can be differentiated once.
    """
    if not torch.is_grad_enabled():
        anchors = anchors.detach()
    if blocks is None:
        least = max(LEAST_ROWS, PAIRS_AT_ONCE // len(anchors))
        size = views * max(1, least // views)
        firsts = range(0, len(anchors), size)
        blocks = [slice(first, min(first + size, len(anchors))) for first in firsts]
    return _SumOverBlocks.apply(anchors, part, blocks)


class _SumOverBlocks(torch.autograd.Function):
    """Keeps the gradient (N, features) in place of the (N, N) matrices that it comes from."""

    @staticmethod
    def forward(ctx: Any, anchors: Tensor, part: Part, blocks: Sequence[slice]) -> Tensor:
        wanted = ctx.needs_input_grad[0]
        leaf = anchors.detach().requires_grad_(wanted)
        total, gradient = anchors.new_zeros(()), torch.zeros_like(leaf)
        for rows in blocks:
            # Autocast would round the matrix products of the backward pass to bfloat16.
            with torch.autocast(anchors.device.type, enabled=False), torch.set_grad_enabled(wanted):
                value = part(leaf, rows)
                if wanted:
                    gradient += torch.autograd.grad(value, leaf)[0]
            total += value.detach()
        ctx.save_for_backward(gradient)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None]:
        return upstream * ctx.saved_tensors[0], None, None

"""One batch out of those of several processes."""

from __future__ import annotations

import sys
from typing import Any

import torch
from torch import Tensor, nn


def joint_batch(
    loss: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """Replace what a loss is called with by the joint batch of all processes of torch.distributed.

    A hook before the loss's forward, put there by `contrage.losses.load`. Each process contrasts
    its anchors with everybody's embeddings, and every process returns the loss of the joint batch.
    The gradient of each one's own embeddings is that of this loss; the embeddings of the others are
    constants. So gradients of weights that the processes share have to be summed, not averaged
    (DistributedDataParallel averages: multiply the loss by the number of processes).

    Parameters
    ----------
    loss : torch.nn.Module
        Unused.
    args, kwargs
        Of the call. Every tensor in it has the batch as its first dimension; the processes may
        have different numbers of samples.

    Returns
    -------
    tuple or None
        None, which changes nothing, where there is one process.
    """
    distributed = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return None
    if distributed.get_world_size() == 1:
        return None
    joined = [gather(value) if isinstance(value, Tensor) else value for value in args]
    named = {
        key: gather(value) if isinstance(value, Tensor) else value for key, value in kwargs.items()
    }
    return tuple(joined), named


def gather(own: Tensor) -> Tensor:
    """Return the tensors (n_r, …) of all processes as one, (Σ n_r, …), ours with its gradient."""
    from torch import distributed

    sizes = [torch.zeros(1, dtype=torch.int64, device=own.device) for _ in _processes()]
    distributed.all_gather(sizes, sizes[0].new_tensor([len(own)]))
    counts = [int(size) for size in sizes]
    sent = own.detach().float() if own.dtype in (torch.float16, torch.bfloat16) else own.detach()
    padded = sent.new_zeros(max(counts), *own.shape[1:])
    padded[: len(own)] = sent
    received = [torch.empty_like(padded) for _ in counts]
    distributed.all_gather(received, padded)
    parts = [part[:size].to(own.dtype) for part, size in zip(received, counts, strict=True)]
    parts[distributed.get_rank()] = own
    return torch.cat(parts)


def _processes() -> range:
    from torch import distributed

    return range(distributed.get_world_size())

"""Distances of embeddings, exact also where they are small."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def upper_distances(anchors: Tensor, p: float = 2.0) -> Tensor:
    """Return the distances of anchors (N, features) in the p-norm, as a constant.

    The shortcut through a matrix product would lose half the digits of small distances; `cdist`
    without it takes ten times as long as this.

    Returns
    -------
    Tensor
        (N, N), the triangle i < k only, zeros elsewhere; `rows_of` completes it.
    """
    with torch.autocast(anchors.device.type, enabled=False):
        distances = torch.pdist(anchors.detach(), p=p)
    # Rows of a power of two would meet in the same places of a cache where columns are read.
    n = len(anchors)
    square = distances.new_zeros(n, n + 16)[:, :n]
    above = torch.ones(n, n, dtype=torch.bool, device=square.device).triu_(1)
    return square.masked_scatter_(above, distances)


def rows_of(upper: Tensor, rows: slice) -> Tensor:
    """Return the rows (n, N) of the symmetric matrix of which `upper` is the upper triangle."""
    return upper[rows] + upper[:, rows].T


def centred(anchors: Tensor) -> Tensor:
    """Return anchors (N, features) less their mean, in float64, as a constant."""
    places = anchors.detach().double()
    return places - places.mean(0)


def euclidean(anchors: Tensor, places: Tensor, upper: Tensor, rows: slice) -> Tensor:
    """Return the L2 distances (n, N) of some anchors to all, with their gradient.

    Parameters
    ----------
    anchors : Tensor
        (N, features).
    places, upper : Tensor
        `centred` and `upper_distances` of them.
    rows : slice
        Which ones.
    """
    return _Euclidean.apply(anchors, places, rows_of(upper, rows), rows)


class _Euclidean(torch.autograd.Function):
    """Gives known distances their gradient; it is zero between two anchors in the same place."""

    @staticmethod
    def forward(
        ctx: Any, anchors: Tensor, places: Tensor, distances: Tensor, rows: slice
    ) -> Tensor:
        ctx.save_for_backward(places, distances)
        ctx.rows, ctx.dtype = rows, anchors.dtype
        return distances.view_as(distances)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        places, distances = ctx.saved_tensors
        # Σ_k h_ik (z_i - z_k) as two products: what they have in common cancels, so it is taken off
        # before, and the rest is float64.
        pull = (upstream / distances.masked_fill(distances == 0, torch.inf)).double()
        gradient = (pull.sum(0)[:, None] * places).sub_((places[ctx.rows].T @ pull).T)
        gradient[ctx.rows] += pull.sum(1)[:, None] * places[ctx.rows] - pull @ places
        return gradient.to(ctx.dtype), None, None, None

"""Sums over all samples that are farther in target from an anchor than another one is."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import pad

SAFE_SPAN = 600.0  # exp(-600) is well above the smallest float64


def ranks(keys: Tensor, sorted_by: Tensor, *, after: bool = False) -> tuple[Tensor, Tensor]:
    """Sort each row of keys (n, B), and count the keys in its row that each one exceeds.

    Parameters
    ----------
    keys : Tensor
        (n, B), which rise with the distance of targets.
    sorted_by : Tensor
        (B,), the order of the targets. Seen in it a row falls, then rises: that is sorted in a
        third of the time.
    after : bool
        What is counted.

    Returns
    -------
    tuple of Tensor
        The order, and the counts; with `after`, of the keys that each does not fall below.
    """
    ranked, order = keys[:, sorted_by].sort(dim=1, stable=True)
    order = sorted_by[order]
    places = torch.arange(keys.shape[1], dtype=torch.int32, device=keys.device)
    changes = ranked[:, 1:] != ranked[:, :-1]
    if after:
        ends = torch.where(changes, places[1:], keys.shape[1])
        ends = pad(ends, (0, 1), value=keys.shape[1])
        counts = ends.flip(1).cummin(1).values.flip(1)
    else:
        starts = pad(torch.where(changes, places[1:], 0), (1, 0))
        counts = starts.cummax(1).values
    return order, torch.empty_like(order).scatter_(1, order, counts.long())


def farther_logsumexp(
    logits: Tensor, pairs: Tensor, keys: Tensor, sorted_by: Tensor, *, ties: bool
) -> tuple[Tensor, Tensor]:
    """Sum exp(logits) over all that is farther from the anchor than each sample.

    Sorting each row once and summing from its far end replaces the (N, N, N) mask of the formula.
    All views of a sample are equally far, so that samples are sorted, not anchors.

    Parameters
    ----------
    logits : Tensor
        (n * views, B * views), anchors by all anchors.
    pairs : Tensor
        The mask of the logits that count.
    keys, sorted_by : Tensor
        (n, B), samples by all samples, rising with the distance of targets; and the order (B,) of
        the targets.
    ties : bool
        Whether samples exactly as far as sample k (k among them) count as well.

    Returns
    -------
    tuple of Tensor
        (n * views, B * views), entry (i, k) being log Σ_t exp(logits_it) over keys_it > keys_ik
        (or >=), finite in any case, and the mask (n * views, B) of the samples k for which there
        is such a key.
    """
    views = logits.shape[1] // keys.shape[1]
    order, first = (
        places[:, None].expand(-1, views, -1).flatten(0, 1)
        for places in ranks(keys, sorted_by, after=not ties)
    )
    pick = first.clamp(max=keys.shape[1] - 1)
    top = logits.detach().amax(1, keepdim=True)
    if not _spans_little(logits, top):
        lowest = torch.finfo(logits.dtype).min
        terms = logits.masked_fill(~pairs, lowest).unflatten(1, (-1, views)).logsumexp(2)
        sums = terms.gather(1, order).flip(1).logcumsumexp(1).flip(1).gather(1, pick)
    else:
        sums = _FartherSums.apply(logits, pairs, top, order, pick).log().to(logits.dtype) + top
    return sums.repeat_interleave(views, 1), first < keys.shape[1]


def _spans_little(logits: Tensor, top: Tensor) -> bool:
    """Return whether no logit is so far below the row's largest that its exponential is lost.

    Answered on the CPU alone, to choose the faster way: on a GPU the host would have to wait.
    """
    if logits.device.type != "cpu":
        return False
    return bool((top - logits.detach().amin(1, keepdim=True)).amax() <= SAFE_SPAN)


class _FartherSums(torch.autograd.Function):
    """Σ exp(logit - top) over the samples from a place on, (n, B): one exponential, no logarithm.

    Sums run from the far end in the order of the row, and the gradient from the near end: a sample
    is in the sums of all that are nearer. A sum of nothing is the smallest number, not 0.
    """

    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, pairs: Tensor, top: Tensor, order: Tensor, pick: Tensor
    ) -> Tensor:
        views = logits.shape[1] // order.shape[1]
        terms = (logits - top).double().exp_().mul_(pairs)
        of_sample = sum(terms[:, view::views] for view in range(views))
        sums = of_sample.gather(1, order).flip(1).cumsum(1).flip(1).gather(1, pick)
        smallest = torch.finfo(sums.dtype).tiny
        ctx.save_for_backward(terms, order, pick, sums >= smallest)
        ctx.dtype = logits.dtype
        return sums.clamp_(min=smallest)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        terms, order, pick, exists = ctx.saved_tensors
        pull = torch.zeros_like(upstream).scatter_add_(1, pick, upstream * exists).cumsum(1)
        pull = torch.empty_like(pull).scatter_(1, order, pull)
        gradient = terms.unflatten(1, (pull.shape[1], -1)) * pull[:, :, None]
        return gradient.flatten(1).to(ctx.dtype), None, None, None, None

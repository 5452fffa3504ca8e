"""Sums over all samples that are farther in target from an anchor than another one is."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

SAFE_SPAN = 600.0  # exp(-600) is well above the smallest float64


def ranks(keys: Tensor, *, after: bool = False) -> tuple[Tensor, Tensor]:
    """Sort each row of keys (n, B), and count the keys in its row that each one exceeds.

    Returns
    -------
    tuple of Tensor
        The order, and the counts; with `after`, of the keys that each does not fall below.
    """
    ranked, order = keys.sort(dim=1)
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
    logits: Tensor, pairs: Tensor, keys: Tensor, *, ties: bool
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
    keys : Tensor
        (n, B), samples by all samples, rising with the distance of targets.
    ties : bool
        Whether samples exactly as far as sample k (k among them) count as well.

    Returns
    -------
    tuple of Tensor
        (n * views, B * views), entry (i, k) being log Σ_t exp(logits_it) over keys_it > keys_ik
        (or >=), finite in any case, and the mask of the entries where there is such a key.
    """
    views = logits.shape[1] // keys.shape[1]
    order, first = (
        places[:, None].expand(-1, views, -1).flatten(0, 1)
        for places in ranks(keys, after=not ties)
    )
    pick = first.clamp(max=keys.shape[1] - 1)
    top = logits.detach().amax(1, keepdim=True)
    if not _spans_little(logits, top):
        lowest = torch.finfo(logits.dtype).min
        terms = logits.masked_fill(~pairs, lowest).unflatten(1, (-1, views)).logsumexp(2)
        sums = terms.gather(1, order).flip(1).logcumsumexp(1).flip(1).gather(1, pick)
    else:  # the same, without a logarithm at every step
        terms = (logits - top).double().exp() * pairs
        terms = sum(terms.unflatten(1, (-1, views)).unbind(2))
        sums = terms.gather(1, order).flip(1).cumsum(1).flip(1).gather(1, pick)
        sums = sums.clamp(min=torch.finfo(sums.dtype).tiny).log().to(logits.dtype) + top
    exists = first < keys.shape[1]
    return sums.repeat_interleave(views, 1), exists.repeat_interleave(views, 1)


def _spans_little(logits: Tensor, top: Tensor) -> bool:
    """Return whether no logit is so far below the row's largest that its exponential is lost.

    Answered on the CPU alone, to choose the faster way: on a GPU the host would have to wait.
    """
    if logits.device.type != "cpu":
        return False
    return bool((top - logits.detach().amin(1, keepdim=True)).amax() <= SAFE_SPAN)

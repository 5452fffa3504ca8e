"""The threshold loss."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from contrage.losses._blocks import PAIRS_AT_ONCE
from contrage.losses._logsumexp import masked_logsumexp
from contrage.losses._pairs import Block, KernelLoss, flatten, shares
from contrage.losses._ranks import farther_logsumexp, ranks


class Threshold(KernelLoss):
    r"""Contrast each positive only with the samples less similar in target to the anchor than it.

    .. math:: -\frac{1}{N} \sum_i \sum_{k \neq i} \frac{w_{ik}}{\sum_{t \neq i} w_{it}}
              \log \frac{\exp s_{ik}}{\sum_{t: w_{it} < w_{ik}} \exp s_{it}}

    with s the cosine divided by the temperature and w the kernel of the targets.

    Parameters
    ----------
    temperature, kernel, sigma, formulation, base_temperature
        As in `KernelLoss`: 0.1, "rbf", 2.0, "paper", 0.07.

    Notes
    -----
    Where this departs from the print: Table 1 divides w_ik by the sum of the weights *below* it,
    which is all but zero for the pair that is farthest but one (factors of 10^120 on two target
    groups with σ = 2: nothing can be trained with it). Here the weights are normalised as in the
    other losses. Pairs with nothing less similar have an empty denominator and are skipped.

    Where the released code departs: a transposed mask leaves one denominator per anchor,
    Σ_{t≠i} n_it exp(s_it) with n_it the number of samples z with w_tz < w_it, and the loss is
    multiplied by temperature / base_temperature. An anchor whose weights or whose counts are all
    zero (one view and an isolated target; all targets alike) adds nothing here; released: NaN.

    References
    ----------
    Barbano et al., ISBI 2023 (code: EIDOSLAB/contrastive-brain-age-prediction); Table 1 of the
    dynamic localized repulsion paper.
    """

    def forward(self, embeddings: Tensor, targets: Tensor, epoch: int = 0) -> Tensor:
        """Return the scalar loss of embeddings (batch, views, features) of unit length."""
        anchors, targets = flatten(embeddings, targets)
        views = embeddings.shape[1]
        sorted_by = targets[::views].argsort()
        part = partial(self._printed, views, sorted_by)
        if self.released:
            part = partial(self._released, views, self._less_similar(targets[::views], sorted_by))
        return self.mean_over_blocks(part, anchors, targets, views)

    def _printed(self, views: int, sorted_by: Tensor, block: Block) -> Tensor:
        _, logits, weights, pairs = block
        keys = -weights[::views, ::views]
        repulsion, usable = farther_logsumexp(logits, pairs, keys, sorted_by, ties=False)
        usable = usable.repeat_interleave(views, 1)
        return self.mean_over_anchors(logits - repulsion, shares(weights * pairs) * usable)

    def _released(self, views: int, less_similar: Tensor, block: Block) -> Tensor:
        rows, logits, weights, pairs = block
        samples = less_similar[rows.start // views : rows.stop // views]
        numbers = views * samples.repeat_interleave(views, 0).repeat_interleave(views, 1)
        counted = pairs & (numbers > 0)
        log_numbers = numbers.clamp(min=1).to(logits.dtype).log()
        repulsion = masked_logsumexp(logits + log_numbers, counted)
        usable = counted.any(1, keepdim=True)
        return self.mean_over_anchors(logits - repulsion, shares(weights * pairs) * usable)

    def _less_similar(self, targets: Tensor, sorted_by: Tensor) -> Tensor:
        """Return, for samples i and t (B, B), how many are less similar to t in target."""
        size = max(1, PAIRS_AT_ONCE // len(targets))
        numbers = [
            ranks(self.weights(targets, slice(first, first + size)), sorted_by)[1].int()
            for first in range(0, len(targets), size)
        ]
        return torch.cat(numbers).T

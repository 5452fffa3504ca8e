"""The threshold loss."""

from __future__ import annotations

import torch
from torch import Tensor

from contrage.losses._pairs import KernelLoss, farther_logsumexp, masked_logsumexp, shares


class Threshold(KernelLoss):
    r"""Contrast each positive only with the samples less similar in age to the anchor than it.

    .. math:: -\frac{1}{N} \sum_i \sum_{k \neq i} \frac{w_{ik}}{\sum_{t \neq i} w_{it}}
              \log \frac{\exp s_{ik}}{\sum_{t: w_{it} < w_{ik}} \exp s_{it}}

    with s the cosine divided by the temperature and w the kernel of the ages.

    Parameters
    ----------
    temperature, kernel, sigma, formulation, base_temperature
        As in `KernelLoss`: 0.1, "rbf", 2.0, "paper", 0.07.

    Notes
    -----
    Where this departs from the print: Table 1 divides w_ik by the sum of the weights *below* it,
    which is all but zero for the pair that is farthest but one (factors of 10^120 on two age
    groups with σ = 2: nothing can be trained with it). Here the weights are normalised as in the
    other losses. Pairs with nothing less similar have an empty denominator and are skipped.

    Where the released code departs: a transposed mask leaves one denominator per anchor,
    Σ_{t≠i} n_it exp(s_it) with n_it the number of samples z with w_tz < w_it, and the loss is
    multiplied by temperature / base_temperature. An anchor whose weights or whose counts are all
    zero (one view and an isolated age; all ages alike) adds nothing here; released: NaN.

    References
    ----------
    Barbano et al., ISBI 2023 (code: EIDOSLAB/contrastive-brain-age-prediction); Table 1 of the
    dynamic localized repulsion paper.
    """

    def forward(self, embeddings: Tensor, ages: Tensor, epoch: int = 0) -> Tensor:
        """Return the scalar loss of embeddings (batch, views, features) of unit length."""
        logits, weights, pairs = self.pairs(embeddings, ages)
        if self.released:
            # n_it is the rank of w_ti within row t; a transpose, as w is symmetric.
            below = torch.searchsorted(weights.sort(1).values, weights).T
            counted = pairs & (below > 0)
            log_counts = below.clamp(min=1).to(logits.dtype).log()
            repulsion = masked_logsumexp(logits + log_counts, counted)
            usable = counted.any(1, keepdim=True)
        else:
            keys = (-weights).fill_diagonal_(-torch.inf)
            repulsion, usable = farther_logsumexp(logits, keys, ties=False)
        return self.mean_over_anchors(logits - repulsion, shares(weights * pairs) * usable)

"""The exponential loss."""

from __future__ import annotations

from torch import Tensor

from contrage.losses._logsumexp import masked_logsumexp
from contrage.losses._pairs import Block, KernelLoss, flatten, shares


class Exponential(KernelLoss):
    r"""Repel each sample the more strongly, the less its target resembles the anchor's.

    .. math:: -\frac{1}{N} \sum_i \sum_{k \neq i} \frac{w_{ik}}{\sum_{t \neq i} w_{it}}
              \log \frac{\exp s_{ik}}{\sum_{t \neq i} \exp(s_{it} (1 - w_{it}))}

    with s the cosine divided by the temperature and w the kernel of the targets.

    Parameters
    ----------
    temperature, kernel, sigma, formulation, base_temperature
        As in `KernelLoss`: 0.1, "rbf", 2.0, "paper", 0.07.

    Notes
    -----
    Table 1 prints t ≠ k under the second sum; t ≠ i is meant, and computed by all.

    Where the released code departs: it subtracts each row's maximum m_i (the anchor itself
    included) from s *before* the product with 1 - w, so the denominator has
    exp((s_it - m_i)(1 - w_it)), which is another loss: the terms near in target grow by
    exp(m_i w_it). The result is multiplied by temperature / base_temperature.
    Where this departs from both: an anchor whose weights are all zero adds nothing (released: NaN).

    References
    ----------
    Barbano et al., ISBI 2023 (code: EIDOSLAB/contrastive-brain-age-prediction, method expw);
    Table 1 of the dynamic localized repulsion paper.
    """

    def forward(self, embeddings: Tensor, targets: Tensor, epoch: int = 0) -> Tensor:
        """Return the scalar loss of embeddings (batch, views, features) of unit length."""
        anchors, targets = flatten(embeddings, targets)
        return self.mean_over_blocks(self._part, anchors, targets, embeddings.shape[1])

    def _part(self, block: Block) -> Tensor:
        _, logits, weights, pairs = block
        if self.released:
            logits = logits - logits.detach().amax(1, keepdim=True)
        repulsion = masked_logsumexp(logits * (1 - weights).to(logits.dtype), pairs)
        return self.mean_over_anchors(logits - repulsion, shares(weights * pairs))

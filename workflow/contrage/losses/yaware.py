"""The y-aware loss."""

from __future__ import annotations

from torch import Tensor

from contrage.losses._logsumexp import masked_logsumexp
from contrage.losses._pairs import Block, KernelLoss, flatten, shares


class YAware(KernelLoss):
    r"""Attract every pair in proportion to the similarity of its targets; repel all alike.

    .. math:: -\frac{1}{N} \sum_i \sum_{k \neq i} \frac{w_{ik}}{\sum_{t \neq i} w_{it}}
              \log \frac{\exp s_{ik}}{\sum_{t \neq i} \exp s_{it}}

    with s the cosine divided by the temperature and w the kernel of the targets.

    Parameters
    ----------
    temperature, kernel, sigma, formulation, base_temperature
        As in `KernelLoss`: 0.1, "rbf", 2.0, "paper", 0.07.

    Notes
    -----
    Table 1 prints t ≠ k under the second sum; t ≠ i is meant, and computed by all.

    Where the released code departs: the loss is multiplied by temperature / base_temperature.
    Where this departs from both: an anchor whose weights are all zero adds nothing (released: NaN).

    References
    ----------
    Dufumier et al., MICCAI 2021; Barbano et al., ISBI 2023 (code:
    EIDOSLAB/contrastive-brain-age-prediction); Table 1 of the dynamic localized repulsion paper.
    """

    def forward(self, embeddings: Tensor, targets: Tensor, epoch: int = 0) -> Tensor:
        """Return the scalar loss of embeddings (batch, views, features) of unit length."""
        anchors, targets = flatten(embeddings, targets)
        return self.mean_over_blocks(self._part, anchors, targets, embeddings.shape[1])

    def _part(self, block: Block) -> Tensor:
        log_ratios = block.logits - masked_logsumexp(block.logits, block.pairs)
        return self.mean_over_anchors(log_ratios, shares(block.weights * block.pairs))

"""The contrastive loss that knows no targets."""

from __future__ import annotations

import torch
from torch import Tensor

from contrage.losses._blocks import sum_over_blocks
from contrage.losses._labels import contrast
from contrage.losses._pairs import TemperedLoss, flatten, others, similarities


class SimCLR(TemperedLoss):
    r"""Attract the views of one scan; repel all other scans. Targets play no part.

    .. math:: -\frac{1}{N} \sum_i \frac{1}{V - 1} \sum_{k \in V(i)}
              \log \frac{\exp s_{ik}}{\sum_{t \neq i} \exp s_{it}}

    with s the cosine divided by the temperature, and V(i) the other views of the scan of i.

    Parameters
    ----------
    temperature, formulation, base_temperature
        As in `TemperedLoss`: 0.5, "paper", 0.07.

    Notes
    -----
    What a scan of the same participant at another session shows is not known to the loss: it is
    repelled. Without augmentation the views are identical, and the loss only spreads the scans
    over the sphere: a lower bound for what targets add.

    Where the released code departs: the loss is multiplied by temperature / base_temperature.
    Where this departs from both: with a single view there is nothing to attract and the loss is 0
    (released: the scan itself, which is masked, so NaN).

    References
    ----------
    Chen et al., ICML 2020, equation 1 (NT-Xent); code: HobbitLong/SupContrast without labels.
    """

    target_kinds = ("continuous", "binary")

    def __init__(
        self,
        temperature: float = 0.5,
        formulation: str = "paper",
        base_temperature: float = 0.07,
    ) -> None:
        super().__init__(temperature, formulation, base_temperature)

    def forward(self, embeddings: Tensor, targets: Tensor, epoch: int = 0) -> Tensor:
        """Return the scalar loss of embeddings (batch, views, features) of unit length."""
        anchors, _ = flatten(embeddings, targets)
        batch_size, views, _ = embeddings.shape
        scan = torch.arange(batch_size, device=anchors.device).repeat_interleave(views)

        def part(anchors: Tensor, rows: slice) -> Tensor:
            logits = similarities(anchors, rows) / self.temperature
            pairs = others(anchors, rows)
            return contrast(logits, pairs, pairs & (scan[rows, None] == scan))

        return self.scale * sum_over_blocks(part, anchors) / len(anchors)

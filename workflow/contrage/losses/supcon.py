"""The supervised contrastive loss on binned targets."""

from __future__ import annotations

from torch import Tensor

from contrage.losses._blocks import sum_over_blocks
from contrage.losses._labels import contrast, labels
from contrage.losses._pairs import TemperedLoss, flatten, not_negative, others, similarities


class SupCon(TemperedLoss):
    r"""Attract the samples whose targets fall into one bin; repel all alike.

    .. math:: -\frac{1}{N} \sum_i \frac{1}{|P(i)|} \sum_{k \in P(i)}
              \log \frac{\exp s_{ik}}{\sum_{t \neq i} \exp s_{it}}

    with s the cosine divided by the temperature, and P(i) the other anchors in the bin of i.

    Parameters
    ----------
    temperature, formulation, base_temperature
        As in `TemperedLoss`: 0.1, "paper", 0.07.
    bin_width : float
        Width of a label in the target's unit; 0 makes every distinct target one. Default 1; a
        training takes `target.bin` where none is given.

    Notes
    -----
    Targets that lie just across the edge of a bin are repelled like any others: the loss knows no
    order, which is why the regression losses exist.

    Where this departs from the print: the mean over anchors in place of the sum. Where the released
    code departs: the loss is multiplied by temperature / base_temperature. Where this departs from
    both: an anchor without a positive adds nothing (released: NaN).

    References
    ----------
    Khosla et al., NeurIPS 2020, equation 2 (L_out; code: HobbitLong/SupContrast).
    """

    target_kinds = ("continuous", "binary")

    def __init__(
        self,
        temperature: float = 0.1,
        bin_width: float = 1.0,
        formulation: str = "paper",
        base_temperature: float = 0.07,
    ) -> None:
        super().__init__(temperature, formulation, base_temperature)
        self.bin_width = not_negative("bin_width", bin_width)

    def forward(self, embeddings: Tensor, targets: Tensor, epoch: int = 0) -> Tensor:
        """Return the scalar loss of embeddings (batch, views, features) of unit length."""
        anchors, targets = flatten(embeddings, targets)
        own = labels(targets, self.bin_width)

        def part(anchors: Tensor, rows: slice) -> Tensor:
            logits = similarities(anchors, rows) / self.temperature
            pairs = others(anchors, rows)
            return contrast(logits, pairs, pairs & (own[rows, None] == own))

        return self.scale * sum_over_blocks(part, anchors) / len(anchors)

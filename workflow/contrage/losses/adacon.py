"""The adaptive-margin contrastive loss."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from contrage.losses._blocks import sum_over_blocks
from contrage.losses._labels import contrast, labels
from contrage.losses._pairs import (
    at_least_float32,
    check,
    exact,
    flatten,
    not_negative,
    others,
    positive,
    similarities,
)


class AdaCon(nn.Module):
    r"""Supervised contrast with a margin that grows with the share of people between two targets.

    .. math:: -\frac{1}{N} \sum_i \frac{1}{|P(i)|} \sum_{k \in P(i)}
              \log \frac{\exp(\sigma s_{ik})}{\sum_{t \neq i} \exp(\sigma (s_{it} + m_{it}))},
              \quad m_{it} = \min(2, \mu |F(y_i) - F(y_t)|)

    with s the cosine divided by the temperature, P(i) the other anchors in the bin of i, m = 0
    within a bin, and F the empirical distribution function of the training targets.

    Parameters
    ----------
    temperature : float
        Default 1.
    scale : float
        σ, by which cosines and margins are multiplied. Default 150.
    margin : float
        μ, the largest margin, between the youngest and the oldest. Default 2.
    bin_width : float
        Width of a label in the target's unit; 0 makes every distinct target one. Default 1; a
        training takes `target.bin` where none is given.
    regression_weight : float
        Weight of the squared error of one extra output. Default 0: features are judged by the
        probe, as those of the other losses. 4/3 has the authors' proportion, MSE + 0.75 of the
        contrastive term.

    Notes
    -----
    F comes from the training targets where `fit` has been told them, as the training does, else
    from the batch.

    With a `regression_weight` the last feature of the embeddings is the prediction of the target,
    standardised with the mean and SD of the targets given to `fit`; without `fit`, of the target
    itself. The features before it are the embedding.

    Where the released code departs: labels are classes 0, 1, 2 …, and their numbers are divided by
    the number of training samples in place of F; on labels that are ranks the two agree. Where this
    departs: an anchor without a positive adds nothing (released: NaN).

    References
    ----------
    Dai et al., "Adaptive contrast for image regression in computer-aided disease assessment", IEEE
    TMI 2022 (code: XMed-Lab/AdaCon).
    """

    unit_embeddings = True

    def __init__(
        self,
        temperature: float = 1.0,
        scale: float = 150.0,
        margin: float = 2.0,
        bin_width: float = 1.0,
        regression_weight: float = 0.0,
    ) -> None:
        super().__init__()
        self.temperature = positive("temperature", temperature)
        self.scale = positive("scale", scale)
        self.margin = not_negative("margin", margin)
        self.bin_width = not_negative("bin_width", bin_width)
        self.regression_weight = not_negative("regression_weight", regression_weight)
        self.predicts_last = self.regression_weight > 0
        self.training_targets: Tensor | None = None

    def fit(self, targets: Tensor) -> None:
        """Take the targets (n,) of the training split: F, and the prediction's scale."""
        self.training_targets = exact(targets).sort().values

    def forward(self, embeddings: Tensor, targets: Tensor, epoch: int = 0) -> Tensor:
        """Return the scalar loss of embeddings (batch, views, features) of unit length.

        With a `regression_weight`, (batch, views, features + 1): the last one is the prediction.
        """
        check(embeddings, targets)
        if not self.predicts_last:
            return self._contrast(embeddings, targets)
        if embeddings.shape[2] < 2:
            raise ValueError("A regression_weight needs one feature more than the embedding has.")
        error = at_least_float32(embeddings[..., -1]) - self._standardised(targets)[:, None]
        squared_error = error.square().mean().to(at_least_float32(embeddings).dtype)
        return (
            self._contrast(embeddings[..., :-1], targets) + self.regression_weight * squared_error
        )

    def _contrast(self, embeddings: Tensor, targets: Tensor) -> Tensor:
        anchors, targets = flatten(embeddings, targets)
        own = labels(targets, self.bin_width)
        share_below = self._distribution(targets).to(anchors.dtype)

        def part(anchors: Tensor, rows: slice) -> Tensor:
            same = own[rows, None] == own
            gaps = (share_below[rows, None] - share_below).abs()
            margins = (self.margin * gaps).clamp(max=2).masked_fill(same, 0)
            logits = self.scale * (similarities(anchors, rows) / self.temperature + margins)
            pairs = others(anchors, rows)
            return contrast(logits, pairs, pairs & same)

        return sum_over_blocks(part, anchors) / len(anchors)

    def _distribution(self, targets: Tensor) -> Tensor:
        """Return F(targets), the share of training targets up to each."""
        known = targets.sort().values if self.training_targets is None else self.training_targets
        known = known.to(targets.device)
        return torch.searchsorted(known, targets, right=True).double() / len(known)

    def _standardised(self, targets: Tensor) -> Tensor:
        targets = exact(targets)
        if self.training_targets is None:
            return targets
        spread = self.training_targets.std(correction=0)
        return (targets - self.training_targets.mean()) / torch.where(spread > 0, spread, 1.0)

"""The supervised baseline of a target with two sides."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from contrage.errors import SettingsError
from contrage.losses._pairs import at_least_float32, check, one_of

WEIGHTS = ("balanced", "none")


class BinaryCrossEntropy(nn.Module):
    r"""Predict the side itself: the baseline without any contrast.

    .. math:: -\frac{1}{N} \sum_i \left( w y_i \log p_i + (1 - y_i) \log (1 - p_i) \right), \quad
              p_i = \frac{1}{1 + \exp(-f_i)}

    with f the head's output and y 1 of the positive side, 0 of the negative.

    Parameters
    ----------
    pos_weight : {"balanced", "none"}
        w: n₀/n₁, the training split's scans of the negative side for each of the positive, so that
        both sides weigh alike; or 1. Default "balanced".

    Notes
    -----
    The head has one output (`needs_prediction`), the logit f (`predicts_logit`): embeddings
    (batch, views, 1). w comes from the training targets, which `fit` is told; without it, w is 1.
    """

    needs_prediction = True
    predicts_logit = True
    target_kinds = ("binary",)

    def __init__(self, pos_weight: str = "balanced") -> None:
        super().__init__()
        self.pos_weight = one_of("pos_weight", pos_weight, WEIGHTS)
        self.register_buffer("weight", torch.ones(()), persistent=False)

    def fit(self, targets: Tensor) -> None:
        """Take the targets (n,) of the training split: w.

        Raises
        ------
        SettingsError
            If they are all of one side.
        """
        positive = int((targets == 1).sum())
        negative = len(targets) - positive
        if not positive or not negative:
            raise SettingsError(f"bce: all {len(targets)} training scans are of one side")
        if self.pos_weight == "balanced":
            self.weight = torch.tensor(negative / positive)

    def forward(self, embeddings: Tensor, targets: Tensor, epoch: int = 0) -> Tensor:
        """Return the scalar loss of logits (batch, views, 1) and targets (batch,) of 0 and 1."""
        check(embeddings, targets)
        if embeddings.shape[2] != 1:
            raise ValueError(f"One logit per view is needed, not {embeddings.shape[2]}.")
        logits = at_least_float32(embeddings).squeeze(2)
        truth = targets.to(logits.dtype)[:, None].expand_as(logits)
        weight = self.weight.to(logits.dtype)
        return functional.binary_cross_entropy_with_logits(logits, truth, pos_weight=weight)

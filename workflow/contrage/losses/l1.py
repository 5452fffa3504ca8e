"""The supervised baseline."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from contrage.losses._pairs import at_least_float32, check, one_of

KINDS = {
    "l1": functional.l1_loss,
    "mse": functional.mse_loss,
    "huber": functional.huber_loss,
}


class SupervisedRegression(nn.Module):
    r"""Predict the target itself: the baseline without any contrast.

    .. math:: \frac{1}{N} \sum_i \ell(\hat y_i - y_i), \quad
              \ell(r) = |r|, \; r^2 \; \text{or Huber's with its corner at } |r| = 1

    Parameters
    ----------
    kind : {"l1", "mse", "huber"}
        Which ℓ. Default "l1".

    Notes
    -----
    The head has one output (`needs_prediction`): embeddings (batch, views, 1) are predictions of
    the target standardised with the training split's mean and SD, and the targets given are
    standardised by the training loop likewise. A residual of 1 is thus one SD of the training
    targets. With weights each sample's ℓ is multiplied by its own; their mean is 1 over the
    training split, not in a batch.
    """

    needs_prediction = True
    takes_weights = True
    target_kinds = ("continuous", "binary")

    def __init__(self, kind: str = "l1") -> None:
        super().__init__()
        self.kind = one_of("kind", kind, KINDS)

    def forward(
        self, embeddings: Tensor, targets: Tensor, epoch: int = 0, weights: Tensor | None = None
    ) -> Tensor:
        """Return the scalar loss of predictions (batch, views, 1), all standardised.

        Parameters
        ----------
        embeddings, targets, epoch
            As for every loss.
        weights : Tensor, optional
            (batch,), of each sample.
        """
        check(embeddings, targets)
        if embeddings.shape[2] != 1:
            raise ValueError(f"One prediction per view is needed, not {embeddings.shape[2]}.")
        predictions = at_least_float32(embeddings).squeeze(2)
        truth = targets.to(predictions.dtype)[:, None].expand_as(predictions)
        if weights is None:
            return KINDS[self.kind](predictions, truth)
        each = KINDS[self.kind](predictions, truth, reduction="none")
        return (each * weights.to(each.dtype)[:, None]).mean()

"""The dynamic localized repulsion loss."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

from contrage.losses._pairs import (
    KernelLoss,
    at_least_float32,
    count,
    masked_logsumexp,
    one_of,
    shares,
    similarities,
)

NORMS = {"manhattan": 1.0, "euclidean": 2.0, "cosine": None, "chebyshev": torch.inf}
SMALLEST_LOCAL_BATCH = 32  # the released code localises nothing below this batch size


class DynLocRep(KernelLoss):
    r"""Repel only an anchor's nearest neighbours, fewer and fewer of them as training goes on.

    .. math:: -\frac{1}{N} \sum_i \sum_{k \neq i} \frac{w_{ik}}{\sum_{t \neq i} w_{it}}
              \log \frac{\exp s_{ik}}{\sum_{t \in NN(i; epoch)} \exp(s_{it} (1 - w_{it}))}

    with s the cosine divided by the temperature, w the kernel of the ages, and NN the
    views * NN_nb(epoch) anchors nearest to i in the embedding space, i itself left out.
    Of equally near anchors the nearest in age comes first.

    Parameters
    ----------
    temperature, kernel, sigma, formulation, base_temperature
        As in `KernelLoss`: 0.1, "rbf", 2.0, "paper", 0.07.
    norm : {"manhattan", "euclidean", "cosine", "chebyshev"}
        Distance in which neighbours are near. Default "manhattan".
    nn_final : int
        Samples repelled at the end. Default 14.
    nn_step_size : int
        Epochs between two reductions; 0 repels from all samples always. Default 1.
    max_epochs : int
        Epochs of the training. Default 50.

    Notes
    -----
    Epochs: in the paper's formulation the first epoch is 0, in the released one it is 1
    (`first_epoch`), so that the authors' first epoch has already taken one step.

    Where the released code departs: one normaliser Σ_i Σ_{k≠i} w_ik for the batch in place of one
    per anchor; the anchor is one of its own nearest neighbours (and then left out); batches of
    fewer than 32 samples repel from all; s has its row's maximum subtracted before the product
    with 1 - w, as in `exp`; the loss is multiplied by temperature / base_temperature.
    Where this departs from both: an anchor without neighbours or with weights of zero only adds
    nothing (released: infinity or NaN).

    References
    ----------
    "Contrastive Learning with Dynamic Localized Repulsion for Brain Age Prediction on 3D Stiffness
    Maps", equations 1-3 and Algorithm 1 (code: CoderJacques/BrainAge_DynLocRep).
    """

    def __init__(
        self,
        temperature: float = 0.1,
        kernel: str = "rbf",
        sigma: float = 2.0,
        formulation: str = "paper",
        base_temperature: float = 0.07,
        norm: str = "manhattan",
        nn_final: int = 14,
        nn_step_size: int = 1,
        max_epochs: int = 50,
    ) -> None:
        super().__init__(temperature, kernel, sigma, formulation, base_temperature)
        self.norm = one_of("norm", norm, NORMS)
        self.nn_final = count("nn_final", nn_final)
        self.nn_step_size = count("nn_step_size", nn_step_size)
        self.max_epochs = count("max_epochs", max_epochs, least=1)
        self.first_epoch = 1 if self.released else 0

    def neighbours(self, epoch: int, batch_size: int) -> int:
        """Return NN_nb, the number of samples to repel at `epoch` (Algorithm 1, truncated)."""
        if self.nn_step_size == 0 or (self.released and batch_size < SMALLEST_LOCAL_BATCH):
            return batch_size
        steps = epoch // self.nn_step_size
        # One step in all: Algorithm 1 would divide by zero; go to the final number at once.
        last = max(1, self.max_epochs // self.nn_step_size - 1)
        decrement = (batch_size - self.nn_final) / last
        return max(int(batch_size - decrement * steps), self.nn_final)

    def forward(self, embeddings: Tensor, ages: Tensor, epoch: int = 0) -> Tensor:
        """Return the scalar loss of embeddings (batch, views, features) of unit length."""
        logits, weights, pairs = self.pairs(embeddings, ages)
        batch_size, views, _ = embeddings.shape
        size = views * self.neighbours(epoch, batch_size)
        near = pairs & self._nearest(embeddings.detach(), weights, size)
        if self.released:
            logits = logits - logits.detach().amax(1, keepdim=True)
        repulsion = masked_logsumexp(logits * (1 - weights).to(logits.dtype), near)
        positives = weights * pairs * near.any(1, keepdim=True)
        part = len(pairs) * shares(positives, (0, 1)) if self.released else shares(positives)
        return self.mean_over_anchors(logits - repulsion, part)

    def _nearest(self, embeddings: Tensor, weights: Tensor, size: int) -> Tensor:
        """Return the (N, N) mask of each anchor's `size` nearest anchors."""
        anchors = at_least_float32(embeddings).flatten(0, 1)
        if self.norm == "cosine":
            distances = 1 - similarities(normalize(anchors, dim=1))
        else:
            exact = "donot_use_mm_for_euclid_dist"
            distances = torch.cdist(anchors, anchors, p=NORMS[self.norm], compute_mode=exact)
        itself = -torch.inf if self.released else torch.inf
        distances = distances.fill_diagonal_(itself)
        # Sorting by age first makes the outcome independent of the batch's order under ties.
        by_age = weights.argsort(dim=1, descending=True, stable=True)
        order = by_age.gather(1, distances.gather(1, by_age).argsort(dim=1, stable=True))
        return torch.zeros_like(distances, dtype=torch.bool).scatter_(1, order[:, :size], True)

"""The dynamic localized repulsion loss."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from contrage.losses._blocks import sum_over_blocks
from contrage.losses._distances import rows_of, upper_distances
from contrage.losses._logsumexp import masked_logsumexp
from contrage.losses._pairs import (
    Block,
    KernelLoss,
    count,
    flatten,
    one_of,
    others,
    shares,
    similarities,
)

NORMS = {"manhattan": 1.0, "euclidean": 2.0, "cosine": None, "chebyshev": torch.inf}
SMALLEST_LOCAL_BATCH = 32  # the released code localises nothing below this batch size
RowsOf = Callable[[slice], Tensor]


class DynLocRep(KernelLoss):
    r"""Repel only an anchor's nearest neighbours, fewer and fewer of them as training goes on.

    .. math:: -\frac{1}{N} \sum_i \sum_{k \neq i} \frac{w_{ik}}{\sum_{t \neq i} w_{it}}
              \log \frac{\exp s_{ik}}{\sum_{t \in NN(i; epoch)} \exp(s_{it} (1 - w_{it}))}

    with s the cosine divided by the temperature, w the kernel of the targets, and NN the
    views * NN_nb(epoch) anchors nearest to i in the embedding space, i itself left out.
    Of equally near anchors the nearest in target comes first.

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

    def forward(self, embeddings: Tensor, targets: Tensor, epoch: int = 0) -> Tensor:
        """Return the scalar loss of embeddings (batch, views, features) of unit length."""
        anchors, targets = flatten(embeddings, targets)
        batch_size, views, _ = embeddings.shape
        size = views * self.neighbours(epoch, batch_size)
        apart = self._distances(anchors.detach()) if size < len(anchors) else None
        whole = self._mean_weight(targets) if self.released else None
        part = partial(self._part, size, apart, whole)
        return self.mean_over_blocks(part, anchors, targets, views)

    def _part(self, size: int, apart: RowsOf | None, whole: Tensor | None, block: Block) -> Tensor:
        rows, logits, weights, near = block
        if apart is not None:
            itself = -torch.inf if self.released else torch.inf
            distances = apart(rows).masked_fill(~block.pairs, itself)
            near = block.pairs & _nearest(distances, weights, size)
        if self.released:
            logits = logits - logits.detach().amax(1, keepdim=True)
        repulsion = masked_logsumexp(logits * (1 - weights).to(logits.dtype), near)
        positives = weights * block.pairs * near.any(1, keepdim=True)
        part = shares(positives) if whole is None else positives / whole
        return self.mean_over_anchors(logits - repulsion, part)

    def _distances(self, anchors: Tensor) -> RowsOf:
        if self.norm != "cosine":
            return partial(rows_of, upper_distances(anchors, NORMS[self.norm]))
        anchors = normalize(anchors, dim=1)
        return lambda rows: 1 - similarities(anchors, rows)

    def _mean_weight(self, targets: Tensor) -> Tensor:
        """Return 1/N Σ_i Σ_{k≠i} w_ik, or 1 where that is 0."""

        def part(targets: Tensor, rows: slice) -> Tensor:
            return (self.weights(targets, rows) * others(targets, rows)).sum()

        total = sum_over_blocks(part, targets)
        return torch.where(total > 0, total / len(targets), 1.0)


def _nearest(distances: Tensor, weights: Tensor, size: int) -> Tensor:
    """Return the mask of the `size` smallest distances in each row (n, N).

    Of equal distances those of the largest weights come first, so that the outcome does not depend
    on the batch's order; of these the first in the batch.
    """
    if size == 0:
        return torch.zeros_like(distances, dtype=torch.bool)
    last = _smallest(distances, size)
    near = distances <= last
    if near.device.type == "cpu" and bool((near.sum(1) == size).all()):
        return near  # no ties; on a GPU asking would take longer than what follows
    keys = torch.where(distances == last, -weights, torch.inf)
    keys.masked_fill_(distances < last, -torch.inf)
    last = _smallest(keys, size)
    sure, candidates = keys < last, keys == last
    room = size - sure.sum(1, keepdim=True)
    return sure | (candidates & (candidates.cumsum(1) <= room))


def _smallest(values: Tensor, number: int) -> Tensor:
    """Return the value (n, 1) that is the `number`-th smallest of each row."""
    if values.device.type == "cpu":  # where NumPy takes a third of PyTorch's time
        ordered = np.partition(values.numpy(), number - 1, axis=1)
        return torch.from_numpy(ordered[:, number - 1 : number])
    return values.kthvalue(number, dim=1, keepdim=True).values

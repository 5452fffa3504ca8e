"""Every loss as its docstring's formula, written the way one would first write it.

`contrage` is timed against these, so they are correct, and vectorised as one would, but not clever:
(N, N, N) masks where a sum depends on a pair, a loop over anchors where authors have one, mixtures
as vectors.
Each takes the loss (for its settings), embeddings (batch, views, features), ages (batch,), epoch.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from contrage.losses._mixtures import numbered

Naive = Callable[[nn.Module, Tensor, Tensor, int], Tensor]


def _anchors(embeddings: Tensor, ages: Tensor) -> tuple[Tensor, Tensor]:
    return embeddings.flatten(0, 1), ages.double().repeat_interleave(embeddings.shape[1])


def _cosines(loss: nn.Module, z: Tensor) -> tuple[Tensor, Tensor]:
    return z @ z.T / loss.temperature, ~torch.eye(len(z), dtype=torch.bool)


def _gaps(y: Tensor) -> Tensor:
    """Return the differences of all ages; those tie that do so in decimals."""
    return (y[:, None] - y).round(decimals=6)


def _kernel(loss: nn.Module, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return the weights, and each row divided by its sum without the anchor itself."""
    w = torch.exp(-(_gaps(y) ** 2) / (2 * loss.sigma**2))
    positives = w.clone().fill_diagonal_(0)
    return w, positives / positives.sum(1, keepdim=True)


def _mean(shares: Tensor, log_ratios: Tensor) -> Tensor:
    return -(shares.to(log_ratios.dtype) * log_ratios).sum(1).mean()


def _equal_shares(positives: Tensor) -> Tensor:
    return positives.double() / positives.sum(1, keepdim=True).clamp(min=1)


def _contrast(s: Tensor, others: Tensor, positives: Tensor) -> Tensor:
    """Return minus the mean over anchors of the mean over positives of s - log Σ exp s."""
    log_ratios = s - torch.log((s.exp() * others).sum(1, keepdim=True))
    return _mean(_equal_shares(positives), log_ratios)


def l1(loss: nn.Module, embeddings: Tensor, ages: Tensor, epoch: int) -> Tensor:
    return (embeddings[..., 0] - ages[:, None].to(embeddings.dtype)).abs().mean()


def bce(loss: nn.Module, embeddings: Tensor, sides: Tensor, epoch: int) -> Tensor:
    p = 1 / (1 + torch.exp(-embeddings[..., 0]))
    y = sides[:, None].to(embeddings.dtype)
    return -(loss.weight * y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()


def simclr(loss: nn.Module, embeddings: Tensor, ages: Tensor, epoch: int) -> Tensor:
    z, _ = _anchors(embeddings, ages)
    scan = torch.arange(len(ages)).repeat_interleave(embeddings.shape[1])
    s, others = _cosines(loss, z)
    return _contrast(s, others, others & (scan[:, None] == scan))


def supcon(loss: nn.Module, embeddings: Tensor, ages: Tensor, epoch: int) -> Tensor:
    z, y = _anchors(embeddings, ages)
    label = (y / loss.bin_width + 1e-9).floor()
    s, others = _cosines(loss, z)
    return _contrast(s, others, others & (label[:, None] == label))


def adacon(loss: nn.Module, embeddings: Tensor, ages: Tensor, epoch: int) -> Tensor:
    z, y = _anchors(embeddings, ages)
    label = (y / loss.bin_width + 1e-9).floor()
    same = label[:, None] == label
    share = (y[:, None] >= y).double().mean(1)  # of the batch that is not older
    margin = (loss.margin * (share[:, None] - share).abs()).clamp(max=2) * ~same
    s, others = _cosines(loss, z)
    logits = loss.scale * (s + margin.to(s.dtype))
    log_ratios = logits - logits.masked_fill(~others, -torch.inf).logsumexp(1, keepdim=True)
    positives = same & others
    return _mean(_equal_shares(positives), log_ratios)


def yaware(loss: nn.Module, embeddings: Tensor, ages: Tensor, epoch: int) -> Tensor:
    z, y = _anchors(embeddings, ages)
    s, others = _cosines(loss, z)
    return _mean(_kernel(loss, y)[1], s - torch.log((s.exp() * others).sum(1, keepdim=True)))


def exp(loss: nn.Module, embeddings: Tensor, ages: Tensor, epoch: int) -> Tensor:
    z, y = _anchors(embeddings, ages)
    s, others = _cosines(loss, z)
    w, shares = _kernel(loss, y)
    repelled = torch.exp(s * (1 - w).to(s.dtype)) * others
    return _mean(shares, s - torch.log(repelled.sum(1, keepdim=True)))


def threshold(loss: nn.Module, embeddings: Tensor, ages: Tensor, epoch: int) -> Tensor:
    z, y = _anchors(embeddings, ages)
    s, _ = _cosines(loss, z)
    w, shares = _kernel(loss, y)
    less_similar = w[:, None, :] < w[:, :, None]  # (i, k, t)
    total = (s.exp()[:, None, :] * less_similar).sum(2)
    some = less_similar.any(2)
    return _mean(shares * some, s - torch.log(torch.where(some, total, 1)))


def rnc(loss: nn.Module, embeddings: Tensor, ages: Tensor, epoch: int) -> Tensor:
    z, y = _anchors(embeddings, ages)
    others = ~torch.eye(len(z), dtype=torch.bool)
    difference = z[:, None] - z + (~others)[..., None]  # no square root of zero on the diagonal
    s = -difference.norm(dim=2) / loss.temperature
    gaps = _gaps(y).abs()
    at_least_as_far = (gaps[:, None, :] >= gaps[:, :, None]) & others[:, None, :]  # (i, k, t)
    total = (s.exp()[:, None, :] * at_least_as_far).sum(2)
    total = torch.where(others, total, 1)
    return -((s - torch.log(total)) * others).sum() / others.sum()


def dynlocrep(loss: nn.Module, embeddings: Tensor, ages: Tensor, epoch: int) -> Tensor:
    z, y = _anchors(embeddings, ages)
    batch, views, _ = embeddings.shape
    size = views * loss.neighbours(epoch, batch)
    s, _ = _cosines(loss, z)
    w, shares = _kernel(loss, y)
    total = 0.0
    for i in range(len(z)):
        distances = (z[i] - z).detach().abs().sum(1)
        distances[i] = torch.inf
        near = distances.argsort()[:size]
        near = near[near != i]
        repelled = torch.exp(s[i, near] * (1 - w[i, near]).to(s.dtype)).sum()
        total = total - (shares[i].to(s.dtype) * (s[i] - torch.log(repelled))).sum()
    return total / len(z)


def supremix(loss: nn.Module, embeddings: Tensor, ages: Tensor, epoch: int) -> Tensor:
    z, y = _anchors(embeddings, ages)
    label = (y / loss.bin_width + 1e-9).floor() * loss.bin_width
    rank = label.unique(return_inverse=True)[1]
    span = (label.max() - label.min()).to(z.dtype)
    drawn = loss.coefficients(numbered(y, embeddings.shape[1]), slice(0, len(z)), epoch)
    near_anchor = drawn.to(z.dtype)
    total = 0.0
    for i in range(len(z)):
        gaps = (label - label[i]).abs().to(z.dtype)
        rest = torch.arange(len(z)) != i
        k = (gaps > 0).nonzero()[:, 0]
        share = near_anchor[i, k, None]
        negatives = share * z[i] + (1 - share) * z[k]
        below = ((rank < rank[i]) & (rank >= rank[i] - loss.window)).nonzero()[:, 0]
        above = ((rank > rank[i]) & (rank <= rank[i] + loss.window)).nonzero()[:, 0]
        j, k_above = torch.cartesian_prod(below, above).reshape(-1, 2).T
        between = ((label[k_above] - label[i]) / (label[k_above] - label[j])).to(z.dtype)[:, None]
        positives = between * z[j] + (1 - between) * z[k_above]
        mixtures = normalize(torch.cat([negatives, positives]), dim=1)
        s = torch.cat([z[rest], mixtures]) @ z[i] / loss.temperature
        distant = [gaps[rest], gaps[k] * (1 - share[:, 0]), gaps.new_zeros(len(positives))]
        sums = torch.log(((1 + torch.cat(distant)) / span * s.exp()).sum())
        same = [gaps[rest] == 0, gaps.new_zeros(len(k)), gaps.new_ones(len(positives))]
        wanted = torch.cat([part.bool() for part in same])
        if wanted.any():
            total = total - (s[wanted] - sums).mean()
    return total / len(z)


NAIVE: dict[str, Naive] = {
    each.__name__: each
    for each in (l1, bce, simclr, supcon, adacon, yaware, exp, threshold, rnc, dynlocrep, supremix)
}


def bytes_needed(name: str, anchors: int, features: int) -> float:
    """Estimate what the (N, N, N), (N, N, features) or mixture tensors of a naive loss take."""
    cube = 9.0 * anchors**3  # a mask, and in float32 the product with it and its gradient
    if name == "threshold":
        return cube
    if name == "rnc":
        return cube + 12.0 * anchors**2 * features
    if name == "supremix":  # 72 labels, 3 on either side: (N / 24)² Mix-pos for each anchor
        return 20.0 * features * anchors * (2 * anchors + (anchors / 24) ** 2)
    return 40.0 * anchors**2

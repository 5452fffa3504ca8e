"""Mixtures of embeddings, known by their inner products with the anchor and never formed.

Anchors are sorted by group and label throughout, so that the neighbours of a label stand side by
side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from contrage.errors import SettingsError
from contrage.losses._logsumexp import logsumexp
from contrage.losses._pairs import GAP_DECIMALS, positive

QUANTILES = 4096  # a power of two
TERMS_AT_ONCE = 2**19  # pairs and mixtures in a block: 2 MB of float32
FEW_TERMS = 2**16  # not worth cutting
SHORTEST = 1e-12  # squared length under which a mixture has no direction of its own
LARGEST = 2**62  # a window beyond that, in millionths, is no whole number of 64 bits


class Mixtures(NamedTuple):
    """What the mixtures made for each anchor add up to: Σ s, their number, log Σ exp s; (n, 1)."""

    total: Tensor
    number: Tensor
    log_sum: Tensor


def beta_quantiles(beta: Sequence[float]) -> Tensor:
    """Return evenly spaced quantiles (4096,) of the Beta distribution with these parameters."""
    from scipy.special import betaincinv

    if isinstance(beta, str) or not isinstance(beta, Sequence) or len(beta) != 2:
        raise SettingsError(f"beta is {beta!r}; it must be two numbers above 0.")
    first, second = (positive("beta", value) for value in beta)
    middle = (torch.arange(QUANTILES, dtype=torch.float64) + 0.5) / QUANTILES
    return torch.from_numpy(betaincinv(first, second, middle.numpy()))


def drawn_shares(quantiles: Tensor, numbers: Tensor, rows: slice, epoch: int) -> Tensor:
    """Return λ (n, N) of some anchors with all, which looks drawn from the quantiles' distribution.

    It follows from the epoch and the numbers of the two anchors alone, so that it is the same in
    another order of the batch, in a resumed training and in every process.

    Parameters
    ----------
    quantiles : Tensor
        As from `beta_quantiles`.
    numbers : Tensor
        (N,), int64, see `numbered`.
    rows : slice
        Of the anchors.
    epoch : int
        Any.
    """
    chance = _scramble(_scramble(numbers[rows] + epoch)[:, None] + numbers)
    return quantiles.to(numbers.device).take(chance & (QUANTILES - 1))


def numbered(targets: Tensor, views: int) -> Tensor:
    """Return a whole number (N,) for the target and the view of each anchor.

    Parameters
    ----------
    targets : Tensor
        (N,), float64, the views of a sample side by side.
    views : int
        Number of them.
    """
    view = torch.arange(len(targets), device=targets.device) % views
    return (targets + 0.0).view(torch.int64) + view


def _scramble(numbers: Tensor) -> Tensor:
    """Turn whole numbers (int64) into others from 0 up that look drawn at random.

    Multiplication and shifts of a 64-bit word, as in the SplitMix64 generator.
    """
    for factor in (-4658895280553007687, -7723592293110705685):
        numbers = (numbers >> 30).bitwise_and_(0x3FFFFFFFF).bitwise_xor_(numbers).mul_(factor)
    numbers = (numbers >> 31).bitwise_and_(0x1FFFFFFFF).bitwise_xor_(numbers)
    return (numbers >> 16).bitwise_and_(0xFFFFFFFFFFFF)


def with_anchor(anchors: Tensor, rows: slice, products: Tensor, shares: Tensor) -> Tensor:
    """Return the product (n, N) of some anchors z_i with the direction of λ z_i + (1 - λ) z_k.

    Parameters
    ----------
    anchors : Tensor
        z, (N, features).
    rows : slice
        The anchors i.
    products, shares : Tensor
        (n, N), inner products of z_i and z_k, and λ.
    """
    squares = anchors.square().sum(1)
    own, rest = squares[rows, None], 1 - shares
    inner = shares * own + rest * products
    length = shares**2 * own + rest**2 * squares + 2 * shares * rest * products
    return inner / length.clamp(min=SHORTEST).sqrt()


@dataclass(frozen=True)
class Neighbours:
    """Where the neighbours of each anchor stand, for anchors sorted by group and label.

    Attributes
    ----------
    labels : Tensor
        (N,), float64.
    low, first, end, high : Tensor
        (N,), places: anchors of lower labels stand at low … first - 1, those of the same label at
        first … end - 1, those of higher labels at end … high - 1, all in the anchor's group.
    """

    labels: Tensor
    low: Tensor
    first: Tensor
    end: Tensor
    high: Tensor

    def blocks(self) -> list[slice]:
        """Cut the anchors into blocks of rows with about as many pairs and mixtures each."""
        mixtures = (self.first - self.low) * (self.high - self.end)
        most = min(TERMS_AT_ONCE, max(FEW_TERMS, len(self.labels) ** 2 // 8))  # padding adds to it
        number = ((mixtures + len(self.labels)).cumsum(0) - 1) // most
        lengths = torch.unique_consecutive(number, return_counts=True)[1].tolist()
        ends = [sum(lengths[: place + 1]) for place in range(len(lengths))]
        return [slice(end - length, end) for end, length in zip(ends, lengths, strict=True)]


@dataclass(frozen=True)
class Window:
    """How far the neighbours of a label may be from it.

    Attributes
    ----------
    width : float
        γ; infinity for any distance.
    in_targets : bool
        Whether it is in the target's unit, not in ranks of the labels that there are.
    is_open : bool
        Whether a neighbour at exactly this distance is none.
    """

    width: float
    in_targets: bool = False
    is_open: bool = False

    def steps(self, labels: Tensor, rank: Tensor) -> tuple[Tensor, Tensor]:
        """Return labels (N,) as whole numbers, and the most by which neighbours differ in these.

        They are ranks, or the labels in millionths of the unit, so that equal gaps are equal.
        """
        if not self.in_targets:
            steps, scale = rank, 1.0
        else:
            scale = 10.0**GAP_DECIMALS
            steps = ((labels - labels.min()) * scale).round().long()
        whole = steps.max() + 1
        if math.isinf(self.width):
            return steps, whole
        most = round(min(self.width * scale, LARGEST)) - self.is_open
        return steps, whole.clamp(max=most)


def neighbours(labels: Tensor, groups: Tensor, window: Window) -> Neighbours:
    """Find the anchors of a lower and of a higher label within a window of each, in its group.

    Parameters
    ----------
    labels, groups : Tensor
        (N,), sorted by group and by label within it.
    window : Window
    """
    apart = groups[1:] != groups[:-1]
    changes = (labels[1:] != labels[:-1]) | apart
    rank, group = (torch.cat([each.new_zeros(1), each]).cumsum(0) for each in (changes, apart))
    first, end = (torch.searchsorted(rank, rank, right=right) for right in (False, True))
    steps, most = window.steps(labels, rank)
    # Farther apart than any two neighbours, so that those of another group are none.
    steps = steps + group * (steps.max() + most + 1)
    low = torch.searchsorted(steps, steps - most).minimum(first)
    high = torch.searchsorted(steps, steps + most, right=True).maximum(end)
    return Neighbours(labels, low, first, end, high)


def between_neighbours(
    anchors: Tensor, near: Neighbours, rows: slice, temperature: float
) -> Mixtures:
    """Add up the mixtures of a lower and a higher neighbour that have the label of the anchor.

    Parameters
    ----------
    anchors : Tensor
        z, (N, features).
    near : Neighbours
        Of all anchors.
    rows : slice
        The n anchors that the mixtures are for.
    temperature : float
        Divides the products s of z_i and the mixture's direction.
    """
    place = torch.arange(rows.start, rows.stop, device=anchors.device)
    at = place[(near.first[rows] == place) | (place == rows.start)]  # one per label in the block
    i, is_own = _span(at, near.end[at].clamp(max=rows.stop))
    j, is_below = _span(near.low[at], near.first[at])
    k, is_above = _span(near.end[at], near.high[at])
    exist = is_below[:, :, None] & is_above[:, None, :]

    lower, upper = near.labels[j][:, :, None], near.labels[k][:, None, :]
    shares = (upper - near.labels[at][:, None, None]) / torch.where(exist, upper - lower, 1.0)
    shares = shares.to(anchors.dtype)
    rest = 1 - shares
    own, below, above = anchors[i], anchors[j], anchors[k]
    length = shares**2 * below.square().sum(2)[:, :, None]
    length = length + rest**2 * above.square().sum(2)[:, None, :]
    length = length + 2 * shares * rest * (below @ above.mT)
    scale = exist / (length.masked_fill(~exist, 1).clamp(min=SHORTEST).sqrt() * temperature)
    # The product of z_i with the mixture is linear in those with z_j and with z_k.
    of_j, of_k = shares * scale, rest * scale
    with_j, with_k = own @ below.mT, own @ above.mT
    total = (with_j * of_j.sum(2)[:, None]).sum(2) + (with_k * of_k.sum(1)[:, None]).sum(2)
    absent = torch.zeros_like(scale).masked_fill(~exist, torch.finfo(scale.dtype).min)
    logits = torch.addcmul(absent[:, None], with_j[:, :, :, None], of_j[:, None])
    logits = torch.addcmul(logits, with_k[:, :, None, :], of_k[:, None])
    log_sum = logsumexp(logits, (2, 3)).flatten(1)
    number = exist.sum((1, 2))[:, None].expand_as(total)
    return Mixtures(*(each[is_own][:, None] for each in (total, number, log_sum)))


def _span(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """Return the places low … high - 1 of each block as (B, width), and which of them count.

    Where no block has any, one column does not count: a sum of nothing is then still a sum.
    """
    places = low[:, None] + torch.arange(max(1, int((high - low).max())), device=low.device)
    counts = places < high[:, None]
    return places.where(counts, 0), counts

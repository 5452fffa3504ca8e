"""Pair arithmetic that the contrastive losses share.

A batch of embeddings (batch, views, features) becomes N = batch * views anchors; s is their (N, N)
matrix of similarities and w that of the kernel of their targets. Similarities are computed in at
least float32, also under autocast. Kernel weights are computed in float64 whatever the embeddings
hold: rbf weights reach 1e-80 between the target groups of one batch, which float32 would call zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from contrage.errors import SettingsError
from contrage.losses._blocks import sum_over_blocks

KERNELS: dict[str, Callable[[Tensor, float], Tensor]] = {
    "rbf": lambda d, sigma: torch.exp(-(d**2) / (2 * sigma**2)),
    "cauchy": lambda d, sigma: 1 / (sigma * d**2 + 1),
    "gaussian": lambda d, sigma: (
        torch.exp(-(d**2) / (2 * sigma**2)) / (math.sqrt(2 * math.pi) * sigma)
    ),
}
FORMULATIONS = ("paper", "released")
GAP_DECIMALS = 6


def one_of(setting: str, value: str, options: Iterable[str]) -> str:
    """Return `value`, or raise SettingsError when it is none of `options`."""
    if value not in options:
        raise SettingsError(f"{setting} is {value!r}; it can be {', '.join(options)}.")
    return value


def positive(setting: str, value: float) -> float:
    """Return `value` as a float, or raise SettingsError unless it is a finite number above 0."""
    if not _is_number(value) or value <= 0:
        raise SettingsError(f"{setting} is {value!r}; it must be a number above 0.")
    return float(value)


def not_negative(setting: str, value: float) -> float:
    """Return `value` as a float, or raise SettingsError unless it is a finite number from 0 up."""
    if not _is_number(value) or value < 0:
        raise SettingsError(f"{setting} is {value!r}; it must be a number from 0 up.")
    return float(value)


def _is_number(value: object) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and math.isfinite(value)


def count(setting: str, value: int, least: int = 0) -> int:
    """Return `value`, or raise SettingsError unless it is a whole number from `least` up."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise SettingsError(f"{setting} is {value!r}; it must be a whole number from {least} up.")
    return value


def check(embeddings: Tensor, targets: Tensor) -> None:
    """Raise ValueError unless the embeddings are (batch, views, features) and the targets fit them.

    Whether targets are finite is asked on the CPU alone.
    """
    shape = tuple(embeddings.shape)
    if len(shape) != 3 or 0 in shape:
        raise ValueError(f"Embeddings must be (batch, views, features), these are {shape}.")
    if not embeddings.is_floating_point():
        raise ValueError(f"Embeddings must be floating point, these are {embeddings.dtype}.")
    if tuple(targets.shape) != shape[:1]:
        raise ValueError(
            f"Targets must be ({shape[0]},), one per sample, not {tuple(targets.shape)}."
        )
    # On a GPU the host would have to wait for the answer, in every step.
    if targets.device.type == "cpu" and not torch.isfinite(targets).all():
        raise ValueError(
            "Targets must be finite numbers; there is a NaN or an infinity among them."
        )


def at_least_float32(values: Tensor) -> Tensor:
    """Return half-precision values as float32 and others as they are."""
    return values if values.dtype == torch.float64 else values.float()


def exact(targets: Tensor) -> Tensor:
    """Return the targets in float64, with the decimals that a narrower type has blurred put back.

    Six significant digits (an hour of a lifetime, of ages) survive float32. Targets in float64 are
    taken as they are; `tied` makes gaps equal that ought to be.
    """
    if targets.dtype == torch.float64 or not targets.is_floating_point():
        return targets.detach().double()
    targets = targets.detach().double()
    largest = float(targets.abs().max())
    return targets.round(decimals=5 - math.floor(math.log10(largest))) if largest > 0 else targets


def tied(gaps: Tensor) -> Tensor:
    """Return gaps of targets to a millionth of their unit, so that those tie that ought to.

    Which of two gaps is the larger, and whether they tie, decides the loss. In binary fractions
    25.5 - 25.2 and 25.2 - 24.9 differ, which changes the gradient of rnc and threshold by up to
    3.5 % on targets with one decimal. Whole numbers keep their bits. The released codes compare
    gaps as they are: `formulation: released` does, too.
    """
    return gaps.round(decimals=GAP_DECIMALS)


def flatten(embeddings: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Make every view an anchor of its own.

    Parameters
    ----------
    embeddings : Tensor
        (batch, views, features).
    targets : Tensor
        (batch,), in the target's unit.

    Returns
    -------
    tuple of Tensor
        Anchors (N, features) in at least float32, and their targets (N,) in float64,
        N = batch * views.

    Raises
    ------
    ValueError
        For shapes that do not fit, or targets that are not finite.
    """
    check(embeddings, targets)
    anchors = at_least_float32(embeddings).flatten(0, 1)
    return anchors, exact(targets).repeat_interleave(embeddings.shape[1])


def similarities(anchors: Tensor, rows: slice) -> Tensor:
    """Return the dot products (n, N) of some anchors with all; cosines for those of unit length."""
    with torch.autocast(anchors.device.type, enabled=False):  # it would round them to bfloat16
        return anchors[rows] @ anchors.T


def others(anchors: Tensor, rows: slice) -> Tensor:
    """Return the rows (n, N) of the mask of pairs of two different anchors.

    `anchors` is anything that has one entry per anchor.
    """
    numbers = torch.arange(len(anchors), device=anchors.device)
    return numbers[rows, None] != numbers


def shares(weights: Tensor, dim: int | tuple[int, ...] = 1) -> Tensor:
    """Divide weights by their sum along `dim`; weights that are all zero stay so."""
    total = weights.sum(dim, keepdim=True)
    return weights / total.masked_fill(total == 0, 1)


class TemperedLoss(nn.Module):
    """Settings and parts common to the losses on cosines divided by a temperature.

    Parameters
    ----------
    temperature : float
        Divides the similarities.
    formulation : {"paper", "released"}
        The printed equation, or what the authors' code computes.
    base_temperature : float
        The released code multiplies the loss by temperature / base_temperature; the paper's form
        makes no use of it.
    """

    unit_embeddings = True

    def __init__(self, temperature: float, formulation: str, base_temperature: float) -> None:
        super().__init__()
        self.temperature = positive("temperature", temperature)
        self.released = one_of("formulation", formulation, FORMULATIONS) == "released"
        self.scale = 1.0
        if self.released:
            self.scale = self.temperature / positive("base_temperature", base_temperature)

    def mean_over_anchors(self, log_ratios: Tensor, weights: Tensor) -> Tensor:
        """Return -1/N Σ_i Σ_k weight_ik log_ratio_ik, scaled as the formulation asks."""
        return -self.scale * (weights.to(log_ratios.dtype) * log_ratios).sum(1).mean()


class Block(NamedTuple):
    """What a loss sees of n anchors: s / temperature, w (float64) and the pairs, each (n, N)."""

    rows: slice
    logits: Tensor
    weights: Tensor
    pairs: Tensor


class KernelLoss(TemperedLoss):
    """Settings and parts common to the losses that weigh pairs by a kernel of the targets.

    Parameters
    ----------
    temperature, formulation, base_temperature
        As in `TemperedLoss`.
    kernel : {"rbf", "cauchy", "gaussian"}
        exp(-d²/2σ²), 1/(σd² + 1), or the rbf divided by σ√(2π), d being the difference in target.
    sigma : float
        The kernel's σ: the target's unit in rbf and gaussian, one over its square in cauchy.
    """

    def __init__(
        self,
        temperature: float = 0.1,
        kernel: str = "rbf",
        sigma: float = 2.0,
        formulation: str = "paper",
        base_temperature: float = 0.07,
    ) -> None:
        super().__init__(temperature, formulation, base_temperature)
        self.kernel = one_of("kernel", kernel, KERNELS)
        self.sigma = positive("sigma", sigma)

    def mean_over_blocks(
        self, part: Callable[[Block], Tensor], anchors: Tensor, targets: Tensor, views: int
    ) -> Tensor:
        """Return the mean over anchors, `part` being the mean over those of a block.

        Anchors (N, features) and targets (N,) are as from `flatten`.
        """

        def share(anchors: Tensor, rows: slice) -> Tensor:
            block = self._block(anchors, targets, rows, views)
            return part(block) * (len(block.logits) / len(anchors))

        return sum_over_blocks(share, anchors, views)

    def weights(self, targets: Tensor, rows: slice) -> Tensor:
        """Return w (n, N; float64) of some of the targets (N,) with all of them."""
        gaps = targets[rows, None] - targets
        return KERNELS[self.kernel](gaps if self.released else tied(gaps), self.sigma)

    def _block(self, anchors: Tensor, targets: Tensor, rows: slice, views: int) -> Block:
        logits = similarities(anchors, rows) / self.temperature
        # The views of a sample have one target: a kernel per pair of samples will do.
        samples = slice(rows.start // views, rows.stop // views)
        weights = self.weights(targets[::views], samples).repeat_interleave(views, 1)
        return Block(rows, logits, weights.repeat_interleave(views, 0), others(anchors, rows))

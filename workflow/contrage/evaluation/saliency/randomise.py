"""Whether a map depends on what was learned: cascading randomisation (Adebayo et al. 2018).

Weights are drawn anew from the readout downwards, one layer more at each stage. A method whose map
of a network that knows nothing is still the map of the trained one shows the image, not the model:
an edge detector does as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr
from torch import Tensor, nn

from contrage.evaluation.saliency.verdict import FEWEST, Stage

CELLS, STAGES, DRAWS = 64, 6, 3
"""Into how many places maps are divided; how many stages are looked at; of the last, how often."""

Explain = Callable[[nn.Module], NDArray[np.floating]]
"""From a predictor to what each place adds, (places,)."""


def layers(predictor: nn.Module) -> list[tuple[str, nn.Module]]:
    """Return the modules that hold weights of their own, from the readout down to the image.

    The order is that in which a network registers them, backwards.
    """
    own = [
        (name, module)
        for name, module in predictor.named_modules()
        if list(module.parameters(recurse=False))
    ]
    return own[::-1]


def randomised(predictor: nn.Module, seed: int) -> Iterator[tuple[str, nn.Module]]:
    """Yield the predictor with one layer more drawn anew each time: the name, and all so far.

    Each array of weights is drawn from a normal distribution of its own root mean square, one of a
    value per channel (a norm's, a bias) of its own mean and SD. With that, and with the running
    statistics of batch norm, activations stay in the range that they had: nothing else is left.
    """
    changed = deepcopy(predictor)
    chance = torch.Generator().manual_seed(seed)
    for name, module in layers(changed):
        for parameter in module.parameters(recurse=False):
            parameter.copy_(_drawn(parameter, chance))
        yield name, changed


@torch.no_grad()
def _drawn(weights: Tensor, chance: torch.Generator) -> Tensor:
    if weights.numel() < 2:
        return weights
    values = weights.double().cpu()
    noise = torch.randn(values.shape, generator=chance, dtype=torch.float64)
    if values.ndim > 1:
        return (noise * values.square().mean().sqrt()).to(weights)
    return (values.mean() + noise * values.std()).to(weights)


def chosen(count: int, most: int = STAGES) -> list[int]:
    """Return which of the stages of a cascade are looked at: evenly from the last to the first."""
    places = np.linspace(count - 1, 0, min(most, count)).round().astype(int)
    return np.unique(places).tolist()


def cascade(
    predictor: nn.Module,
    explain: Explain,
    genuine: NDArray[np.floating],
    draws: int = DRAWS,
    most: int = STAGES,
) -> list[Stage]:
    """Return what is left of a map, stage by stage; of the last the mean over several draws.

    Parameters
    ----------
    predictor : Module
    explain : callable
        From what is made of it to absolute values by place.
    genuine : ndarray of shape (places,)
        What `explain` tells of the predictor itself.
    draws : int
    most : int
        Stages; the last is one of them.
    """
    count = len(layers(predictor))
    places = chosen(count, most)
    found: dict[int, tuple[str, list[float]]] = {}
    for seed in range(draws):
        for at, (name, changed) in enumerate(randomised(predictor, seed)):
            if at == count - 1 or (seed == 0 and at in places):
                told = found.setdefault(at, (name, []))[1]
                told.append(correlation(explain(changed), genuine))
    return [Stage(name, at + 1, float(np.mean(all_of))) for at, (name, all_of) in found.items()]


def correlation(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Return Spearman's correlation; NaN of too few places, or where one is the same everywhere."""
    if len(one) < FEWEST or np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(spearmanr(one, other).statistic)

"""Exponential moving average of a network's weights.

Own, since `torch.optim.swa_utils.AveragedModel` is another: its first step copies the weights, it
makes a mean of counters too, and it sends its number of steps from host to device in every step,
where PyTorch waits until all that is queued is done.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn


class Average:
    """A copy of a network whose weights follow the network's, smoothed over steps.

    After step t each weight moves to d·average + (1−d)·weight with d = min(decay, (1+t)/(10+t)),
    as in TensorFlow's `ExponentialMovingAverage` with `num_updates`: with a constant decay the
    random initial weights would be most of the average of a short training (0.999 after 90 steps:
    91 %). Running statistics of batch norm are averaged alike, so that they belong to the weights;
    whole numbers, such as counters, are copied.

    Parameters
    ----------
    network : Module
        Copied, not kept.
    decay : float
        From 0 (the network itself) to below 1.
    part : str
        Name of the part that learns, where the others stay as they are; empty for all of it.
    """

    def __init__(self, network: nn.Module, decay: float, part: str = "") -> None:
        self.network = copy.deepcopy(network).requires_grad_(False)
        self.decay = decay
        self.part = part
        self.steps = 0

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Take a step towards the network's weights."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        both = (each.get_submodule(self.part).state_dict() for each in (self.network, network))
        for own, new in zip(*(state.values() for state in both), strict=True):
            if own.is_floating_point():
                own.mul_(decay).add_(new, alpha=1 - decay)
            else:
                own.copy_(new)

    def state_dict(self) -> dict[str, Any]:
        """Return the averaged weights and the number of steps."""
        return {"network": self.network.state_dict(), "steps": self.steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self.network.load_state_dict(state["network"])
        self.steps = state["steps"]

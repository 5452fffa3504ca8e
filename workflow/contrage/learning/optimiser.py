"""Adam on torch's own arithmetic, without what `torch.optim.Adam` imports."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor


class Adam:
    """Adam with L2 weight decay (Kingma and Ba 2015), equal to `torch.optim.Adam` bit for bit.

    The class of that name imports TorchDynamo at its first step, only to switch it off: as long
    as importing torch itself, and most of the time of a training of the demo. The function below
    it, which does the arithmetic, does not.

    Parameters
    ----------
    parameters : iterable of Tensor
        What to optimise, in a fixed order.
    learning_rate, weight_decay : float
        `learning_rate` may be changed between steps.
    """

    def __init__(
        self, parameters: Iterable[Tensor], learning_rate: float, weight_decay: float
    ) -> None:
        self.parameters = list(parameters)
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.means = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.squares = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.steps = [torch.tensor(0.0) for _ in self.parameters]

    @torch.no_grad()
    def step(self) -> None:
        """Update all parameters by their gradients, then clear the gradients."""
        from torch.optim.adam import adam

        adam(
            self.parameters,
            [parameter.grad for parameter in self.parameters],
            self.means,
            self.squares,
            [],
            self.steps,
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            lr=self.learning_rate,
            weight_decay=self.weight_decay,
            eps=1e-8,
            maximize=False,
        )
        for parameter in self.parameters:
            parameter.grad = None

    def state_dict(self) -> dict[str, list[Tensor]]:
        """Return the moments and step counts."""
        return {"means": self.means, "squares": self.squares, "steps": self.steps}

    @torch.no_grad()
    def load_state_dict(self, state: dict[str, list[Tensor]]) -> None:
        """Take over what `state_dict` returned."""
        for own, saved in (
            (self.means, state["means"]),
            (self.squares, state["squares"]),
            (self.steps, state["steps"]),
        ):
            for here, there in zip(own, saved, strict=True):
                here.copy_(there)

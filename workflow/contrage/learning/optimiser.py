"""Adam and SGD on torch's own arithmetic, without what `torch.optim`'s classes import.

Those classes import TorchDynamo at their first step, only to switch it off: as long as importing
torch itself, and most of the time of a training of the demo. The functions below them, which do
the arithmetic, do not. Results are equal to those of the classes with `fused=True` bit for bit: one
pass over all parameters, which leaves a step out on the device where float16 has overflowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn


class _Optimiser:
    """What both have in common: which parameters decay, and that gradients are cleared.

    Works under `torch.amp.GradScaler`, which sets `grad_scale` and `found_inf` for a step.

    Parameters
    ----------
    parameters : iterable of Tensor
        What to optimise, in a fixed order.
    learning_rate, weight_decay : float
        `learning_rate` may be changed between steps.
    exempt : iterable of Tensor
        Those of the parameters that do not decay.
    """

    _step_supports_amp_scaling = True

    def __init__(
        self,
        parameters: Iterable[Tensor],
        learning_rate: float,
        weight_decay: float,
        exempt: Iterable[Tensor] = (),
    ) -> None:
        self.parameters = list(parameters)
        self.learning_rate = learning_rate
        kept = {id(parameter) for parameter in exempt}
        decaying = [place for place, each in enumerate(self.parameters) if id(each) not in kept]
        others = [place for place, each in enumerate(self.parameters) if id(each) in kept]
        self.groups = [(decaying, weight_decay), (others, 0.0)]

    @property
    def param_groups(self) -> list[dict[str, list[Tensor]]]:
        """The parameters, where a gradient scaler looks for them."""
        return [{"params": self.parameters}]

    @property
    def _scaling(self) -> dict[str, Tensor | None]:
        return {name: getattr(self, name, None) for name in ("grad_scale", "found_inf")}

    @torch.no_grad()
    def step(self) -> None:
        """Update all parameters by their gradients, then clear the gradients."""
        for places, weight_decay in self.groups:
            if places:
                self._update(places, weight_decay)
        for parameter in self.parameters:
            parameter.grad = None

    def _update(self, places: Sequence[int], weight_decay: float) -> None:
        raise NotImplementedError


class Adam(_Optimiser):
    """Adam with L2 weight decay (Kingma and Ba 2015), equal to torch's bit for bit."""

    def __init__(
        self,
        parameters: Iterable[Tensor],
        learning_rate: float,
        weight_decay: float,
        exempt: Iterable[Tensor] = (),
    ) -> None:
        super().__init__(parameters, learning_rate, weight_decay, exempt)
        self.means = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.squares = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.steps = [parameter.new_zeros((), dtype=torch.float32) for parameter in self.parameters]

    def _update(self, places: Sequence[int], weight_decay: float) -> None:
        from torch.optim.adam import adam

        adam(
            [self.parameters[place] for place in places],
            [self.parameters[place].grad for place in places],
            [self.means[place] for place in places],
            [self.squares[place] for place in places],
            [],
            [self.steps[place] for place in places],
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            lr=self.learning_rate,
            weight_decay=weight_decay,
            eps=1e-8,
            maximize=False,
            fused=True,
            **self._scaling,
        )

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


class SGD(_Optimiser):
    """Gradient descent with momentum and L2 weight decay, equal to torch's bit for bit.

    Parameters
    ----------
    parameters, learning_rate, weight_decay, exempt
        As of Adam.
    momentum : float
    nesterov : bool
        Whether the gradient is looked up ahead of the step (Sutskever et al. 2013).
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        learning_rate: float,
        weight_decay: float,
        exempt: Iterable[Tensor] = (),
        momentum: float = 0.9,
        nesterov: bool = False,
    ) -> None:
        super().__init__(parameters, learning_rate, weight_decay, exempt)
        self.momentum = momentum
        self.nesterov = nesterov and momentum > 0
        self.momenta = [torch.zeros_like(parameter) for parameter in self.parameters]

    def _update(self, places: Sequence[int], weight_decay: float) -> None:
        from torch.optim.sgd import sgd

        sgd(
            [self.parameters[place] for place in places],
            [self.parameters[place].grad for place in places],
            [self.momenta[place] for place in places],
            weight_decay=weight_decay,
            momentum=self.momentum,
            lr=self.learning_rate,
            dampening=0.0,
            nesterov=self.nesterov,
            maximize=False,
            fused=True,
            **self._scaling,
        )

    def state_dict(self) -> dict[str, list[Tensor]]:
        """Return the momenta."""
        return {"momenta": self.momenta}

    @torch.no_grad()
    def load_state_dict(self, state: dict[str, list[Tensor]]) -> None:
        """Take over what `state_dict` returned."""
        for own, saved in zip(self.momenta, state["momenta"], strict=True):
            own.copy_(saved)


def build(training: dict[str, Any], *modules: nn.Module) -> Adam | SGD:
    """Return the optimiser that the configuration asks for, of the modules' parameters.

    Parameters
    ----------
    training : dict
        `learning_rate`, `weight_decay`, and, where they are not Adam and all: `optimiser`
        (adam, sgd), `momentum`, `nesterov`, `weight_decay_on` (all, weights).
    *modules : Module
        Network and loss.
    """
    parameters = [parameter for module in modules for parameter in module.parameters()]
    exempt: list[Tensor] = []
    if training.get("weight_decay_on", "all") == "weights":
        exempt = [parameter for module in modules for parameter in not_weights(module)]
    common = (parameters, training["learning_rate"], training["weight_decay"], exempt)
    if training.get("optimiser", "adam") == "sgd":
        momentum, nesterov = training.get("momentum", 0.9), training.get("nesterov", False)
        return SGD(*common, momentum=momentum, nesterov=nesterov)
    return Adam(*common)


def not_weights(module: nn.Module) -> list[Tensor]:
    """Return the parameters that scale and shift: of norm layers, biases, single numbers.

    Decay draws weights of a product towards 0. These have no product to keep small.
    """
    found = []
    for part in module.modules():
        is_norm = "Norm" in type(part).__name__
        found += [each for each in part.parameters(recurse=False) if is_norm or each.ndim < 2]
    return found

"""The optimiser of a training, from `torch.optim`."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn, optim

from contrage.settings.blocks.training import OneTrainingSettings

OPTIMISERS = {"adam": optim.Adam, "adamw": optim.AdamW, "sgd": optim.SGD}


def build(training: OneTrainingSettings, *modules: nn.Module) -> optim.Optimizer:
    """Return the optimiser that the configuration asks for, of the modules' parameters.

    Fused: one pass over all parameters, which leaves a step out on the device where float16 has
    overflowed. With `weight_decay_on: weights`, what is no weight stands in a group of its own.

    Parameters
    ----------
    training : OneTrainingSettings
    *modules : Module
        Network and loss.
    """
    parameters = [parameter for module in modules for parameter in module.parameters()]
    spared = set()
    if training.weight_decay_on == "weights":
        spared = {parameter for module in modules for parameter in not_weights(module)}
    groups: list[dict[str, Any]] = [
        {"params": [each for each in parameters if each not in spared]},
        {"params": [each for each in parameters if each in spared], "weight_decay": 0.0},
    ]
    further = {}
    if training.optimiser == "sgd":
        further = {
            "momentum": training.momentum,
            "nesterov": training.nesterov and training.momentum > 0,
        }
    return OPTIMISERS[training.optimiser](
        [group for group in groups if group["params"]],
        lr=training.learning_rate,
        weight_decay=training.weight_decay,
        fused=True,
        **further,
    )


def not_weights(module: nn.Module) -> list[Tensor]:
    """Return the parameters that scale and shift: of norm layers, biases, single numbers.

    Decay draws weights of a product towards 0. These have no product to keep small.
    """
    found = []
    for part in module.modules():
        is_norm = "Norm" in type(part).__name__
        found += [each for each in part.parameters(recurse=False) if is_norm or each.ndim < 2]
    return found

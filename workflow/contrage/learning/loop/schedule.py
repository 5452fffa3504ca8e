"""The learning rate of each epoch, from `torch.optim.lr_scheduler`."""

from __future__ import annotations

from torch.optim import Optimizer
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    LinearLR,
    LRScheduler,
    SequentialLR,
    StepLR,
)

from contrage.settings.blocks.training import OneTrainingSettings


def build(training: OneTrainingSettings, optimiser: Optimizer) -> LRScheduler:
    """Return what sets an optimiser's learning rate, to be stepped after every epoch.

    After the warm-up: `step` multiplies by `lr_decay` every `lr_decay_every` epochs, counted from
    the first epoch of all (the authors' protocol); `cosine` falls along half a cosine from
    `learning_rate` to its `final_fraction`, which it would reach one epoch after the last
    (Loshchilov and Hutter 2017, without restarts); `constant` stays.

    The warm-up multiplies by 1/n, 2/n, … 1 in the first n epochs. The authors' `--warm` rises
    with every batch from 0.01, whatever the learning rate; here it is one rate per epoch, the one
    that the curve notes.

    Parameters
    ----------
    training : OneTrainingSettings
    optimiser : Optimizer
        With its first learning rate.
    """
    name, warmup = training.schedule.name, training.schedule.warmup_epochs
    if name == "step":
        main = StepLR(optimiser, training.lr_decay_every, training.lr_decay)
    elif name == "cosine":
        lowest = training.learning_rate * training.schedule.final_fraction
        left = max(1, training.epochs - warmup)
        main = CosineAnnealingLR(optimiser, left, eta_min=lowest)
    else:
        main = ConstantLR(optimiser, factor=1.0)
    if not warmup:
        return main
    rising = LinearLR(optimiser, start_factor=1 / warmup, total_iters=max(1, warmup - 1))
    if name == "cosine":
        return SequentialLR(optimiser, [rising, main], milestones=[warmup])
    return ChainedScheduler([rising, main], optimiser)

"""The learning rate of each epoch."""

from __future__ import annotations

import math
from typing import Any

STEP = {"name": "step", "warmup_epochs": 0, "final_fraction": 0.0}


def learning_rate(training: dict[str, Any], epoch: int) -> float:
    """Return the learning rate of an epoch, counted from 0.

    After the warm-up: `step` multiplies by `lr_decay` every `lr_decay_every` epochs, counted from
    the first epoch of all (the authors' protocol); `cosine` falls along half a cosine from
    `learning_rate` to its `final_fraction`, which it would reach one epoch after the last
    (Loshchilov and Hutter 2017, without restarts); `constant` stays.

    The warm-up multiplies by 1/n, 2/n, … 1 in the first n epochs. The authors' `--warm` rises
    with every batch from 0.01, whatever the learning rate; here it is one rate per epoch, the one
    that the curve notes.

    Parameters
    ----------
    training : dict
        `learning_rate`, `lr_decay`, `lr_decay_every`, `epochs` and `schedule` (`name`,
        `warmup_epochs`, `final_fraction`).
    epoch : int
    """
    schedule, rate = STEP | training.get("schedule", {}), training["learning_rate"]
    warmup = schedule["warmup_epochs"]
    if schedule["name"] == "step":
        rate *= training["lr_decay"] ** (epoch // training["lr_decay_every"])
    elif schedule["name"] == "cosine" and epoch >= warmup:
        done = (epoch - warmup) / max(1, training["epochs"] - warmup)
        lowest = rate * schedule["final_fraction"]
        rate = lowest + (rate - lowest) * (1 + math.cos(math.pi * done)) / 2
    return rate * min(1.0, (epoch + 1) / warmup) if warmup else rate

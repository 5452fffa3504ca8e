"""A step queues its work: the host never asks the device for a value.

The meta device has shapes and no values. What needs a value fails on it, as it would wait on a GPU.
"""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest
import torch
from torch.optim import optimizer
from torch.utils._python_dispatch import TorchDispatchMode
from training_steps import asked

from contrage import losses
from contrage.learning.loop.epoch import EpochInputs, Step, batch_loss
from contrage.learning.loop.state import start
from contrage.learning.machine.precision import Precision
from contrage.learning.views import augment

META = torch.device("meta")
PART = {"age_mean": 40.0, "age_sd": 20.0}
AGES = np.linspace(20, 60, 8)
SIDES = np.array([0.0, 1.0] * 4)
# The shapes of its mixtures follow from the ages, and shapes are the host's business.
WAITS = {"supremix"}
HAVE_FORMS = {"yaware", "threshold", "exp", "dynlocrep"}


@pytest.fixture
def no_autocast(monkeypatch):
    """The meta device has none, and fused steps that nobody speaks of."""
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: nullcontext())
    monkeypatch.setattr(optimizer, "_get_fused_kernels_supported_devices", lambda: ["meta"])


def step(settings) -> None:
    precision = Precision("float32", META)
    values = SIDES if settings["loss"]["loss"] == "bce" else AGES
    state = start(asked(settings), PART, values, precision, (10, 12, 8))
    targets = state.targets(values).to(META)
    inputs = EpochInputs(asked(settings), None, None, targets, None, [], state.network, precision)
    images = torch.empty(8, 1, 10, 12, 8, device=META)
    part = Step(torch.arange(8, device=META), images, targets)
    state.learn(batch_loss(state, inputs, part, torch.Generator()), 1.0)


@pytest.mark.parametrize("formulation", ["paper", "released"])
@pytest.mark.parametrize("name", sorted(set(losses.available()) - WAITS))
def test_step_asks_for_no_value(settings, no_autocast, name, formulation):
    chosen = (
        {"formulation": formulation} if name in ("yaware", "threshold", "exp", "dynlocrep") else {}
    )
    settings["loss"] = {"loss": name, **chosen}
    settings["training"] |= {"ema": 0.9, "batch_size": 8}
    step(settings)


@pytest.mark.parametrize("name", sorted(WAITS))
def test_what_does_wait_is_noticed(settings, no_autocast, name):
    settings["loss"] = {"loss": name}
    with pytest.raises((RuntimeError, NotImplementedError)):
        step(settings)


class Watch(TorchDispatchMode):
    """Remembers the operations that a GPU would be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = str(function)
        if any(part in name for part in ("_local_scalar_dense", "nonzero", "masked_select")):
            self.seen.add(name)
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("name", augment.TRANSFORMS)
def test_views_ask_for_no_value(name):
    shape = (10, 12) if name == "zoom" else (10, 12, 8)
    images, generator = torch.randn(4, 1, *shape), torch.Generator().manual_seed(0)
    (transform,) = augment.build([name])
    with Watch() as watch:
        transform(images, generator)
    assert not watch.seen


def test_watch_notices_a_value_that_is_asked_for():
    with Watch() as watch:
        torch.ones(3).sum().item()
    assert watch.seen

"""Learning rates, against the formulas."""

from __future__ import annotations

import math

import pytest
import torch
from training_steps import training as training_with

from contrage.learning.loop.schedule import build

TRAINING = {"learning_rate": 0.01, "lr_decay": 0.9, "lr_decay_every": 3}


def rates(epochs: int = 12, resumed_after: int | None = None, **schedule) -> list[float]:
    def new():
        optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.01)
        training = training_with(**TRAINING, epochs=epochs, schedule=schedule)
        return optimiser, build(training, optimiser)

    (optimiser, scheduler), found = new(), []
    for epoch in range(epochs):
        if epoch == resumed_after:
            states = optimiser.state_dict(), scheduler.state_dict()
            optimiser, scheduler = new()
            optimiser.load_state_dict(states[0])
            scheduler.load_state_dict(states[1])
        assert scheduler.get_last_lr() == [optimiser.param_groups[0]["lr"]]
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return found


def by_formula(epoch: int, epochs: int, name: str, warmup_epochs: int, final: float) -> float:
    rate = 0.01
    if name == "step":
        rate *= 0.9 ** (epoch // 3)
    elif name == "cosine" and epoch >= warmup_epochs:
        done = (epoch - warmup_epochs) / max(1, epochs - warmup_epochs)
        rate = rate * final + (rate - rate * final) * (1 + math.cos(math.pi * done)) / 2
    return rate * min(1.0, (epoch + 1) / warmup_epochs) if warmup_epochs else rate


@pytest.mark.parametrize("final", [0.0, 0.1])
@pytest.mark.parametrize("warmup", [0, 1, 2, 5, 11, 12, 20])
@pytest.mark.parametrize("name", ["step", "cosine", "constant"])
@pytest.mark.parametrize("epochs", [1, 12, 300])
def test_rates_are_those_of_the_formula(epochs, name, warmup, final):
    found = rates(epochs, name=name, warmup_epochs=warmup, final_fraction=final)
    expected = [by_formula(epoch, epochs, name, warmup, final) for epoch in range(epochs)]
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-17)


@pytest.mark.parametrize("resumed_after", [1, 4, 5, 8])
@pytest.mark.parametrize("name", ["step", "cosine", "constant"])
def test_restored_rates_go_on_alike(name, resumed_after):
    whole = rates(name=name, warmup_epochs=5)
    assert rates(name=name, warmup_epochs=5, resumed_after=resumed_after) == whole


def test_step_is_the_default():
    assert rates() == rates(name="step")


def test_warm_up_rises_in_even_steps_to_the_rate():
    assert rates(name="constant", warmup_epochs=4) == pytest.approx(
        [0.0025, 0.005, 0.0075, *[0.01] * 9]
    )


def test_cosine_begins_after_the_warm_up():
    found = rates(name="cosine", warmup_epochs=4)
    assert found[3:5] == pytest.approx([0.01, 0.01])
    assert found[4:] == pytest.approx(rates(8, name="cosine"))


def test_decays_are_counted_from_the_first_epoch_with_a_warm_up_too():
    assert rates(warmup_epochs=2)[2:] == pytest.approx(rates()[2:])


def test_a_warm_up_longer_than_the_training_is_no_error():
    assert rates(name="cosine", warmup_epochs=20)[-1] == pytest.approx(0.006)

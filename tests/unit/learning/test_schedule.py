"""Learning rates, against PyTorch's schedulers."""

from __future__ import annotations

import pytest
import torch
from torch.optim import lr_scheduler

from contrage.learning.schedule import learning_rate

TRAINING = {"learning_rate": 0.01, "lr_decay": 0.9, "lr_decay_every": 3, "epochs": 12}


def rates(**schedule) -> list[float]:
    return [learning_rate(TRAINING | {"schedule": schedule}, epoch) for epoch in range(12)]


def of_torch(make) -> list[float]:
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.01)
    scheduler = make(optimiser)
    found = []
    for _ in range(12):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return found


def test_step_is_torchs_and_the_default():
    expected = of_torch(lambda optimiser: lr_scheduler.StepLR(optimiser, 3, 0.9))
    assert rates(name="step") == pytest.approx(expected)
    assert [learning_rate(TRAINING, epoch) for epoch in range(12)] == rates(name="step")


def test_step_has_the_bits_of_the_formula():
    assert rates() == [0.01 * 0.9 ** (epoch // 3) for epoch in range(12)]


@pytest.mark.parametrize("final", [0.0, 0.1])
def test_cosine_is_torchs(final):
    expected = of_torch(
        lambda optimiser: lr_scheduler.CosineAnnealingLR(optimiser, 12, eta_min=0.01 * final)
    )
    assert rates(name="cosine", final_fraction=final) == pytest.approx(expected)


def test_constant_stays():
    assert rates(name="constant") == [0.01] * 12


def test_warm_up_rises_in_even_steps_to_the_rate():
    assert rates(name="constant", warmup_epochs=4) == pytest.approx(
        [0.0025, 0.005, 0.0075, *[0.01] * 9]
    )


def test_cosine_begins_after_the_warm_up():
    found = rates(name="cosine", warmup_epochs=4)
    assert found[3] == found[4] == 0.01
    short = [
        learning_rate(TRAINING | {"epochs": 8, "schedule": {"name": "cosine"}}, epoch)
        for epoch in range(8)
    ]
    assert found[4:] == pytest.approx(short)


def test_decays_are_counted_from_the_first_epoch_with_a_warm_up_too():
    assert rates(warmup_epochs=2)[2:] == rates()[2:]


def test_a_warm_up_longer_than_the_training_is_no_error():
    assert rates(name="cosine", warmup_epochs=20)[-1] == pytest.approx(0.006)

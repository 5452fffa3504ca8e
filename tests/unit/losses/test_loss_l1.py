"""The supervised baseline against its formula, in loops."""

from __future__ import annotations

import pytest
import torch

from contrage.errors import SettingsError
from contrage.losses import load

RESIDUALS = {
    "l1": abs,
    "mse": lambda r: r**2,
    "huber": lambda r: r**2 / 2 if abs(r) <= 1 else abs(r) - 0.5,
}


@pytest.mark.parametrize("kind", RESIDUALS)
def test_loss_is_the_mean_residual_over_samples_and_views(rng, kind):
    predictions, ages = rng.normal(size=(5, 2, 1)), 2 * rng.normal(size=5)
    residuals = [RESIDUALS[kind](predictions[i, v, 0] - ages[i]) for i in range(5) for v in (0, 1)]
    value = load("l1", kind=kind)(torch.tensor(predictions), torch.tensor(ages))
    assert value.item() == pytest.approx(sum(residuals) / 10, rel=1e-12)


def test_it_asks_for_a_prediction_and_takes_nothing_wider(rng):
    loss = load("l1")
    assert loss.needs_prediction
    with pytest.raises(ValueError, match="One prediction per view"):
        loss(torch.zeros(4, 2, 3), torch.zeros(4))


def test_unknown_kind_is_named():
    with pytest.raises(SettingsError, match="kind is 'l3'; it can be l1, mse, huber"):
        load("l1", kind="l3")

"""The y-aware loss against its formula, in loops, and the authors' numbers."""

from __future__ import annotations

import pytest
import torch
from loss_helpers import anchors_of, assert_golden, assert_same, batch, kernel
from torch import Tensor

from contrage.losses import load


def by_loops(
    z: Tensor, y: Tensor, epoch: int, kind: str, sigma: float, temperature: float
) -> Tensor:
    z, y = anchors_of(z, y)
    total = 0.0
    for i in range(len(z)):
        others = [t for t in range(len(z)) if t != i]
        weights = {t: kernel(kind, sigma, y[i] - y[t]) for t in others}
        denominator = sum(torch.exp(z[i] @ z[t] / temperature) for t in others)
        for k in others:
            share = weights[k] / sum(weights.values())
            total -= share * torch.log(torch.exp(z[i] @ z[k] / temperature) / denominator)
    return total / len(z)


@pytest.mark.parametrize("views", [1, 2, 3])
@pytest.mark.parametrize(("kind", "sigma"), [("rbf", 2.0), ("cauchy", 0.5), ("gaussian", 3.0)])
def test_paper_form_is_the_printed_formula(rng, views, kind, sigma):
    loss = load("yaware", kernel=kind, sigma=sigma, temperature=0.3)
    z, y = batch(rng, 5, views)
    assert_same(loss, lambda z, y, epoch: by_loops(z, y, epoch, kind, sigma, 0.3), z, y)


def test_released_form_is_the_printed_one_scaled_by_the_temperatures(rng):
    z, y = batch(rng)
    released = load("yaware", temperature=0.3, formulation="released", base_temperature=0.1)
    torch.testing.assert_close(released(z, y), 3 * load("yaware", temperature=0.3)(z, y))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_agrees_with_every_golden_case(shared, dtype):
    assert assert_golden(shared / "golden", "yaware", dtype) == 11

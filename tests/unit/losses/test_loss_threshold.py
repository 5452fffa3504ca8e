"""The threshold loss against its formulas, in loops, and the authors' numbers."""

from __future__ import annotations

import math

import pytest
import torch
from loss_helpers import anchors_of, assert_golden, assert_same, batch, kernel, value_and_gradient
from torch import Tensor

from contrage.losses import load


def printed(
    z: Tensor, y: Tensor, epoch: int, kind: str, sigma: float, temperature: float
) -> Tensor:
    z, y = anchors_of(z, y)
    total = 0.0
    for i in range(len(z)):
        others = [t for t in range(len(z)) if t != i]
        weights = {t: kernel(kind, sigma, y[i] - y[t]) for t in others}
        for k in others:
            less_similar = [t for t in others if weights[t] < weights[k]]
            if not less_similar:
                continue
            denominator = sum(torch.exp(z[i] @ z[t] / temperature) for t in less_similar)
            share = weights[k] / sum(weights.values())
            total -= share * torch.log(torch.exp(z[i] @ z[k] / temperature) / denominator)
    return total / len(z)


def released(
    z: Tensor, y: Tensor, epoch: int, kind: str, sigma: float, temperature: float
) -> Tensor:
    z, y = anchors_of(z, y)
    total = 0.0
    w = [[kernel(kind, sigma, a - b) for b in y] for a in y]
    for i in range(len(z)):
        others = [t for t in range(len(z)) if t != i]
        denominator = 0.0
        for t in others:
            for third in range(len(z)):
                if w[t][third] < w[i][t]:
                    denominator = denominator + torch.exp(z[i] @ z[t] / temperature)
        for k in others:
            share = w[i][k] / sum(w[i][t] for t in others)
            total -= share * torch.log(torch.exp(z[i] @ z[k] / temperature) / denominator)
    return total / len(z) * temperature / 0.07


@pytest.mark.parametrize("oracle", [printed, released])
@pytest.mark.parametrize("views", [1, 2, 3])
@pytest.mark.parametrize(("kind", "sigma"), [("rbf", 2.0), ("cauchy", 0.5), ("gaussian", 3.0)])
def test_both_forms_are_their_formulas(rng, oracle, views, kind, sigma):
    form = "paper" if oracle is printed else "released"
    loss = load("threshold", kernel=kind, sigma=sigma, temperature=0.3, formulation=form)
    z, y = batch(rng, 5, views)
    assert_same(loss, lambda z, y, epoch: oracle(z, y, epoch, kind, sigma, 0.3), z, y)


@pytest.mark.parametrize("formulation", ["paper", "released"])
def test_equal_ages_leave_nothing_to_contrast(rng, formulation):
    z, y = batch(rng)
    loss = load("threshold", formulation=formulation)
    value, gradient = value_and_gradient(loss, z, torch.full_like(y, 40.0))
    assert value == 0
    assert not gradient.any()


def test_weights_far_below_the_range_of_float32_count(rng):
    z = batch(rng, 3, 1)[0].float()
    ages = torch.tensor([20.0, 60.0, 101.0])  # rbf weights of 1e-87 and less
    value = load("threshold")(z, ages)
    assert math.isfinite(value)
    assert value != 0


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_agrees_with_every_golden_case(shared, dtype):
    assert assert_golden(shared / "golden", "threshold", dtype) == 11

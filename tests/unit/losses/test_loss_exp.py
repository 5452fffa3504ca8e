"""The exponential loss against its formula, in loops, and the authors' numbers."""

from __future__ import annotations

import pytest
import torch
from loss_helpers import anchors_of, assert_golden, assert_same, batch, kernel
from torch import Tensor

from contrage.losses import load


def by_loops(
    z: Tensor, y: Tensor, epoch: int, kind: str, sigma: float, temperature: float, released: bool
) -> Tensor:
    z, y = anchors_of(z, y)
    total = 0.0
    for i in range(len(z)):
        others = [t for t in range(len(z)) if t != i]
        weights = {t: kernel(kind, sigma, y[i] - y[t]) for t in others}
        s = {t: z[i] @ z[t] / temperature for t in range(len(z))}
        if released:
            top = max(value.item() for value in s.values())
            s = {t: value - top for t, value in s.items()}
        denominator = sum(torch.exp(s[t] * (1 - weights[t])) for t in others)
        for k in others:
            total -= weights[k] / sum(weights.values()) * torch.log(torch.exp(s[k]) / denominator)
    return total / len(z)


@pytest.mark.parametrize("views", [1, 2, 3])
@pytest.mark.parametrize(("kind", "sigma"), [("rbf", 2.0), ("cauchy", 0.5), ("gaussian", 3.0)])
@pytest.mark.parametrize("released", [False, True])
def test_both_forms_are_their_formulas(rng, views, kind, sigma, released):
    form = {"formulation": "released", "base_temperature": 0.3} if released else {}
    loss = load("exp", kernel=kind, sigma=sigma, temperature=0.3, **form)
    z, y = batch(rng, 5, views)
    assert_same(loss, lambda z, y, epoch: by_loops(z, y, epoch, kind, sigma, 0.3, released), z, y)


def test_released_form_pulls_elsewhere_than_the_printed_one(rng):
    z, y = batch(rng, 16, 2, 8)
    gradients = []
    for formulation in ("paper", "released"):
        leaf = z.clone().requires_grad_()
        load("exp", formulation=formulation)(leaf, y).backward()
        gradients.append(leaf.grad.flatten())
    assert torch.cosine_similarity(*gradients, dim=0) < 0.95


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_agrees_with_every_golden_case(shared, dtype):
    assert assert_golden(shared / "golden", "exp", dtype) == 11

"""Rank-N-Contrast against its formula, in loops, and the authors' numbers."""

from __future__ import annotations

import pytest
import torch
from loss_helpers import anchors_of, assert_golden, assert_same, batch, value_and_gradient
from torch import Tensor

from contrage.losses import load


def by_loops(z: Tensor, y: Tensor, epoch: int, temperature: float) -> Tensor:
    z, y = anchors_of(z, y)
    n = len(z)
    total = 0.0
    for i in range(n):
        others = [t for t in range(n) if t != i]
        s = {t: -(z[i] - z[t]).norm() / temperature for t in others}
        for k in others:
            at_least_as_far = [t for t in others if abs(y[i] - y[t]) >= abs(y[i] - y[k])]
            denominator = sum(torch.exp(s[t]) for t in at_least_as_far)
            total -= torch.log(torch.exp(s[k]) / denominator)
    return total / (n * (n - 1))


@pytest.mark.parametrize("views", [1, 2, 3])
@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_loss_is_the_printed_formula(rng, views, temperature):
    z, y = batch(rng, 5, views)
    loss = load("rnc", temperature=temperature)
    assert_same(loss, lambda z, y, epoch: by_loops(z, y, epoch, temperature), 3 * z, y)


def test_both_forms_are_the_same_but_for_the_rounding_of_gaps(rng):
    z, y = batch(rng)
    y = y.round()
    assert load("rnc", formulation="released")(z, y) == load("rnc")(z, y)


def test_embeddings_are_not_normalised(rng):
    z, y = batch(rng)
    assert not getattr(load("rnc"), "unit_embeddings", False)
    assert load("rnc")(5 * z, y) != load("rnc")(z, y)


def test_gaps_that_tie_in_float64_tie_in_float32(rng):
    # 25.5 is as far from 25.2 as 24.9, and of the float32 numbers next to them no two gaps agree.
    z, _ = batch(rng, 5, 2)
    ages = torch.tensor([24.9, 25.2, 25.5, 25.8, 70.1], dtype=torch.float64)
    _, wanted = value_and_gradient(load("rnc"), z, ages)
    _, gradient = value_and_gradient(load("rnc"), z.float(), ages.float())
    torch.testing.assert_close(gradient.double(), wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_agrees_with_every_golden_case(shared, dtype):
    assert assert_golden(shared / "golden", "rnc", dtype) == 8

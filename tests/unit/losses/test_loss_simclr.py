"""Contrast without ages against its formula, in loops, and the authors' numbers."""

from __future__ import annotations

import pytest
import torch
from loss_helpers import assert_golden, assert_same, batch, value_and_gradient
from torch import Tensor

from contrage.losses import load


def by_loops(z: Tensor, y: Tensor, epoch: int, temperature: float) -> Tensor:
    samples, views, _ = z.shape
    places = [(i, v) for i in range(samples) for v in range(views)]
    total = torch.zeros((), dtype=torch.float64)
    for anchor in places:
        others = [place for place in places if place != anchor]
        denominator = sum(torch.exp(z[anchor] @ z[other] / temperature) for other in others)
        for other in others:
            if other[0] == anchor[0]:
                ratio = torch.exp(z[anchor] @ z[other] / temperature) / denominator
                total = total - torch.log(ratio) / (views - 1)
    return total / len(places)


@pytest.mark.parametrize("views", [2, 3])
def test_paper_form_is_the_printed_formula(rng, views):
    z, y = batch(rng, 5, views)
    loss = load("simclr", temperature=0.3)
    assert_same(loss, lambda z, y, epoch: by_loops(z, y, epoch, 0.3), z, y)


def test_released_form_is_the_printed_one_scaled_by_the_temperatures(rng):
    z, y = batch(rng)
    released = load("simclr", temperature=0.3, formulation="released", base_temperature=0.1)
    torch.testing.assert_close(released(z, y), 3 * load("simclr", temperature=0.3)(z, y))


def test_ages_play_no_part(rng):
    z, y = batch(rng)
    assert load("simclr")(z, y) == load("simclr")(z, torch.full_like(y, 40.0))


def test_one_view_leaves_nothing_to_attract(rng):
    value, gradient = value_and_gradient(load("simclr"), *batch(rng, 5, 1))
    assert value == 0
    assert not gradient.any()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_agrees_with_every_golden_case(shared, dtype):
    assert assert_golden(shared / "golden", "simclr", dtype) == 2

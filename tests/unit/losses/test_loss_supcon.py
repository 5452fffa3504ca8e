"""Supervised contrast against its formula, in loops, and the authors' numbers."""

from __future__ import annotations

import math

import pytest
import torch
from loss_helpers import anchors_of, assert_golden, assert_same, batch, value_and_gradient
from torch import Tensor

from contrage.errors import SettingsError
from contrage.losses import load


def by_loops(z: Tensor, y: Tensor, epoch: int, temperature: float, bin_width: float) -> Tensor:
    z, y = anchors_of(z, y)
    label = [age if bin_width == 0 else math.floor(age / bin_width) for age in y]
    total = torch.zeros((), dtype=torch.float64)
    for i in range(len(z)):
        others = [t for t in range(len(z)) if t != i]
        positives = [t for t in others if label[t] == label[i]]
        denominator = sum(torch.exp(z[i] @ z[t] / temperature) for t in others)
        for k in positives:
            ratio = torch.exp(z[i] @ z[k] / temperature) / denominator
            total = total - torch.log(ratio) / len(positives)
    return total / len(z)


@pytest.mark.parametrize("views", [1, 2, 3])
@pytest.mark.parametrize("bin_width", [0, 1, 5, 40.0])
def test_paper_form_is_the_printed_formula(rng, views, bin_width):
    loss = load("supcon", temperature=0.3, bin_width=bin_width)
    z, y = batch(rng, 6, views)
    assert_same(loss, lambda z, y, epoch: by_loops(z, y, epoch, 0.3, bin_width), z, y)


def test_released_form_is_the_printed_one_scaled_by_the_temperatures(rng):
    z, y = batch(rng)
    released = load("supcon", temperature=0.3, formulation="released", base_temperature=0.1)
    torch.testing.assert_close(released(z, y), 3 * load("supcon", temperature=0.3)(z, y))


def test_ages_on_the_edge_of_a_bin_lie_above_it(rng):
    z, _ = batch(rng, 4, 1)
    tenths = torch.tensor([23.3, 23.3, 23.2, 50.0])  # 23.3 / 0.1 is 232.99999999999997
    edges = torch.tensor([233.0, 233.0, 232.0, 500.0])
    wide, narrow = load("supcon", bin_width=1), load("supcon", bin_width=0.1)
    torch.testing.assert_close(narrow(z, tenths), wide(z, edges))


def test_anchor_without_a_positive_adds_nothing(rng):
    z, _ = batch(rng, 3, 1)
    value, gradient = value_and_gradient(load("supcon"), z, torch.tensor([20.0, 30.0, 40.0]))
    assert value == 0
    assert not gradient.any()


@pytest.mark.parametrize("width", [-1, float("inf"), "1", True])
def test_bin_width_that_cannot_work_is_named(width):
    with pytest.raises(SettingsError, match="bin_width"):
        load("supcon", bin_width=width)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_agrees_with_every_golden_case(shared, dtype):
    assert assert_golden(shared / "golden", "supcon", dtype) == 4

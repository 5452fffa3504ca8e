"""The logarithm of a sum of exponentials without those that are lost in it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from contrage.losses._logsumexp import logsumexp, masked_logsumexp
from contrage.losses.dynlocrep import _smallest

DTYPES = [torch.float32, torch.float64]


def with_gradient(function, logits, upstream):
    leaf = logits.clone().requires_grad_()
    value = function(leaf)
    value.backward(upstream)
    return value.detach(), leaf.grad


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_does_not_underflow_has_the_bits_of_pytorch(rng, dtype):
    logits = torch.tensor(rng.normal(size=(6, 40)) * 9).to(dtype)
    upstream = torch.tensor(rng.normal(size=(6, 1))).to(dtype)
    own = with_gradient(lambda x: logsumexp(x, 1), logits, upstream)
    wanted = with_gradient(lambda x: x.logsumexp(1, keepdim=True), logits, upstream)
    assert all(torch.equal(a, b) for a, b in zip(own, wanted, strict=True))


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_underflows_is_zero_and_changes_nothing_else(dtype):
    lost = math.log(torch.finfo(dtype).tiny)
    logits = torch.tensor([[300.0, 299.0, 300 + lost - 3, 300 + lost + 0.5, -1e30]], dtype=dtype)
    value, gradient = with_gradient(
        lambda x: logsumexp(x, 1), logits, torch.ones(1, 1, dtype=dtype)
    )
    np.testing.assert_allclose(value, [[300 + math.log(1 + math.exp(-1))]], rtol=1e-7)
    share = 1 / (1 + math.exp(-1))
    np.testing.assert_allclose(gradient[0, :2], [share, 1 - share], rtol=1e-5)
    assert not gradient[0, 2:].any()


def test_several_dimensions_are_summed_over():
    logits = torch.arange(24.0, dtype=torch.float64).reshape(2, 3, 4) / 7
    found = logsumexp(logits, (1, 2))
    assert found.shape == (2, 1, 1)
    torch.testing.assert_close(found.flatten(), logits.exp().sum((1, 2)).log())


@pytest.mark.parametrize("hidden", [0.0, 1e6, -1e6])
def test_what_a_mask_hides_does_not_count_however_large(rng, hidden):
    logits = torch.tensor(rng.normal(size=(3, 8))).float()
    mask = torch.tensor(rng.random((3, 8)) > 0.4)
    mask[:, 0] = True
    told = logits.masked_fill(~mask, hidden)
    value, gradient = with_gradient(lambda x: masked_logsumexp(x, mask), told, torch.ones(3, 1))
    for row in range(3):
        shown = logits[row][mask[row]]
        torch.testing.assert_close(value[row, 0], shown.logsumexp(0))
        torch.testing.assert_close(gradient[row][mask[row]], shown.softmax(0))
    assert not gradient[~mask].any()


def test_a_row_without_anything_is_finite_and_silenced_by_a_weight_of_zero():
    mask = torch.tensor([[True, True], [False, False]])
    weights = torch.tensor([[1.0], [0.0]])
    value, gradient = with_gradient(lambda x: masked_logsumexp(x, mask), torch.ones(2, 2), weights)
    assert torch.isfinite(value).all()
    assert gradient.tolist() == [[0.5, 0.5], [0.0, 0.0]]


@pytest.mark.parametrize("number", [1, 7, 30])
def test_the_smallest_of_a_row_are_found_as_pytorch_finds_them(rng, number):
    values = torch.tensor(rng.integers(0, 9, (5, 30)) / 4).float()
    values[0, :20] = torch.inf
    wanted = values.kthvalue(number, dim=1, keepdim=True).values
    assert torch.equal(_smallest(values, number), wanted)

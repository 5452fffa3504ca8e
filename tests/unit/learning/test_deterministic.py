"""Pools whose gradient is repeatable on a GPU, against PyTorch's own."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn

from contrage.learning import encoders
from contrage.learning.deterministic import MeanPool, make_deterministic
from contrage.learning.encoders._layers import Halve

POOLS = [
    nn.AdaptiveAvgPool3d((2, 3, 2)),
    nn.AdaptiveAvgPool3d(1),
    nn.AdaptiveAvgPool2d((3, None)),
    nn.AdaptiveAvgPool1d(2),
    nn.AvgPool3d(2),
    nn.AvgPool3d(2, ceil_mode=True),
    nn.AvgPool3d(3, 2),
    nn.AvgPool3d(3, 2, ceil_mode=True),
    nn.AvgPool2d((2, 3), (2, 1)),
    Halve("avg"),
]
SHAPES = [(7, 5, 6), (3, 9, 4), (4, 4, 4), (8, 3, 11)]


@pytest.mark.parametrize("pool", POOLS, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_result_and_gradient_are_those_of_the_pool_it_replaces(pool, shape):
    axes = next((int(c) for c in type(pool).__name__ if c.isdigit()), 3)
    torch.manual_seed(0)
    images = torch.randn(2, 3, *shape[:axes], dtype=torch.float64, requires_grad=True)
    network = nn.Sequential(pool)
    make_deterministic(network)
    assert isinstance(network[0], MeanPool)
    wanted, found = pool(images), network(images)
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-12)
    upstream = torch.randn_like(wanted)
    ours, theirs = (torch.autograd.grad(each, images, upstream)[0] for each in (found, wanted))
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", [name for name in encoders.NAMES if name not in ("mlp", "vit")])
def test_no_encoder_keeps_a_pool_that_is_not_repeatable(name):
    network = nn.Sequential(encoders.build(name, (24, 20, 22)))
    before = set(network.state_dict())
    make_deterministic(network)
    pools = [part for part in network.modules() if isinstance(part, MeanPool)]
    kept = {id(part.pool) for part in pools}
    unsafe = (nn.AvgPool3d, nn.AdaptiveAvgPool3d)
    assert pools
    assert all(id(part) in kept for part in network.modules() if isinstance(part, unsafe))
    assert set(network.state_dict()) == before


needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@needs_cuda
@pytest.mark.parametrize(
    ("encoder", "precision"), itertools.product(("small", "resnet10"), ("float32", "bfloat16"))
)
def test_deterministic_training_on_cuda_has_the_same_bits_twice(
    cohort, settings, encoder, precision
):
    from contrage.learning.train import train

    settings["training"] |= {"device": "cuda", "deterministic": True}
    settings["training"] |= {"encoder": encoder, "precision": precision}
    for name in ("one", "two"):
        train(settings, **cohort.inputs, **cohort.outputs(name))
    one, two = (cohort.outputs(name)["model"].read_bytes() for name in ("one", "two"))
    assert one == two

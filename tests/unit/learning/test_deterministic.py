"""Pools whose gradient is repeatable on a GPU, against PyTorch's own."""

from __future__ import annotations

import itertools

import pytest
import torch
from not_repeatable import OPERATIONS, documented, is_refused
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from training_steps import asked

from contrage.learning import encoders
from contrage.learning.encoders._layers import Halve
from contrage.learning.machine.deterministic import MeanPool, make_deterministic, prepare_pools

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


POOLED = ("mlp", "vit", "glt", "glt-cover")
"""Encoders without a pool that takes means of volumes."""


@pytest.mark.parametrize("name", [name for name in encoders.NAMES if name not in POOLED])
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


class Refused(TorchDispatchMode):
    """Remembers the operations that PyTorch would refuse on a GPU."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if is_refused(function, args):
            self.seen.add(str(function))
        return function(*args, **(kwargs or {}))


def refused(network: nn.Module, shape: tuple[int, ...]) -> set[str]:
    """Operations of a step; on the meta device, which has shapes and no values."""
    with Refused() as mode:
        network(torch.empty(4, 1, *shape, device="meta")).square().sum().backward()
    return mode.seen


SIZES = (24, 20, 22)
SLOW = {
    name
    for family in ("resnet", "densenet", "vit")
    for name in encoders.families()[family]["NAMES"]
}
AXES = {"mlp": (1,), "glt": (2, 3), "glt-cover": (2, 3), "r2plus1d": (3,)}
STEPS = [
    pytest.param(
        name,
        SIZES[:axes],
        id=f"{name}-{axes}d",
        marks=[pytest.mark.xdist_group("monai")] * (name in SLOW),
    )
    for name in encoders.NAMES
    for axes in AXES.get(name, (1, 2, 3))
]


@pytest.mark.parametrize(("name", "shape"), STEPS)
def test_no_encoder_does_what_pytorch_would_refuse(name, shape):
    with torch.device("meta"):
        network = nn.Sequential(encoders.build(name, shape))
    make_deterministic(network)
    assert not refused(network, shape)


@pytest.mark.parametrize("axes", [2, 3])
def test_what_pytorch_would_refuse_is_noticed(axes):
    with torch.device("meta"):
        network = encoders.build("small", SIZES[:axes])
    assert f"aten._adaptive_avg_pool{axes}d_backward.default" in refused(network, SIZES[:axes])


def test_all_that_pytorch_says_it_refuses_is_known():
    assert documented() <= set(OPERATIONS)
    assert "torch.nn.AdaptiveAvgPool3d" in documented()


@pytest.mark.parametrize(
    ("deterministic", "device", "replaced"),
    [(True, "cuda", True), (False, "cuda", False), (True, "cpu", False)],
)
def test_pools_are_replaced_on_a_gpu_where_the_settings_ask_for_it(deterministic, device, replaced):
    network = nn.Sequential(nn.AvgPool3d(2))
    prepare_pools(network, deterministic, torch.device(device))
    assert isinstance(network[0], MeanPool) == replaced


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
        train(asked(settings), **cohort.inputs, **cohort.outputs(name))
    one, two = (cohort.outputs(name)["model"].read_bytes() for name in ("one", "two"))
    assert one == two

"""The optimisers, against PyTorch's own classes."""

from __future__ import annotations

import io

import pytest
import torch

from contrage.learning.model import Model
from contrage.learning.optimiser import SGD, Adam, build, not_weights


def problem() -> tuple[list[torch.Tensor], torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    parameters = [
        torch.randn(shape, generator=generator).requires_grad_() for shape in ((3, 4), (4,))
    ]
    return parameters, torch.randn(10, 3, generator=generator)


def loss(parameters: list[torch.Tensor], data: torch.Tensor) -> torch.Tensor:
    return ((data @ parameters[0] + parameters[1]).tanh() - 0.3).square().sum()


def test_steps_equal_those_of_torch_bit_for_bit():
    (ours, data), (theirs, _) = problem(), problem()
    own = Adam(ours, 0.01, 0.1)
    reference = torch.optim.Adam(theirs, lr=0.01, weight_decay=0.1, fused=True)
    for step in range(20):
        own.learning_rate = 0.01 * 0.9**step
        reference.param_groups[0]["lr"] = 0.01 * 0.9**step
        loss(ours, data).backward()
        own.step()
        reference.zero_grad()
        loss(theirs, data).backward()
        reference.step()
    for one, other in zip(ours, theirs, strict=True):
        assert torch.equal(one, other)


def test_restored_state_goes_on_alike():
    (first, data), (second, _) = problem(), problem()
    whole, before, after = Adam(first, 0.01, 0), Adam(second, 0.01, 0), Adam(second, 0.01, 0)
    for step in range(6):
        loss(first, data).backward()
        whole.step()
        if step == 3:
            after.load_state_dict(before.state_dict())
        loss(second, data).backward()
        (before if step < 3 else after).step()
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one, other)


MOMENTA = [(0.0, False), (0.9, False), (0.9, True)]


@pytest.mark.parametrize(("momentum", "nesterov"), MOMENTA)
def test_steps_of_sgd_equal_those_of_torch_bit_for_bit(momentum, nesterov):
    (ours, data), (theirs, _) = problem(), problem()
    own = SGD(ours, 0.01, 0.1, momentum=momentum, nesterov=nesterov)
    reference = torch.optim.SGD(
        theirs, lr=0.01, weight_decay=0.1, momentum=momentum, nesterov=nesterov, fused=True
    )
    for step in range(20):
        own.learning_rate = 0.01 * 0.9**step
        reference.param_groups[0]["lr"] = 0.01 * 0.9**step
        loss(ours, data).backward()
        own.step()
        reference.zero_grad()
        loss(theirs, data).backward()
        reference.step()
    for one, other in zip(ours, theirs, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(("momentum", "nesterov"), MOMENTA)
@pytest.mark.parametrize("saved_after", [0, 3])
def test_restored_sgd_goes_on_alike(momentum, nesterov, saved_after):
    def new(parameters):
        return SGD(parameters, 0.01, 0, momentum=momentum, nesterov=nesterov)

    (first, data), (second, _) = problem(), problem()
    whole, before, after = new(first), new(second), new(second)
    for step in range(6):
        loss(first, data).backward()
        whole.step()
        if step == saved_after:
            file = io.BytesIO()
            torch.save(before.state_dict(), file)
            file.seek(0)
            after.load_state_dict(torch.load(file, weights_only=True))
        loss(second, data).backward()
        (before if step < saved_after else after).step()
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("name", ["adam", "sgd"])
def test_exempt_parameters_do_not_decay_and_the_others_do_as_in_torch(name):
    (ours, data), (theirs, _) = problem(), problem()
    if name == "adam":
        own = Adam(ours, 0.01, 0.1, exempt=[ours[1]])
        kind, extra = torch.optim.Adam, {}
    else:
        own = SGD(ours, 0.01, 0.1, exempt=[ours[1]])
        kind, extra = torch.optim.SGD, {"momentum": 0.9}
    groups = [
        {"params": theirs[:1], "weight_decay": 0.1},
        {"params": theirs[1:], "weight_decay": 0.0},
    ]
    reference = kind(groups, lr=0.01, fused=True, **extra)
    for _ in range(10):
        loss(ours, data).backward()
        own.step()
        reference.zero_grad()
        loss(theirs, data).backward()
        reference.step()
    for one, other in zip(ours, theirs, strict=True):
        assert torch.equal(one, other)


def test_norm_layers_and_biases_are_no_weights():
    network = Model("small", (10, 12, 8), [16, 8])
    spared = {id(parameter) for parameter in not_weights(network)}
    decaying = [name for name, each in network.named_parameters() if id(each) not in spared]
    assert decaying == [
        *(f"encoder.layers.{layer}.weight" for layer in (1, 4, 7, 12)),
        *("head.0.weight", "head.2.weight"),
    ]
    shaped = torch.nn.LayerNorm((3, 4))
    assert len(not_weights(shaped)) == 2


def test_configuration_decides_on_the_optimiser(settings):
    network = Model("small", (10, 12, 8), [16, 8])
    training = settings["training"]
    default = build(training, network)
    assert isinstance(default, Adam)
    assert [len(places) for places, _ in default.groups] == [len(default.parameters), 0]
    training |= {"optimiser": "sgd", "momentum": 0.8, "nesterov": True}
    training["weight_decay_on"] = "weights"
    chosen = build(training, network)
    assert isinstance(chosen, SGD)
    assert (chosen.momentum, chosen.nesterov) == (0.8, True)
    assert [(len(places), decay) for places, decay in chosen.groups] == [(6, 5.0e-5), (9, 0.0)]

"""The moving average of a network's weights."""

from __future__ import annotations

import torch

from contrage.learning.loop.average import Average
from contrage.learning.model import Model


def move(network: torch.nn.Module, step: int) -> None:
    generator = torch.Generator().manual_seed(step)
    with torch.no_grad():
        for value in network.state_dict().values():
            if value.is_floating_point():
                value.add_(torch.randn(value.shape, generator=generator))
            else:
                value.add_(1)


def test_average_is_that_of_an_explicit_loop():
    torch.manual_seed(0)
    network = Model("small", (10, 12, 8), [8, 4]).double()
    average = Average(network, 0.4)
    name = "encoder.layers.2.running_mean"
    expected = network.state_dict()[name].clone()
    for step in range(1, 9):
        move(network, step)
        average.update(network)
        decay = min(0.4, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * network.state_dict()[name]
    torch.testing.assert_close(average.network.state_dict()[name], expected)
    assert int(average.network.state_dict()["encoder.layers.2.num_batches_tracked"]) == 8


def test_average_of_a_decay_of_zero_is_the_network():
    network = Model("small", (10, 12, 8), [8, 4])
    average = Average(network, 0.0)
    move(network, 1)
    average.update(network)
    for own, other in zip(
        average.network.state_dict().values(), network.state_dict().values(), strict=True
    ):
        assert torch.equal(own, other)


def test_random_initial_weights_are_forgotten_in_a_short_training():
    network = Model("small", (10, 12, 8), [8, 4])
    with torch.no_grad():
        network.head[0].bias.fill_(100.0)
    average = Average(network, 0.999)
    with torch.no_grad():
        network.head[0].bias.fill_(1.0)
    for _ in range(90):
        average.update(network)
    assert average.network.head[0].bias.max() < 1.01


def test_average_leaves_the_network_and_the_random_numbers_alone():
    network = Model("small", (10, 12, 8), [8, 4])
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    average = Average(network, 0.9)
    average.update(network)
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())
    assert not any(parameter.requires_grad for parameter in average.network.parameters())


def test_restored_average_goes_on_alike():
    network = Model("small", (10, 12, 8), [8, 4])
    whole, other = Average(network, 0.9), Average(network, 0.9)
    move(network, 1)
    whole.update(network)
    other.load_state_dict(whole.state_dict())
    move(network, 2)
    whole.update(network)
    other.update(network)
    for own, copy in zip(
        whole.network.state_dict().values(), other.network.state_dict().values(), strict=True
    ):
        assert torch.equal(own, copy)

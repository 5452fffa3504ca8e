"""The optimiser that a configuration asks for."""

from __future__ import annotations

import io

import pytest
import torch
from training_steps import training as training_with

from contrage.learning.loop.optimiser import OPTIMISERS, build, not_weights
from contrage.learning.model import Model

TRAINING = {"learning_rate": 0.01, "weight_decay": 0.1}
CHOICES = [
    {"optimiser": "adam"},
    {"optimiser": "adamw"},
    {"optimiser": "sgd", "momentum": 0.0, "nesterov": True},
    {"optimiser": "sgd", "momentum": 0.9},
    {"optimiser": "sgd", "momentum": 0.9, "nesterov": True},
]


class Two(torch.nn.Module):
    """A weight and a shift, which is none."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.weight, self.shift = (
            torch.nn.Parameter(torch.randn(shape, generator=generator, dtype=torch.float64))
            for shape in ((3, 4), (4,))
        )

    def loss(self) -> torch.Tensor:
        data = torch.linspace(-1, 1, 30, dtype=torch.float64).view(10, 3)
        return ((data @ self.weight + self.shift).tanh() - 0.3).square().sum()


def learn(problem: Two, optimiser: torch.optim.Optimizer, steps: int) -> None:
    for _ in range(steps):
        problem.loss().backward()
        optimiser.step()
        optimiser.zero_grad()


def by_formula(training: dict, decays: dict[str, float], steps: int) -> dict[str, torch.Tensor]:
    """Adam (Kingma and Ba 2015), AdamW (Loshchilov and Hutter 2019), SGD (Sutskever 2013)."""
    problem, rate = Two(), training["learning_rate"]
    means = {name: torch.zeros_like(value) for name, value in problem.named_parameters()}
    squares = {name: torch.zeros_like(value) for name, value in problem.named_parameters()}
    for step in range(1, steps + 1):
        problem.loss().backward()
        with torch.no_grad():
            for name, value in problem.named_parameters():
                decoupled = training["optimiser"] == "adamw"
                gradient = value.grad + (0.0 if decoupled else decays[name]) * value
                if decoupled:
                    value *= 1 - rate * decays[name]
                if training["optimiser"] == "sgd":
                    momentum = training["momentum"]
                    means[name] = gradient if step == 1 else momentum * means[name] + gradient
                    ahead = training.get("nesterov", False) and momentum > 0
                    value -= rate * (gradient + momentum * means[name] if ahead else means[name])
                else:
                    means[name] = 0.9 * means[name] + 0.1 * gradient
                    squares[name] = 0.999 * squares[name] + 0.001 * gradient**2
                    spread = (squares[name] / (1 - 0.999**step)).sqrt() + 1e-8
                    value -= rate * means[name] / (1 - 0.9**step) / spread
        problem.zero_grad()
    return problem.state_dict()


@pytest.mark.parametrize("spared", [False, True], ids=["all decay", "weights decay"])
@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_steps_are_those_of_the_formula(choice, spared):
    training = TRAINING | choice | {"weight_decay_on": "weights" if spared else "all"}
    problem = Two()
    learn(problem, build(training_with(**training), problem), 20)
    expected = by_formula(training, {"weight": 0.1, "shift": 0.0 if spared else 0.1}, 20)
    for name, value in problem.state_dict().items():
        torch.testing.assert_close(value, expected[name], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("choice", CHOICES, ids=str)
@pytest.mark.parametrize("saved_after", [0, 3])
def test_restored_state_goes_on_alike(choice, saved_after):
    whole, parted = Two(), Two()
    learn(whole, build(training_with(**TRAINING, **choice), whole), 6)
    before, after = (build(training_with(**TRAINING, **choice), parted) for _ in range(2))
    learn(parted, before, saved_after)
    file = io.BytesIO()
    torch.save(before.state_dict(), file)
    file.seek(0)
    after.load_state_dict(torch.load(file, weights_only=True))
    learn(parted, after, 6 - saved_after)
    assert torch.equal(whole.weight, parted.weight)
    assert torch.equal(whole.shift, parted.shift)


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


def test_configuration_decides_on_the_optimiser():
    network = Model("small", (10, 12, 8), [16, 8])
    default = build(training_with(), network)
    assert type(default) is torch.optim.Adam
    (group,) = default.param_groups
    assert len(group["params"]) == len(list(network.parameters()))
    assert group["fused"]
    sgd = {"optimiser": "sgd", "momentum": 0.8, "nesterov": True}
    chosen = build(training_with(**sgd, weight_decay_on="weights"), network)
    assert type(chosen) is torch.optim.SGD
    found = [(len(group["params"]), group["weight_decay"]) for group in chosen.param_groups]
    assert found == [(6, 5.0e-5), (9, 0.0)]
    assert all(
        (group["momentum"], group["nesterov"]) == (0.8, True) for group in chosen.param_groups
    )


def test_schema_names_the_optimisers_there_are(root):
    import yaml

    schema = yaml.safe_load((root / "workflow/schemas/config.schema.yaml").read_text())
    assert schema["properties"]["training"]["properties"]["optimiser"]["enum"] == list(OPTIMISERS)

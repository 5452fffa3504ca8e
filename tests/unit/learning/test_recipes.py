"""Optimiser, schedule, clipping and averaging, as a training puts them together."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import yaml
from snakemake.exceptions import WorkflowError
from snakemake.utils import validate
from training_steps import AS_TRAINED, asked, training

from contrage.learning.embed import embed
from contrage.learning.loop.state import State, start
from contrage.learning.machine.precision import Precision
from contrage.learning.train import train
from contrage.settings.build import as_plain
from contrage.tables import read_tsv

CPU = Precision("float32", torch.device("cpu"))
PART = {"age_mean": 40.0, "age_sd": 20.0}
TODAY = {
    "augmentation": [],
    "optimiser": "adam",
    "momentum": 0.9,
    "nesterov": False,
    "schedule": {"name": "step", "warmup_epochs": 0, "final_fraction": 0.0},
    "weight_decay_on": "all",
    "gradient_clip": None,
    "ema": None,
    "early_stop": None,
}


def features(cohort, settings, name: str) -> np.ndarray:
    outputs = cohort.outputs(name)
    train(asked(settings), **cohort.inputs, **outputs)
    with np.load(outputs["features"]) as arrays:
        return arrays["features"]


def state_of(settings) -> State:
    torch.manual_seed(0)
    return start(asked(settings), PART, np.array([20.0, 60.0]), CPU, (10, 12, 8))


def total(network: torch.nn.Module) -> torch.Tensor:
    """A loss whose gradient is 1 in every weight."""
    return sum(parameter.sum() for parameter in network.parameters())


def test_defaults_are_the_papers_recipe(root):
    config = yaml.safe_load((root / "config/config.yaml").read_text())["training"]
    assert {key: config[key] for key in TODAY} == TODAY


@pytest.mark.parametrize(
    "recipe",
    [
        {"optimiser": "sgd"},
        {"optimiser": "sgd", "nesterov": True},
        {"schedule": {"name": "cosine"}},
        {"schedule": {"warmup_epochs": 2}},
        {"weight_decay_on": "weights", "weight_decay": 0.1},
        {"gradient_clip": 0.01},
        {"ema": 0.9},
    ],
    ids=str,
)
def test_every_part_changes_the_training_and_the_seed_repeats_it(cohort, settings, recipe):
    plain = features(cohort, settings, "plain")
    settings["training"] = as_plain(training(**settings["training"] | recipe))
    one, two = features(cohort, settings, "one"), features(cohort, settings, "two")
    assert not np.allclose(one, plain)
    assert np.array_equal(one, two)


def test_curve_notes_the_rate_of_the_schedule(cohort, settings):
    settings["training"]["epochs"] = 4
    settings["training"]["schedule"] |= {"name": "cosine", "warmup_epochs": 2}
    features(cohort, settings, "run")
    rates = read_tsv(cohort.outputs("run")["curve"])["learning_rate"].tolist()
    assert rates == pytest.approx([5e-4, 1e-3, 1e-3, 5e-4])


@pytest.mark.parametrize(
    ("gradient", "clip", "scaled"), [(3.0, 0.5, True), (1e-4, 0.5, False), (3.0, None, False)]
)
def test_gradient_is_scaled_down_to_the_norm_asked_for_and_never_up(
    settings, gradient, clip, scaled
):
    settings["training"] |= {"optimiser": "sgd", "momentum": 0.0}
    settings["training"] |= {"learning_rate": 1.0, "weight_decay": 0.0}
    state = state_of(settings)
    before = [parameter.detach().clone() for parameter in state.network.parameters()]
    state.learn(gradient * total(state.network), clip)
    after = state.network.parameters()
    steps = [(old - new).detach().flatten() for old, new in zip(before, after, strict=True)]
    norm = float(torch.cat(steps).double().norm())
    count = sum(parameter.numel() for parameter in before)
    assert norm == pytest.approx(clip if scaled else gradient * count**0.5, rel=1e-3)


def test_features_come_from_the_averaged_weights(cohort, settings, tmp_path):
    settings["training"]["ema"] = 0.5
    direct = features(cohort, settings, "run")
    again = tmp_path / "again.npz"
    embed(AS_TRAINED, **cohort.inputs, model=cohort.outputs("run")["model"], features=again)
    with np.load(again) as arrays:
        assert np.array_equal(arrays["features"], direct)
    state = state_of(settings)
    assert state.evaluated is state.average.network
    saved = state.model(settings)["encoder"]
    assert saved.keys() == state.average.network.encoder.state_dict().keys()


def test_averaging_leaves_the_training_itself_as_it_was(cohort, settings):
    features(cohort, settings, "plain")
    settings["training"]["ema"] = 0.9
    features(cohort, settings, "averaged")
    one, two = (read_tsv(cohort.outputs(name)["curve"]) for name in ("plain", "averaged"))
    assert one["loss"].tolist() == two["loss"].tolist()


def test_state_of_a_recipe_survives_a_checkpoint(settings, tmp_path):
    settings["training"] |= {"optimiser": "sgd", "ema": 0.9}
    one, other = state_of(settings), state_of(settings)
    one.learn(total(one.network), None)
    one.best, one.validation = {"epoch": 1, "error": 2.0, "network": {}}, [[1, 2.0]]
    torch.save(one.content(), tmp_path / "state.pt")
    other.restore(torch.load(tmp_path / "state.pt", weights_only=True))
    assert other.average.steps == 1
    assert (other.best, other.validation) == (one.best, one.validation)
    for each in (one, other):
        each.learn(total(each.network), None)
    for first, second in zip(
        one.evaluated.state_dict().values(), other.evaluated.state_dict().values(), strict=True
    ):
        assert torch.equal(first, second)


@pytest.mark.parametrize(
    ("change", "valid"),
    [
        ({}, True),
        ({"early_stop": {"patience": 3}}, True),
        ({"early_stop": {}}, True),
        ({"early_stop": {"fraction": 0.9}}, False),
        ({"early_stop": {"patients": 3}}, False),
        ({"ema": 0.99, "gradient_clip": 1}, True),
        ({"ema": 1}, False),
        ({"gradient_clip": 0}, False),
        ({"optimiser": "lbfgs"}, False),
        ({"schedule": {"name": "cosine"}}, True),
        ({"schedule": {"name": "linear"}}, False),
        ({"weight_decay_on": "biases"}, False),
    ],
    ids=str,
)
def test_schema_fills_in_defaults_and_refuses_the_rest(root, change, valid):
    config, schema = {"training": change}, str(root / "workflow/schemas/config.schema.yaml")
    if not valid:
        with pytest.raises(WorkflowError):
            validate(config, schema)
        return
    given = dict(change)
    validate(config, schema)
    found = config["training"]
    if "early_stop" in given:
        default = {"on": "inner", "fraction": 0.2, "patience": 10, "every": 1}
        assert found["early_stop"] == default | given["early_stop"]
    else:
        assert found["early_stop"] is None
    assert found["schedule"]["warmup_epochs"] == 0


def test_every_setting_of_early_stop_is_described(root):
    schema = yaml.safe_load((root / "workflow/schemas/config.schema.yaml").read_text())
    part = schema["properties"]["training"]["properties"]["early_stop"]["then"]["properties"]
    assert all(value["description"] and "default" in value for value in part.values())

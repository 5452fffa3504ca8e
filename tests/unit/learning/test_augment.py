"""Random views: chosen by name, encoded in one pass, drawn anew by every epoch of a training."""

from __future__ import annotations

import inspect

import pytest
import torch
import yaml
from training_steps import asked

from contrage.errors import SettingsError
from contrage.learning import train as training
from contrage.learning.model import Model
from contrage.learning.train import train
from contrage.learning.views import augment
from contrage.learning.views.augment import TRANSFORMS, build, embed
from contrage.modalities import load
from contrage.tables import read_tsv

SHAPE = (9, 11, 7)


def batch(size: int) -> torch.Tensor:
    return torch.randn(size, 1, *SHAPE, generator=torch.Generator().manual_seed(1)) + 3


def test_order_of_application_is_fixed():
    names = [each.func.__name__ for each in build(["noise", "crop", "flip"])]
    assert names == ["flip", "crop", "noise"]
    assert [each.func.__name__ for each in build(["all"])] == ["cutout", "crop"]
    (only,) = build({"noise": {"sd": 0.2}})
    assert only.keywords == {"sd": 0.2}


def test_unknown_names_and_settings_are_refused_with_the_choices():
    with pytest.raises(SettingsError, match=r"there is no 'blur', choose from flip, affine"):
        build(["blur"])
    with pytest.raises(SettingsError, match=r"augmentation\.noise: no setting std; it has .*sd"):
        build({"noise": {"std": 0.1}})


def test_defaults_of_code_and_schema_agree(root):
    schema = yaml.safe_load((root / "workflow/schemas/config.schema.yaml").read_text())
    described = schema["properties"]["training"]["properties"]["augmentation"]
    assert described["items"]["enum"] == [*TRANSFORMS, "all"]
    assert list(described["properties"]) == list(TRANSFORMS)
    for name, part in described["properties"].items():
        parameters = list(inspect.signature(TRANSFORMS[name]).parameters.values())[2:]
        own = {each.name: each.default for each in parameters}
        told = {key: value["default"] for key, value in part["properties"].items()}
        assert {k: list(v) if isinstance(v, tuple) else v for k, v in own.items()} == told


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ([], True),
        (["crop", "all"], True),
        ({"cutout": {"size": [0.1, 0.1, 0.1]}, "noise": {}}, True),
        (["blur"], False),
        ({"blur": {}}, False),
        ({"noise": {"std": 1}}, False),
        ({"noise": {"probability": 2}}, False),
        ("noise", False),
    ],
)
def test_schema_takes_names_or_settings(root, value, valid):
    from snakemake.exceptions import WorkflowError
    from snakemake.utils import validate

    config = {"training": {"augmentation": value}}
    schema = str(root / "workflow/schemas/config.schema.yaml")
    if valid:
        validate(config, schema)
        assert len(build(config["training"]["augmentation"])) <= 2
    else:
        with pytest.raises(WorkflowError):
            validate(config, schema)


class Recorder(torch.nn.Module):
    """Stands for an encoder and keeps what it is shown."""

    def forward(self, images: torch.Tensor, views: int = 1) -> torch.Tensor:
        self.shown = images
        return images.flatten(1)[:, None].expand(-1, views, -1)


def test_views_are_drawn_each_on_its_own_and_encoded_in_one_pass():
    network, images = Recorder(), batch(4)
    generator = torch.Generator().manual_seed(0)
    embeddings = embed(network, images, 2, build(["noise"]), generator)
    assert network.shown.shape == (8, 1, *SHAPE)
    assert embeddings.shape == (4, 2, images[0].numel())
    assert not torch.equal(embeddings[:, 0], embeddings[:, 1])
    distance = (embeddings - images.flatten(1)[:, None]).abs().amax(dim=(1, 2))
    assert distance.max() < 0.5, "a view stands in the row of another sample"


def test_without_augmentation_the_encoder_sees_each_sample_once():
    network, images = Recorder(), batch(4)
    embeddings = embed(network, images, 2, [], torch.Generator())
    assert network.shown is images
    assert torch.equal(embeddings[:, 0], embeddings[:, 1])


def test_one_pass_and_repeated_embeddings_equal_two_passes_of_identical_views():
    """Loss, gradients and the running means; running variances differ as Bessel's factors do.

    The authors encode both views in one batch of 2N. Batch norm normalises with the biased
    variance, which copies do not change, and keeps the unbiased one, which it takes from n values
    per channel here and from 2n there: n/(n−1) against 2n/(2n−1) of the biased one.
    """
    from contrage import losses

    torch.manual_seed(0)
    images = torch.randn(6, 1, 12, 14, 10, dtype=torch.float64)
    ages = torch.linspace(20, 70, 6, dtype=torch.float64)
    loss = losses.load("exp")
    results = []
    for repeats in (False, True):
        torch.manual_seed(1)
        model = Model("small", (10, 12, 8), [16, 8], unit=True).double()
        if repeats:
            twice = model(torch.cat([images, images]))[:, 0]
            embeddings = torch.stack([twice[:6], twice[6:]], dim=1)
        else:
            embeddings = embed(model, images, 2, [], torch.Generator())
        value = loss(embeddings, ages)
        value.backward()
        results.append((value.detach(), model))
    (one, once), (two, both) = results
    torch.testing.assert_close(one, two, rtol=1e-12, atol=0)
    for (name, first), second in zip(once.named_parameters(), both.parameters(), strict=True):
        torch.testing.assert_close(first.grad, second.grad, rtol=1e-9, atol=1e-12, msg=name)
    sizes = iter((6 * 3 * 4 * 3, 6 * 2 * 2 * 2, 6 * 1 * 1 * 1))
    for first, second in zip(once.modules(), both.modules(), strict=True):
        if not isinstance(first, torch.nn.BatchNorm3d):
            continue
        torch.testing.assert_close(first.running_mean, second.running_mean)
        n = next(sizes)
        biased = [
            (norm.running_var - 0.9) / 0.1 * (count - 1) / count
            for norm, count in ((first, n), (second, 2 * n))
        ]
        torch.testing.assert_close(*biased)
    assert next(sizes, None) is None


ALL_SIX = {name: {} for name in load("stiffness").augmentations}


def outcome(cohort, settings, name: str) -> bytes:
    outputs = cohort.outputs(name)
    train(asked(settings), **cohort.inputs, **outputs)
    return outputs["features"].read_bytes()


def test_augmentation_changes_the_training_and_the_seed_repeats_it(cohort, settings):
    plain = outcome(cohort, settings, "plain")
    settings["training"]["augmentation"] = ALL_SIX
    augmented = outcome(cohort, settings, "one")
    assert augmented != plain
    assert outcome(cohort, settings, "two") == augmented
    assert outcome(cohort, settings | {"seed": 1}, "three") != augmented


def test_every_epoch_draws_other_views(cohort, settings, monkeypatch):
    shown = []

    def watch(network, images, views, transforms, generator):
        shown.append(torch.rand(3, generator=generator).tolist())
        return network(images, views)

    monkeypatch.setattr(augment, "embed", watch)
    train(asked(settings), **cohort.inputs, **cohort.outputs("run"))
    assert len({tuple(draws) for draws in shown}) == len(shown)


def test_augmented_training_interrupted_ends_with_the_same_bits(cohort, settings, monkeypatch):
    settings["training"] |= {"epochs": 5, "augmentation": ALL_SIX}
    whole = outcome(cohort, settings, "whole")
    run_epoch = training.run_epoch

    def fail_in_the_third(state, *rest):
        if state.epoch == 2:
            raise KeyboardInterrupt
        run_epoch(state, *rest)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training, "CHECKPOINT_SECONDS", 0.0)
        patch.setattr(training, "run_epoch", fail_in_the_third)
        outcome(cohort, settings, "parts")
    assert cohort.outputs("parts")["resume"].is_file()
    assert outcome(cohort, settings, "parts") == whole
    curves = [
        read_tsv(cohort.outputs(name)["curve"]).drop(columns="seconds")
        for name in ("whole", "parts")
    ]
    assert curves[0].equals(curves[1])


def test_augmentation_that_does_not_exist_stops_the_training_at_once(cohort, settings):
    settings["training"]["augmentation"] = ["blur"]
    with pytest.raises(SettingsError, match="blur"):
        train(asked(settings), **cohort.inputs, **cohort.outputs("run"))

"""What came after the first trainings, on a pretended GPU: stages, and other ways of learning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_type_hints

import pytest
from labelled_device import Operations, labelled_device
from training_steps import asked

from contrage.files import read_npz
from contrage.learning.stage import train_stage
from contrage.learning.train import train
from contrage.settings.blocks.training import OneTrainingSettings
from contrage.settings.build import WhereAsked, build
from contrage.settings.steps.learning import TrainStageStep

SMOOTHED = {"formulation": "released", "window": 5, "sigma": 2.0}
MIXED = {"kind": "c-mixup", "alpha": 2.0, "bandwidth": None, "include_self": True}
WAYS = {
    "lds": ("l1", SMOOTHED),
    "fds": ("l1", SMOOTHED | {"momentum": 0.9}),
    "mixup": ("l1", MIXED),
    "logits": ("exp", {"scans": 8, "negatives": 4}),
}
"""Of each block that a training may have of its own: a loss that takes it, and what it says."""
START = {
    "experiment": "first",
    "row": "exp",
    "seed": 0,
    "fold": 0,
    "same_people": True,
    "checkpoint": "last",
}


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[Operations]:
    with labelled_device(monkeypatch) as operations:
        yield operations


@pytest.fixture
def wanted(settings: dict[str, Any]) -> dict[str, Any]:
    settings["training"] |= {"device": "cuda", "epochs": 2, "precision": "float32"}
    return settings


def test_each_way_of_learning_that_the_settings_know_is_tried_here():
    hints = get_type_hints(OneTrainingSettings, include_extras=True)
    optional = {
        name
        for name, hint in hints.items()
        if any(isinstance(each, WhereAsked) for each in getattr(hint, "__metadata__", ()))
    }
    assert optional == WAYS.keys()


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_learning(gpu, cohort, wanted, way):
    loss, block = WAYS[way]
    wanted |= {"row": loss, "loss": {"loss": loss}, "bin_width": 3.0}
    wanted["training"] |= {way: block, "head": [16, 1 if loss == "l1" else 8]}
    outputs = cohort.outputs("run")
    more = {"logits": cohort.folder / "logits.tsv"} if way == "logits" else {}
    train(asked(wanted), **cohort.inputs, **outputs, **more)
    assert read_npz(outputs["features"])["features"].std() > 0
    assert all(file.is_file() for file in more.values())


@pytest.mark.parametrize("learns", ["all", "head"])
def test_a_stage(gpu, cohort, wanted, learns):
    first, outputs = cohort.outputs("first"), cohort.outputs("stage")
    train(asked(wanted), **cohort.inputs, **first)
    told = wanted | {"row": "probe", "loss": {"loss": "l1"}, "train": learns, "start": START}
    told["training"] |= {"head": [1]}
    train_stage(
        build(TrainStageStep, told),
        **cohort.inputs,
        start_from=first["model"],
        start_scans=cohort.inputs["scans"],
        start_split=cohort.inputs["split"],
        **outputs,
    )
    before, after = (read_npz(each["features"])["features"] for each in (first, outputs))
    assert (before == after).all() == (learns == "head")

"""Training on a table of features: as on images, and blind to the test rows."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from evaluation_steps import baselines_of, seen
from forms import TABLE
from training_steps import asked

from contrage.dataset.normalise import feature_statistics
from contrage.evaluation.baselines import baselines
from contrage.learning.train import train
from contrage.tables import read_tsv


@pytest.fixture
def table(cohort, settings):
    """The cohort of 24 scans with 7 features for each in place of an image."""
    rng = np.random.default_rng(3)
    cohort.images = rng.normal(0, 1, (24, 7)) + 0.05 * cohort.ages[:, None]
    settings["training"]["encoder"] = "mlp"
    settings["training"]["batch_size"] = 6
    settings["dataset"] |= {"normalisation": "train", "form": TABLE}
    write(cohort)
    return cohort


def write(cohort) -> None:
    """Write array and split as the steps before training do."""
    np.save(cohort.folder / "images.npy", cohort.images)
    split = json.loads((cohort.folder / "split.json").read_text())
    split["folds"][0] |= feature_statistics(cohort.images, np.array(cohort.train))
    (cohort.folder / "split.json").write_text(json.dumps(split))


def trained(cohort, settings, name: str) -> tuple[dict, np.ndarray]:
    outputs = cohort.outputs(name)
    train(asked(settings), **cohort.inputs, **outputs)
    model = torch.load(outputs["model"], weights_only=True)
    with np.load(outputs["features"]) as stored:
        return {**model["encoder"], **model["head"]}, stored["features"]


@pytest.mark.parametrize("loss", ["exp", "l1"])
def test_every_scan_gets_features_and_the_numbers_are_finite(table, settings, loss):
    settings["loss"] = {"loss": loss}
    _, features = trained(table, settings, loss)
    assert len(features) == 24
    assert np.isfinite(features).all()


def test_other_values_in_the_test_rows_change_no_weight(table, settings):
    weights, features = trained(table, settings, "before")
    statistics = (table.folder / "split.json").read_text()
    table.images[table.test] += 1e6
    write(table)
    assert (table.folder / "split.json").read_text() == statistics
    changed, other = trained(table, settings, "after")
    assert weights.keys() == changed.keys()
    for name, value in weights.items():
        assert torch.equal(value, changed[name]), name
    np.testing.assert_array_equal(features[table.train], other[table.train])
    assert (features[table.test] != other[table.test]).any()


def test_ridge_on_the_raw_features_takes_the_place_of_block_means(table):
    output = table.folder / "baselines.tsv"
    wanted = baselines_of(seen(TABLE), alphas=[0.1, 1, 10], folds=3)
    inputs = {name: table.inputs[name] for name in ("array", "scans", "split")}
    baselines(wanted, **inputs, predictions=output)
    found = read_tsv(output)
    assert set(found["baseline"]) == {"mean", "ridge-features"}
    test = found[found["split"] == "test"]
    errors = (test["predicted_age"] - test["age"]).abs().groupby(test["baseline"]).mean()
    assert errors["ridge-features"] < 0.6 * errors["mean"]

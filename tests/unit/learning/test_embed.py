"""Features of a frozen encoder."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from contrage.errors import ContrageError
from contrage.learning.embed import embed, extract
from contrage.learning.encoders import Model
from contrage.learning.train import train


@pytest.mark.parametrize("loss", ["exp", "l1"])
def test_embedding_a_model_file_gives_what_its_training_wrote(cohort, settings, loss):
    settings |= {"row": loss, "loss": {"loss": loss}}
    outputs = cohort.outputs("run")
    train(settings, **cohort.inputs, **outputs)
    again = cohort.folder / "again.npz"
    embed({}, **cohort.inputs, model=outputs["model"], features=again)
    with np.load(outputs["features"]) as first, np.load(again) as second:
        assert first.files == second.files
        for name in first.files:
            assert np.array_equal(first[name], second[name]), name


def test_own_predictions_are_in_years(cohort, settings):
    settings |= {"row": "l1", "loss": {"loss": "l1"}}
    settings["training"]["epochs"] = 30
    outputs = cohort.outputs("run")
    train(settings, **cohort.inputs, **outputs)
    with np.load(outputs["features"]) as stored:
        own = stored["prediction"][cohort.train]
    truth = cohort.ages[cohort.train]
    assert abs(own.mean() - truth.mean()) < 10
    assert np.corrcoef(own, truth)[0, 1] > 0.5


def test_features_of_a_scan_do_not_depend_on_the_others(rng):
    torch.manual_seed(0)
    network = Model("small", 16, 8)
    images = rng.normal(size=(7, 10, 12, 8)).astype(np.float32)
    rows = np.arange(7)
    together = extract(network, rows, lambda some: images[some], 7)
    alone = extract(network, rows, lambda some: images[some], 1)
    assert together.shape == (7, 128)
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_file_that_is_no_model_is_named(cohort):
    path = cohort.folder / "model.pt"
    path.write_bytes(b"no model")
    with pytest.raises(ContrageError, match=r"model\.pt"):
        embed({}, **cohort.inputs, model=path, features=cohort.folder / "f.npz")

"""Features of a frozen encoder."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from forms import SLICE, TABLE
from training_steps import AS_TRAINED, asked

from contrage.errors import ContrageError
from contrage.learning.embed import embed, extract
from contrage.learning.images import OnDevice
from contrage.learning.model import Model
from contrage.learning.train import train
from contrage.tables import read_tsv


@pytest.mark.parametrize(
    ("loss", "head"),
    [("exp", [16, 8]), ("exp", [8]), ("exp", []), ("l1", [16, 8]), ("l1", [8])],
    ids=str,
)
def test_embedding_a_model_file_gives_what_its_training_wrote(cohort, settings, loss, head):
    settings |= {"row": loss, "loss": {"loss": loss}}
    settings["training"]["head"] = head
    outputs = cohort.outputs("run")
    train(asked(settings), **cohort.inputs, **outputs)
    again = cohort.folder / "again.npz"
    embed(AS_TRAINED, **cohort.inputs, model=outputs["model"], features=again)
    with np.load(outputs["features"]) as first, np.load(again) as second:
        assert first.files == second.files
        for name in first.files:
            assert np.array_equal(first[name], second[name]), name


@pytest.mark.parametrize(
    "encoder",
    [
        "sfcn",
        *(
            pytest.param(name, marks=pytest.mark.xdist_group("monai"))
            for name in ("resnet10", "densenet121", "vit")
        ),
    ],
)
def test_every_family_trains_and_embeds_again(cohort, settings, encoder):
    """On the CPU training asks for repeatable arithmetic, and PyTorch stops where it has none.

    On slices, which are trained in no time; 3-D networks differ by the name of their layers alone.
    """
    cohort.images = cohort.images[:, 2:, :, 4]
    cohort.write()
    settings["training"] |= {"encoder": encoder, "epochs": 1}
    settings["dataset"]["form"] = SLICE
    outputs = cohort.outputs("run")
    train(asked(settings), **cohort.inputs, **outputs)
    again = cohort.folder / "again.npz"
    embed(AS_TRAINED, **cohort.inputs, model=outputs["model"], features=again)
    with np.load(outputs["features"]) as first, np.load(again) as second:
        assert first["shape"].tolist() == [8, 12]
        assert np.isfinite(first["features"]).all()
        assert np.array_equal(first["features"], second["features"])


def test_perceptron_trains_on_a_table_of_region_features(cohort, settings):
    cohort.images = cohort.images[:, 2:, :, 0].mean(-1)
    cohort.write()
    settings["training"] |= {"encoder": "mlp", "epochs": 15}
    settings["dataset"]["form"] = TABLE
    outputs = cohort.outputs("run")
    train(asked(settings), **cohort.inputs, **outputs)
    again = cohort.folder / "again.npz"
    embed(AS_TRAINED, **cohort.inputs, model=outputs["model"], features=again)
    with np.load(outputs["features"]) as first, np.load(again) as second:
        assert np.array_equal(first["features"], second["features"])
        assert first["shape"].tolist() == [8]
    losses = read_tsv(outputs["curve"])["loss"].astype(float)
    assert losses.iloc[-1] < losses.iloc[0]


def test_images_of_another_shape_than_in_training_are_refused(cohort, settings):
    cohort.images = cohort.images[:, 2:, 0, 0]
    cohort.write()
    settings["training"] |= {"encoder": "mlp", "epochs": 1}
    settings["dataset"]["form"] = TABLE
    outputs = cohort.outputs("run")
    train(asked(settings), **cohort.inputs, **outputs)
    cohort.images = cohort.images[:, :5]
    cohort.write()
    with pytest.raises(ContrageError, match=r"model\.pt: mlp .* another shape than 5;"):
        embed(AS_TRAINED, **cohort.inputs, model=outputs["model"], features=cohort.folder / "f.npz")


def test_own_predictions_are_in_years(cohort, settings):
    settings |= {"row": "l1", "loss": {"loss": "l1"}}
    settings["training"]["epochs"] = 30
    outputs = cohort.outputs("run")
    train(asked(settings), **cohort.inputs, **outputs)
    with np.load(outputs["features"]) as stored:
        own = stored["prediction"][cohort.train]
    truth = cohort.ages[cohort.train]
    assert abs(own.mean() - truth.mean()) < 10
    assert np.corrcoef(own, truth)[0, 1] > 0.5


def test_features_of_a_scan_do_not_depend_on_the_others(rng):
    torch.manual_seed(0)
    network = Model("small", (10, 12, 8), [16, 8])
    images = rng.normal(size=(7, 1, 10, 12, 8)).astype(np.float32)
    rows = np.arange(7)
    stored = OnDevice(images.__getitem__, rows, torch.device("cpu"), torch.float32)
    together = extract(network, stored, rows, 7)
    alone = extract(network, stored, rows, 1)
    assert together.shape == (7, 128)
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_file_that_is_no_model_is_named(cohort):
    path = cohort.folder / "model.pt"
    path.write_bytes(b"no model")
    with pytest.raises(ContrageError, match=r"model\.pt: no model file .*; train it again"):
        embed(AS_TRAINED, **cohort.inputs, model=path, features=cohort.folder / "f.npz")

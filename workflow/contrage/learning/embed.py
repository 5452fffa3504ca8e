"""Features of all scans from a frozen encoder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from contrage.dataset.load import Loader, image_shape
from contrage.errors import ContrageError, SettingsError
from contrage.files import atomic
from contrage.learning import images
from contrage.learning.checkpoint import read_model
from contrage.learning.folds import Scans, read_fold, read_scans
from contrage.learning.images import Images
from contrage.learning.machine import precision
from contrage.learning.machine.deterministic import prepare_pools
from contrage.learning.machine.device import choose, repeatable
from contrage.learning.machine.precision import Precision
from contrage.learning.machine.processes import ALONE, World
from contrage.learning.model import LOGIT, Model, memory_format
from contrage.settings.blocks.training import OneTrainingSettings
from contrage.settings.build import build, fields_of
from contrage.settings.steps.learning import EmbedStep
from contrage.settings.steps.scores import ScoresSettings

STORED = "images"
"""Of a file of features: float32, or float16, to which images were rounded."""


def embed(
    settings: EmbedStep,
    *,
    array: Path,
    scans: Path,
    split: Path,
    fold: int,
    model: Path,
    features: Path,
) -> None:
    """Write the frozen encoder's features of all scans of an experiment.

    Parameters
    ----------
    settings : EmbedStep
        All that it does not say, the normalisation included, is what the model was trained with.
    array, scans, split, fold
        As in training.
    model : Path
        File written by the training.
    features : Path
        npz: scan_id (N,), features (N, d) float32, prediction (N,) in the target's unit where the
        loss predicts it (of a binary target score as well), the network's size
        (`contrage.learning.model.Model.size`), the epoch that its weights are of, and in which
        numbers images were kept (`STORED`).

    Raises
    ------
    ContrageError
        If the model cannot take these images, or is of an earlier version and predicts.
    """
    saved = read_model(model)
    training, dataset = settings_of(saved["settings"], settings.training, model)
    device = choose(training.device)
    channels, shape = image_shape(array, dataset.form)
    network = rebuild(saved, shape, model, channels)
    network.to(device, memory_format=memory_format(training.channels_last, network.seen))
    prepare_pools(network, training.deterministic, device)
    table = read_scans(scans)
    load = Loader(array, read_fold(split, fold), dataset)
    numbers = precision.choose(training.precision, device)
    with repeatable(0, device, training.threads, training.deterministic):
        within = images.reach(load, table.rows, shape, training, numbers, channels)
        found = extract(network, within, np.arange(len(table.ids)), training.batch_size)
        own = predicted(network, found, _scale(saved, model)) if saved["predicts"] else {}
    write_features(features, table, found, network, saved["epoch"], {**own, **stored(numbers)})


def stored(numbers: Precision) -> dict[str, np.ndarray]:
    """Return in which numbers images were kept, for whoever makes features of further ones."""
    return {STORED: np.array(str(numbers.storage).removeprefix("torch."))}


def settings_of(
    saved: Mapping[str, Any], instead: Mapping[str, Any], path: Path
) -> tuple[OneTrainingSettings, ScoresSettings]:
    """Return the settings that a training saved, with some in place of its own.

    Raises
    ------
    ContrageError
        If they are not those of this version.
    SettingsError
        If one in place of its own is no setting of a training.
    """
    if unknown := sorted(instead.keys() - fields_of(OneTrainingSettings).keys()):
        raise SettingsError(f"--settings: training.{unknown[0]} is no setting of a training")
    try:
        return (
            build(OneTrainingSettings, {**saved["training"], **instead}),
            build(ScoresSettings, saved["dataset"]),
        )
    except (KeyError, TypeError) as error:
        raise ContrageError(f"{path}: of another version ({error}); train it again") from None


def rebuild(saved: dict[str, Any], shape: tuple[int, ...], path: Path, channels: int = 1) -> Model:
    """Return the network that a training saved.

    Parameters
    ----------
    saved : dict
        As `contrage.learning.checkpoint.read_model` returns it.
    shape : tuple of int
        Of one image that it is to be given.
    path : Path
        The model's file, named in the error.
    channels : int
        Of one image.

    Raises
    ------
    ContrageError
        If the network cannot take images of this shape.
    """
    training = saved["settings"]["training"]
    head = [*training["head"][:-1], saved["outputs"]] if training["head"] else []
    network = Model(training["encoder"], shape, head, channels=channels)
    try:
        network.encoder.load_state_dict(saved["encoder"])
        network.head.load_state_dict(saved["head"])
    except RuntimeError:
        raise ContrageError(
            f"{path}: {training['encoder']} was trained on images of another shape than "
            f"{'×'.join(map(str, shape))}; give the array that it was trained on"
        ) from None
    return network


def _scale(saved: dict[str, Any], path: Path) -> Mapping[str, float]:
    """Return the mean and SD of what a model has learned to predict."""
    if "target_mean" not in saved:
        raise ContrageError(f"{path}: of an earlier version, which knew age alone; train it again")
    return saved


@torch.no_grad()
def extract(
    network: Model, images: Images, places: np.ndarray, batch_size: int, world: World = ALONE
) -> torch.Tensor:
    """Return the encoder's features (N, d), float32, of the scans at these places.

    The encoder is in evaluation mode meanwhile: its batch norm uses running statistics of the
    training scans, so that no scan's features depend on the others. Several processes share the
    work, and each gets all features.
    """
    was_training = network.training
    network.eval()
    own = world.share(torch.from_numpy(places)).split(batch_size)
    # On the device until all are there: a copy per batch would wait for each.
    parts = [network.encoder(batch) for batch in images.batches(own)]
    network.train(was_training)
    return world.join(torch.cat(parts)).cpu()


def predict(network: Model, features: torch.Tensor, scale: Mapping[str, float]) -> np.ndarray:
    """Return the head's own predictions (N,), in the target's unit.

    Parameters
    ----------
    network : Model
        Its head's last output is the prediction.
    features : Tensor of shape (N, d)
    scale : mapping
        `target_mean` and `target_sd` of the training scans; `logit` where the output is one, of
        which the prediction is the probability.
    """
    return predicted(network, features, scale)["prediction"]


@torch.no_grad()
def predicted(
    network: Model, features: torch.Tensor, scale: Mapping[str, float]
) -> dict[str, np.ndarray]:
    """Return `prediction`, as of `predict`, and of a binary target its `score`, the logit."""
    device = next(network.parameters()).device
    output = network.head(features.to(device))[:, -1].cpu().double()
    if LOGIT in scale:
        return {"prediction": output.sigmoid().numpy(), "score": output.numpy()}
    return {"prediction": output.numpy() * scale["target_sd"] + scale["target_mean"]}


def write_features(
    path: Path,
    scans: Scans,
    features: torch.Tensor,
    network: Model,
    epoch: int,
    own: Mapping[str, Any] | None = None,
) -> None:
    """Write one npz of features; the network's size and epoch go with them, for the report.

    `own` is what the head predicts, as of `predicted`, and what a stage started from.
    """
    arrays = {"scan_id": np.array(scans.ids), "features": features.numpy(), **network.size()}
    arrays |= {"epoch": np.array(epoch), **(own or {})}
    with atomic(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **arrays)

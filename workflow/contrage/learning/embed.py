"""Features of all scans from a frozen encoder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from contrage.dataset.load import load_images
from contrage.errors import ContrageError
from contrage.files import atomic
from contrage.learning.device import choose, repeatable
from contrage.learning.encoders import Model
from contrage.learning.tables import Scans, read_fold, read_scans

Loader = Callable[[np.ndarray], np.ndarray]


def embed(
    settings: dict[str, Any],
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
    settings : dict
        `training` may override device, threads and batch_size; all else, the normalisation
        included, is what the model was trained with.
    array, scans, split, fold
        As in training.
    model : Path
        File written by the training.
    features : Path
        npz: scan_id (N,), features (N, d) float32, and prediction (N,) in years where the loss
        predicts age itself.
    """
    saved = read_model(model)
    training = saved["settings"]["training"] | settings.get("training", {})
    device = choose(training["device"])
    shape = np.load(array, mmap_mode="r").shape[1:]
    network = Model(training["encoder"], training["head"][0], saved["outputs"], shape=shape).to(
        device
    )
    network.encoder.load_state_dict(saved["encoder"])
    network.head.load_state_dict(saved["head"])
    table = read_scans(scans)
    load = partial(
        load_images,
        array,
        fold=read_fold(split, fold),
        settings=saved["settings"]["dataset"],
    )
    with repeatable(0, device, training["threads"]):
        found = extract(network, table.rows, load, training["batch_size"])
        own = predict(network, found, saved) if saved["predicts"] else None
    write_features(features, table, found, own)


def read_model(path: Path) -> dict[str, Any]:
    """Return what a training saved; nothing in the file is executed."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ContrageError(
            f"{path}: no model of contrage ({type(error).__name__}); train it again"
        ) from None


@torch.no_grad()
def extract(network: Model, rows: np.ndarray, load: Loader, batch_size: int) -> torch.Tensor:
    """Return the encoder's features (N, d), float32, of the scans in these rows of the array.

    The encoder is in evaluation mode meanwhile: its batch norm uses running statistics of the
    training scans, so that no scan's features depend on the others.
    """
    was_training = network.training
    network.eval()
    device = next(network.parameters()).device
    parts = [
        network.encoder(torch.from_numpy(load(some))[:, None].to(device)).cpu()
        for some in np.split(rows, range(batch_size, len(rows), batch_size))
    ]
    network.train(was_training)
    return torch.cat(parts)


@torch.no_grad()
def predict(network: Model, features: torch.Tensor, scale: Mapping[str, Any]) -> np.ndarray:
    """Return the head's own predictions (N,) in years.

    Parameters
    ----------
    network : Model
        Its head's last output is the prediction.
    features : Tensor of shape (N, d)
    scale : mapping
        `age_mean` and `age_sd` of the training scans, years.
    """
    device = next(network.parameters()).device
    standardised = network.head(features.to(device))[:, -1].cpu().double().numpy()
    return standardised * scale["age_sd"] + scale["age_mean"]


def write_features(
    path: Path, scans: Scans, features: torch.Tensor, prediction: np.ndarray | None = None
) -> None:
    """Write one npz of features."""
    arrays = {"scan_id": np.array(scans.ids), "features": features.numpy()}
    if prediction is not None:
        arrays["prediction"] = prediction
    with atomic(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **arrays)

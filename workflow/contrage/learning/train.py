"""One training: one loss, one seed, one fold."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from contrage.dataset.load import image_shape, load_images
from contrage.errors import ContrageError, SettingsError
from contrage.learning import augment, checkpoint
from contrage.learning.device import choose, repeatable
from contrage.learning.embed import extract, predict, write_features
from contrage.learning.schedule import learning_rate
from contrage.learning.state import State, start
from contrage.learning.tables import read_fold, read_scans
from contrage.learning.validation import Validation, divide

logger = logging.getLogger(__name__)

CHECKPOINT_SECONDS = 10.0
SMALLEST_SHARE = 4


def train(
    settings: dict[str, Any],
    *,
    array: Path,
    scans: Path,
    split: Path,
    fold: int,
    model: Path,
    curve: Path,
    resume: Path,
    features: Path | None = None,
    snapshots: list[Path] | None = None,
    start_from: Path | None = None,
) -> None:
    """Train an encoder on the training scans of one fold.

    Test scans are read for their features only, and have no part in the weights or in when to
    stop. On the CPU the same inputs give the same bytes, interrupted or not.

    Parameters
    ----------
    settings : dict
        `row` (name of the loss configuration), `loss` ({"loss": file name, **its settings}),
        `training`, `dataset` (normalisation, field_of_view), `seed`, `snapshot_epochs`.
    array, scans, split : Path
        The cohort's images, the experiment's scans, the folds of this seed.
    fold : int
        Number of the fold.
    model, curve : Path
        Outputs: weights (torch file, loads weights-only; the averaged ones, of the best epoch,
        where the settings ask for that) and the loss per epoch (TSV).
    resume : Path
        Checkpoint, there only while the training is under way or after it was interrupted.
    features : Path, optional
        Output: features of all scans from these weights, see `contrage.learning.embed`.
    snapshots : list of Path, optional
        Outputs: features after each of `snapshot_epochs`, in that order.
    start_from : Path, optional
        Model file whose encoder the training starts from; see `contrage.learning.pretrained`.

    Raises
    ------
    SettingsError
        If a batch is larger than the training split, or a snapshot is after the last epoch.
    DeviceError
        If CUDA is asked for and there is none.
    ContrageError
        If the loss is no longer a finite number, or the file to start from does not fit.
    """
    training = settings["training"]
    everyone, part = read_scans(scans), read_fold(split, fold)
    whole = everyone.pick(part["train"], split)
    own, held_out = divide(whole, training, settings["seed"])
    snapshot_epochs = settings.get("snapshot_epochs", []) if snapshots else []
    check(training, len(own.ids), snapshot_epochs)
    load = partial(load_images, array, fold=part, settings=settings["dataset"])
    look = partial(extract, rows=everyone.rows, load=load, batch_size=training["batch_size"])
    device = choose(training["device"])
    read = [scans, split, *([start_from] if start_from else [])]
    mark = checkpoint.fingerprint({**settings, "fold": fold}, device.type, array, *read)

    with repeatable(settings["seed"], device, training["threads"]):
        state = start(settings, part, whole.ages, device, image_shape(array), start_from)
        if saved := checkpoint.load(resume, mark):
            state.restore(saved)
            logger.info("%s: going on after epoch %d", resume, state.epoch)
        validation = Validation.load(own, held_out, load, training)
        images = torch.from_numpy(validation.images[: len(own.ids)])[:, None]
        targets, groups = state.targets(own.ages), state.groups(own)
        saved_at = time.monotonic()
        for _ in progress(state, settings):
            if validation.is_over(state):
                break
            run_epoch(state, images, targets, groups, settings)
            validation.look(state)
            if state.epoch in snapshot_epochs:
                state.snapshots[state.epoch] = look(state.evaluated)
            if time.monotonic() - saved_at >= CHECKPOINT_SECONDS:
                checkpoint.save(resume, {"fingerprint": mark, **state.content()})
                saved_at = time.monotonic()
        validation.keep_best(state)
        found = look(state.evaluated)
        own_ages = predict(state.evaluated, found, part) if state.predicts else None

    if features:
        write_features(features, everyone, found, state.network, own_ages)
    for path, epoch in zip(snapshots or [], snapshot_epochs, strict=True):
        # An epoch after an early stop never was: the weights that were kept stand for it.
        write_features(path, everyone, state.snapshots.get(epoch, found), state.network)
    state.write_curve(curve)
    checkpoint.save(model, state.model(settings))
    resume.unlink(missing_ok=True)


def check(training: dict[str, Any], scans: int, snapshot_epochs: list[int]) -> None:
    """Raise `SettingsError` for settings that cannot work with this many training scans."""
    if scans < training["batch_size"]:
        raise SettingsError(
            f"training.batch_size: {training['batch_size']} is more than the {scans} training "
            "scans; make the batch smaller"
        )
    augment.build(training.get("augmentation", []))
    late = [epoch for epoch in snapshot_epochs if not 1 <= epoch <= training["epochs"]]
    if late:
        raise SettingsError(
            f"report.embedding.epochs: {late[0]} is not between 1 and the {training['epochs']} "
            "epochs of the training"
        )


def run_epoch(
    state: State,
    images: torch.Tensor,
    targets: torch.Tensor,
    groups: torch.Tensor | None,
    settings: dict[str, Any],
) -> None:
    """Go through all training scans once, in an order drawn from the seed and the epoch.

    Parameters
    ----------
    state : State
        Changed in place.
    images : Tensor of shape (N, 1, X, Y, Z)
    targets : Tensor of shape (N,)
    groups : Tensor of shape (N,), or None
        Where the loss asks for them.
    settings : dict
        `row`, `training` and `seed`.
    """
    training, began = settings["training"], time.monotonic()
    device = next(state.network.parameters()).device
    state.optimiser.learning_rate = learning_rate(training, state.epoch)
    # All chance of an epoch follows from (seed, epoch): a resumed training needs no more.
    chance = np.random.SeedSequence([settings["seed"], state.epoch]).generate_state(2)
    torch.manual_seed(int(chance[0]))
    generator = torch.Generator(device).manual_seed(int(chance[1]))
    transforms = augment.build(training.get("augmentation", []))
    state.network.train()
    total, seen = torch.zeros((), device=device), 0
    for batch in batches(torch.randperm(len(images)), training["batch_size"]):
        inputs = images[batch].to(device)
        embeddings = augment.embed(state.network, inputs, training["views"], transforms, generator)
        wanted = {} if groups is None else {"groups": groups[batch].to(device)}
        loss = state.loss(embeddings, targets[batch].to(device), epoch=state.loss_epoch, **wanted)
        loss.backward()
        state.step(training.get("gradient_clip"))
        total += loss.detach() * len(batch)
        seen += len(batch)
    mean = total.item() / seen
    if not math.isfinite(mean):
        raise ContrageError(
            f"training of {settings['row']}, seed {settings['seed']}: the loss is {mean} in epoch "
            f"{state.epoch + 1}; lower training.learning_rate or raise the loss's temperature"
        )
    state.finish_epoch(mean, state.optimiser.learning_rate, time.monotonic() - began)


def batches(order: torch.Tensor, batch_size: int) -> list[torch.Tensor]:
    """Cut an order of scans into batches.

    A last, shorter batch is kept, as in the code behind the paper, unless it has less than a
    quarter of the scans of a full one: batch norm and rankings of a handful of scans are noise,
    and of a single scan they cannot be had. Scans left out of one epoch are in the next, whose
    order is another.
    """
    parts = list(order.split(batch_size))
    last = len(parts[-1])
    return parts[:-1] if last * SMALLEST_SHARE < batch_size or last == 1 else parts


def progress(state: State, settings: dict[str, Any]) -> Iterator[int]:
    """Yield the epochs that are left: with a bar on a terminal, with lines in the log."""
    from tqdm import tqdm

    epochs, name = settings["training"]["epochs"], f"{settings['row']} seed {settings['seed']}"
    left = range(state.epoch, epochs)
    bar = tqdm(left, name, epochs, initial=state.epoch, disable=None, leave=False, unit="epoch")
    for epoch in bar:
        yield epoch
        number, loss, rate, seconds = state.curve[-1]
        bar.set_postfix(loss=f"{loss:.4g}")
        if number % max(1, epochs // 10) == 0 or number == epochs:
            logger.info(
                "epoch %d of %d: loss %.5g, learning rate %.3g, %.2f s",
                number,
                epochs,
                loss,
                rate,
                seconds,
            )

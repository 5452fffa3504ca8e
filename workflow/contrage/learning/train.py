"""One training: one loss, one seed, one fold."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from contrage.dataset.load import Loader, image_shape
from contrage.dataset.roles import LEARNED_FROM
from contrage.errors import SettingsError
from contrage.files import read_json
from contrage.learning import checkpoint
from contrage.learning.batch import check_batch
from contrage.learning.embed import extract, predicted, stored, write_features
from contrage.learning.folds import Scans, read_fold, read_scans
from contrage.learning.images import reach
from contrage.learning.labels import taught
from contrage.learning.lineage import Lineage, after_pretraining, inherited
from contrage.learning.loop.epoch import prepare, run_epoch
from contrage.learning.loop.logits import Monitor, write_logits
from contrage.learning.loop.state import State, start
from contrage.learning.loop.validation import Validation, chosen_by, divide
from contrage.learning.machine import precision
from contrage.learning.machine.device import choose, repeatable
from contrage.learning.machine.processes import World, run
from contrage.learning.machine.processor import computed_on
from contrage.learning.views import augment
from contrage.settings.blocks.training import OneTrainingSettings
from contrage.settings.steps.learning import TrainStep

logger = logging.getLogger(__name__)

CHECKPOINT_SECONDS = 10.0


def train(
    settings: TrainStep,
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
    start_scans: Path | None = None,
    start_split: Path | None = None,
    best: Path | None = None,
    logits: Path | None = None,
) -> None:
    """Train an encoder on the training scans of one fold.

    Test scans are read for their features only, and have no part in the weights or in when to
    stop. On the CPU the same inputs give the same bytes, interrupted or not.

    Parameters
    ----------
    settings : TrainStep
    array, scans, split : Path
        The cohort's images, the experiment's scans, the folds of this seed.
    fold : int
        Number of the fold.
    model, curve : Path
        Outputs: weights (torch file, loads weights-only; the averaged ones, of the best epoch,
        where the settings ask for that; with those from whom was learned before) and the loss per
        epoch (TSV).
    resume : Path
        Checkpoint, there only while the training is under way or after it was interrupted.
    features : Path, optional
        Output: features of all scans from these weights, see `contrage.learning.embed`.
    snapshots : list of Path, optional
        Outputs: features after each of `snapshot_epochs`, in that order.
    start_from : Path, optional
        Model file whose encoder the training starts from; see `contrage.learning.pretrained`.
    start_scans, start_split : Path, optional
        Scans and folds of the pre-training that made this file: nobody of it may be tested.
    best : Path, optional
        What a search found best for this row; its settings take the place of the loss's own.
    logits : Path, optional
        Output: cosines of pairs after each epoch, see `contrage.learning.loop.logits`.

    Raises
    ------
    SettingsError
        If a batch is larger than the training split, or a snapshot is after the last epoch.
    DeviceError
        If CUDA is asked for and there is none.
    LeakageError
        If somebody from whom the pre-training has learned is tested or predicted.
    ContrageError
        If the loss is no longer a finite number, or the file to start from does not fit.
    """
    if best:
        settings = replace(settings, loss=settings.loss | read_json(best)["settings"])
    origin = None
    if start_from and start_scans and start_split:
        before = {"model": start_from, "start_scans": start_scans, "start_split": start_split}
        origin = after_pretraining(settings, fold, scans=scans, split=split, **before)
    elif start_from:
        origin = inherited(start_from)
    outputs = (model, curve, resume, features, snapshots or [])
    files = Files(array, scans, split, fold, *outputs, start_from, origin, logits)
    run(settings.training.gpus_per_job, settings.training.device, train_in, settings, files)


@dataclass(frozen=True)
class Files:
    """What a training reads and writes; see `train`."""

    array: Path
    scans: Path
    split: Path
    fold: int
    model: Path
    curve: Path
    resume: Path
    features: Path | None
    snapshots: list[Path]
    start_from: Path | None
    lineage: Lineage | None = None
    logits: Path | None = None

    def mark(self, settings: TrainStep, device: torch.device) -> str:
        """Return the fingerprint of a training that reads these files."""
        read = [self.scans, self.split, *([self.start_from] if self.start_from else [])]
        return checkpoint.fingerprint(settings, self.fold, device.type, self.array, *read)


@dataclass(frozen=True)
class People:
    """Who has which part in a training.

    Attributes
    ----------
    own, held_out : Scans
        Whom the epoch is chosen by: features of those are fitted, these are judged.
    whole, told : Scans
        The training split, and what of it is learned from, `own`, with the targets that the loss is
        told. Where these are permuted, the epoch is chosen by the true ones all the same.
    """

    own: Scans
    held_out: Scans
    whole: Scans
    told: Scans

    @classmethod
    def of(cls, everyone: Scans, part: dict[str, Any], settings: TrainStep, split: Path) -> Self:
        """Deal the scans of a fold, `part`, which stands in the file `split`."""
        stop, seed = settings.training.early_stop, settings.seed
        whole = everyone.pick(part[LEARNED_FROM], split)
        own, held_out = divide(whole, stop, seed)
        lessons = taught(whole, settings)
        held_out = held_out.and_also(chosen_by(everyone, part, stop, split))
        return cls(own, held_out, lessons, divide(lessons, stop, seed)[0])


def train_in(world: World, settings: TrainStep, files: Files) -> None:
    """Train in one of the processes that share a training; see `train`."""
    training, part = settings.training, read_fold(files.split, files.fold)
    everyone = read_scans(files.scans, settings.target)
    people = People.of(everyone, part, settings, files.split)
    if not files.snapshots:
        settings = replace(settings, snapshot_epochs=())
    check(training, len(people.own.ids), settings.snapshot_epochs)
    device = choose(training.device)
    numbers = precision.choose(training.precision, device)
    mark = files.mark(settings, device)

    with repeatable(settings.seed, device, training.threads, training.deterministic):
        channels, shape = image_shape(files.array, settings.dataset.form)
        load = Loader(files.array, part, settings.dataset)
        state = start(
            settings, part, people.whole.targets, numbers, shape, files.start_from, channels
        )
        if saved := checkpoint.load(files.resume, mark):
            state.restore(saved)
            logger.info("%s: going on after epoch %d", files.resume, state.epoch)
        images = reach(load, everyone.rows, shape, training, numbers, channels)
        all_places, batch_size = np.arange(len(everyone.ids)), training.batch_size
        look = partial(
            extract, images=images, places=all_places, batch_size=batch_size, world=world
        )
        validation = Validation.of(everyone, people.own, people.held_out, settings)
        monitor = Monitor.of(everyone, people.told, settings) if files.logits else None
        places = everyone.places(people.told)
        inputs = prepare(state, settings, images, people.told, places, numbers, world)
        saved_at = time.monotonic()
        for _ in progress(state, settings, world):
            if validation.is_over(state):
                break
            run_epoch(state, inputs)
            validation.look(state, images, world)
            if monitor:
                monitor.look(state, images, world)
            if state.epoch in settings.snapshot_epochs:
                state.snapshots[state.epoch] = look(state.evaluated)
            if world.leads and time.monotonic() - saved_at >= CHECKPOINT_SECONDS:
                checkpoint.save(files.resume, {"fingerprint": mark, **state.content()})
                saved_at = time.monotonic()
        validation.keep_best(state)
        found = look(state.evaluated)
        own = predicted(state.evaluated, found, state.scale) if state.predicts else {}
        own |= stored(numbers)
    if world.leads:
        write(state, settings, files, everyone, found, own)


def write(
    state: State,
    settings: TrainStep,
    files: Files,
    scans: Scans,
    found: torch.Tensor,
    own: dict[str, np.ndarray],
) -> None:
    """Write what a finished training leaves, the model last, and remove its checkpoint."""
    beside = files.lineage.told if files.lineage else {}
    if files.features:
        own = {**own, **beside}
        write_features(files.features, scans, found, state.network, state.kept_epoch, own)
    kept = found, state.kept_epoch
    for path, asked in zip(files.snapshots, settings.snapshot_epochs, strict=True):
        # An epoch after an early stop never was: the weights that were kept stand for it.
        features, epoch = (state.snapshots[asked], asked) if asked in state.snapshots else kept
        write_features(path, scans, features, state.network, epoch)
    state.write_curve(files.curve)
    if files.logits:
        write_logits(files.logits, state.logits)
    kept_with = files.lineage.kept if files.lineage else {}
    on = {"computed_on": computed_on(next(state.network.parameters()).device)}
    checkpoint.save(files.model, {**state.model(settings), **kept_with, **on})
    files.resume.unlink(missing_ok=True)


def check(training: OneTrainingSettings, scans: int, snapshot_epochs: Sequence[int]) -> None:
    """Raise `SettingsError` for settings that cannot work with this many training scans."""
    size = training.batch_size
    check_batch(size, training.gpus_per_job)
    if scans < size:
        raise SettingsError(
            f"training.batch_size: {size} is more than the {scans} training "
            "scans; make the batch smaller"
        )
    augment.build(training.augmentation)
    late = [epoch for epoch in snapshot_epochs if not 1 <= epoch <= training.epochs]
    if late:
        raise SettingsError(
            f"report.embedding_epochs: {late[0]} is not between 1 and the {training.epochs} "
            "epochs of the training"
        )


def progress(state: State, settings: TrainStep, world: World) -> Iterator[int]:
    """Yield the epochs that are left: with a bar on a terminal, with lines in the log."""
    from tqdm import tqdm

    epochs, name = settings.training.epochs, f"{settings.row} seed {settings.seed}"
    left = range(state.epoch, epochs)
    hidden = None if world.leads else True  # None: where there is no terminal
    bar = tqdm(left, name, epochs, initial=state.epoch, disable=hidden, leave=False, unit="epoch")
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

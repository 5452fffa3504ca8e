"""The trainings of a row, each ready to explain scans as it takes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from contrage.dataset.load import Loader, image_shape
from contrage.errors import TableError
from contrage.evaluation import predictions as table
from contrage.evaluation.coefficients import read_coefficients
from contrage.evaluation.predictions import Fold
from contrage.evaluation.predictor import ImagePredictor, by_head, by_probe
from contrage.evaluation.statistics.people import first_scans
from contrage.layout import Results, wildcards
from contrage.learning.checkpoint import read_model
from contrage.learning.embed import rebuild, settings_of
from contrage.learning.folds import Scans
from contrage.learning.machine.deterministic import prepare_pools
from contrage.learning.machine.device import choose, repeatable
from contrage.learning.model import memory_format
from contrage.settings.blocks.training import OneTrainingSettings

MEAN_OF = 200
"""People of whose scans the baseline is the mean, at most."""
CHUNK = 16

Key = tuple[int, int]
"""Seed and fold of a training."""


@dataclass(frozen=True)
class Explainer:
    """A training of a row, ready to explain the scans that its fold tests.

    Attributes
    ----------
    seed : int
    fold : Fold
    predictor : ImagePredictor
    load : Loader
    baseline : Tensor of shape (1, C, *shape)
        The mean of normalised training images.
    training : OneTrainingSettings
    """

    seed: int
    fold: Fold
    predictor: ImagePredictor
    load: Loader
    baseline: Tensor
    training: OneTrainingSettings

    def image(self, row: int) -> Tensor:
        """Return a scan's normalised image (1, C, *shape)."""
        return torch.from_numpy(self.load(np.array([row])))

    def repeatable(self) -> AbstractContextManager[None]:
        """Return a context in which it gives equal bits each time, with the training's threads."""
        device = choose(self.training.device)
        return repeatable(0, device, self.training.threads, self.training.deterministic)


@dataclass(frozen=True)
class Members:
    """A row's trainings, read one by one as they are asked for.

    Attributes
    ----------
    models : dict of (int, int) to Path
        Seed and fold → the training's file.
    coefficients : dict of int to Path
        Seed → its probes; none where a head predicts.
    folds : dict of int to list of Fold
        Of each seed.
    array : Path
        What is learned from.
    """

    models: dict[Key, Path]
    coefficients: dict[int, Path]
    folds: dict[int, list[Fold]]
    array: Path

    @classmethod
    def of(
        cls,
        models: Iterable[Path],
        coefficients: Iterable[Path],
        splits: Iterable[Path],
        everyone: Scans,
        array: Path,
    ) -> Members:
        """Return the members that some files are of, by what their paths say.

        Parameters
        ----------
        models : iterable of Path
            Of all seeds and folds of the row.
        coefficients : iterable of Path
            Of the probe, one for each seed; none where a head predicts.
        splits : iterable of Path
            The folds of each seed.
        everyone : Scans
            The experiment's.
        array : Path
        """
        by_key = {}
        for path in models:
            told = wildcards(Results.model, path)
            by_key[int(told["seed"]), int(told["fold"])] = path
        split_of = {int(wildcards(Results.split, file)["seed"]): file for file in splits}
        return cls(
            by_key,
            {int(wildcards(Results.coefficients, file)["seed"]): file for file in coefficients},
            {seed: list(table.folds(file, everyone)) for seed, file in split_of.items()},
            array,
        )

    @cached_property
    def _probes(self) -> dict[int, dict[int, dict[str, np.ndarray]]]:
        return {seed: read_coefficients(file) for seed, file in self.coefficients.items()}

    def fold(self, key: Key) -> Fold:
        """Return the fold of a training."""
        seed, number = key
        return next(each for each in self.folds[seed] if each.number == number)

    def load(self, key: Key) -> Explainer:
        """Read a training, and the mean of the images that it learned from."""
        (seed, number), fold, path = key, self.fold(key), self.models[key]
        saved = read_model(path)
        training, dataset = settings_of(saved["settings"], {}, path)
        device = choose(training.device)
        channels, shape = image_shape(self.array, dataset.form)
        network = rebuild(saved, shape, path, channels)
        network.to(device, memory_format=memory_format(training.channels_last, network.seen))
        prepare_pools(network, training.deterministic, device)
        ready = (
            by_probe(network, self._probes[seed][number])
            if self.coefficients
            else by_head(network, saved)
        )
        load = Loader(self.array, fold.entry, dataset)
        baseline = torch.from_numpy(mean_image(load, one_each(fold.train).rows))
        return Explainer(seed, fold, ready.to(device), load, baseline, training)


def mean_image(load: Loader, rows: NDArray[np.int_]) -> NDArray[np.float32]:
    """Return the mean (1, C, *shape) of normalised images, of `MEAN_OF` of them at most.

    Parameters
    ----------
    load : Loader
    rows : ndarray of int
        In the array, of a scan of each training person.
    """
    rows = evenly(rows, MEAN_OF)
    parts = np.split(rows, range(CHUNK, len(rows), CHUNK))
    total = np.sum([load(part).sum(axis=0, dtype=np.float64) for part in parts], axis=0)
    return (total / len(rows)).astype(np.float32)[None]


def evenly(rows: NDArray[np.int_], most: int) -> NDArray[np.int_]:
    """Return so many of some rows at most, evenly from first to last."""
    return np.asarray(rows)[places(len(rows), most)]


def places(count: int, most: int) -> NDArray[np.int_]:
    """Return indices of so many of `count` at most, evenly from first to last."""
    return np.unique(np.linspace(0, count - 1, min(most, count)).round().astype(int))


def one_each(scans: Scans) -> Scans:
    """Return the first scan of each person, by its id: who came often is no more of a mean."""
    in_order = np.argsort(np.argsort(np.array(scans.ids)))
    return scans.take(first_scans(scans.participants, in_order))


def spread(folds: Sequence[Fold], most: int, array: Path, is_age: bool) -> Scans:
    """Return a scan of test people each, evenly over the target; equal targets in order of ids.

    Of several scans the first: by age where that is the target, else by its id.

    Raises
    ------
    TableError
        If nobody is tested.
    """
    parts = [part.test for part in folds if len(part.test.ids)]
    if not parts:
        raise TableError(f"{array}: nobody is tested, so that there is nobody to explain")
    tested = parts[0]
    for part in parts[1:]:
        tested = tested.and_also(part)
    in_order = np.argsort(np.argsort(np.array(tested.ids)))
    times = tested.targets if is_age else in_order
    tested = tested.take(first_scans(tested.participants, times))
    order = np.array(
        sorted(range(len(tested.ids)), key=lambda n: (tested.targets[n], tested.ids[n]))
    )
    return tested.take(order[places(len(order), most)])

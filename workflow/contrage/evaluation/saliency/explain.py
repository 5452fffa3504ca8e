"""The step `saliency`: what the trainings of a row look at in test people, and whether it is so."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from contrage.evaluation.saliency import methods, randomise
from contrage.evaluation.saliency.found import Found, Gathered, written
from contrage.evaluation.saliency.places import NamedPlaces, cells, sums
from contrage.evaluation.saliency.regions import array_grid, regions_of
from contrage.evaluation.saliency.verdict import Stage, verdict
from contrage.evaluation.statistics.people import first_scans
from contrage.layout import Results, wildcards
from contrage.learning.checkpoint import read_model
from contrage.learning.embed import rebuild, settings_of
from contrage.learning.folds import Scans, read_scans
from contrage.learning.machine.deterministic import prepare_pools
from contrage.learning.machine.device import choose, repeatable
from contrage.learning.model import memory_format
from contrage.settings.steps.saliency import SaliencyStep
from contrage.tables import read_table

logger = logging.getLogger(__name__)

MEAN_OF = 200
"""Training scans of which the baseline is the mean, at most."""
CHUNK = 16
CHECKED = 6
"""Scans, of one fold, with which maps of other weights are compared."""


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
    """

    seed: int
    fold: Fold
    predictor: ImagePredictor
    load: Loader
    baseline: Tensor

    def image(self, row: int) -> Tensor:
        """Return a scan's normalised image (1, C, *shape)."""
        return torch.from_numpy(self.load(np.array([row])))


def saliency(
    settings: SaliencyStep,
    *,
    models: list[Path],
    coefficients: list[Path] | None = None,
    splits: list[Path],
    scans: Path,
    array: Path,
    columns: Path | None = None,
    attributions: Path,
    maps: list[Path] | None = None,
) -> None:
    """Explain predictions of test people by the models that did not learn from them.

    Parameters
    ----------
    settings : SaliencyStep
    models : list of Path
        Of all seeds and folds of the row.
    coefficients : list of Path, optional
        Of the probe, one for each seed; none where a head predicts.
    splits : list of Path
        The folds of each seed.
    scans, array : Path
        The experiment's scans; what is learned from.
    columns : Path, optional
        Names of a table's features, in the order of the array.
    attributions : Path
        Output npz (`contrage.evaluation.saliency.found`).
    maps : list of Path, optional
        Output NIfTI of each method, of images that have a place: where differences between
        predictions come from.

    Raises
    ------
    SettingsError
        If the atlas cannot be used.
    TableError
        If nobody is tested.
    """
    everyone = read_scans(scans, settings.target)
    asked = settings.saliency
    folds = {seed: list(table.folds(file, everyone)) for seed, file in _by_seed(splits).items()}
    people = spread(folds[settings.seeds[0]], asked.scans, array, settings.target.is_age)
    regions: NamedPlaces | None = None
    gathered: dict[str, Gathered] = {}
    checked: dict[str, tuple[list[Stage], bool, str]] = {}
    busiest = _busiest(folds[settings.seeds[0]], people)
    for member in _members(settings, models, coefficients or [], folds, array, people):
        if regions is None:
            channels, shape = image_shape(array, member.load.settings.form)
            regions = regions_of(settings.regions, shape, channels, _features(columns))
            gathered = {name: Gathered(regions, people.ids) for name in asked.methods}
        for name in asked.methods:
            _explain(member, name, people, regions, asked.steps, gathered[name])
        if (member.seed, member.fold.number) == (settings.seeds[0], busiest):
            for name in asked.methods:
                checked[name] = judged(member, name, people, asked.steps)
    assert regions is not None
    grid = array_grid(settings.regions)
    found = Found.of(settings.row, people, regions, gathered, checked, grid and grid.affine)
    written(attributions, found)
    for path in maps or []:
        found.save_map(path, wildcards(Results.saliency_map, path)["method"])
    for name, method in found.methods.items():
        logger.info("%s: %s", name, "shown" if method.shown else f"not shown, {method.why}")


def spread(folds: list[Fold], most: int, array: Path, is_age: bool) -> Scans:
    """Return a scan of test people each, evenly over the target; equal targets in order of ids.

    Of several scans the first: by age where that is the target, else by its id.
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
    places = np.linspace(0, len(order) - 1, min(most, len(order))).round().astype(int)
    return tested.take(order[np.unique(places)])


def mean_image(load: Loader, rows: NDArray[np.int_]) -> NDArray[np.float32]:
    """Return the mean (1, C, *shape) of normalised images, of `MEAN_OF` of them at most.

    Parameters
    ----------
    load : Loader
    rows : ndarray of int
        Of the training scans in the array.
    """
    places = np.linspace(0, len(rows) - 1, min(MEAN_OF, len(rows))).round().astype(int)
    rows = np.asarray(rows)[np.unique(places)]
    parts = np.split(rows, range(CHUNK, len(rows), CHUNK))
    total = np.sum([load(part).sum(axis=0, dtype=np.float64) for part in parts], axis=0)
    return (total / len(rows)).astype(np.float32)[None]


def _members(
    settings: SaliencyStep,
    models: list[Path],
    coefficients: list[Path],
    folds: dict[int, list[Fold]],
    array: Path,
    people: Scans,
) -> Iterator[Explainer]:
    """Yield one training after the other, of the folds that test somebody of these."""
    probes = {
        int(wildcards(Results.coefficients, file)["seed"]): read_coefficients(file)
        for file in coefficients
    }
    for path in models:
        told = wildcards(Results.model, path)
        seed, number = int(told["seed"]), int(told["fold"])
        part = next(each for each in folds[seed] if each.number == number)
        if set(part.test.ids).isdisjoint(people.ids):
            continue
        saved = read_model(path)
        training, dataset = settings_of(saved["settings"], {}, path)
        device = choose(training.device)
        channels, shape = image_shape(array, dataset.form)
        network = rebuild(saved, shape, path, channels)
        network.to(device, memory_format=memory_format(training.channels_last, network.seen))
        prepare_pools(network, training.deterministic, device)
        ready = (
            by_head(network, saved)
            if settings.has_head
            else by_probe(network, probes[seed][number])
        )
        load = Loader(array, part.entry, dataset)
        baseline = torch.from_numpy(mean_image(load, part.train.rows))
        with repeatable(0, device, training.threads, training.deterministic):
            yield Explainer(seed, part, ready.to(device), load, baseline)


def _explain(
    member: Explainer, name: str, people: Scans, regions: NamedPlaces, steps: int, into: Gathered
) -> None:
    """Add what a method tells of those whom a training's fold tests."""
    tested = set(member.fold.test.ids)
    for place, (scan, row) in enumerate(zip(people.ids, people.rows, strict=True)):
        if scan in tested:
            image = member.image(int(row))
            given = {"baseline": member.baseline, "regions": regions.labels, "steps": steps}
            values = methods.attributions(member.predictor, image, name, **given)
            wanted = methods.difference(member.predictor, image, member.baseline)
            differs = (image != member.baseline).numpy()[0]
            into.add(member.seed, place, values, wanted, differs)


def judged(
    member: Explainer, name: str, people: Scans, steps: int
) -> tuple[list[Stage], bool, str]:
    """Return how much of a method's map is left with other weights, and whether it may be shown."""
    tested = set(member.fold.test.ids)
    rows = [int(row) for scan, row in zip(people.ids, people.rows, strict=True) if scan in tested]
    places = np.unique(np.linspace(0, len(rows) - 1, min(CHECKED, len(rows))).round().astype(int))
    images = [member.image(rows[place]) for place in places]
    field = np.any([(image != member.baseline).numpy()[0] for image in images], axis=0)
    parts = cells(field, randomise.CELLS)
    count = int(parts.max())

    def explain(predictor: ImagePredictor) -> NDArray[np.floating]:
        given: dict[str, Any] = {"baseline": member.baseline, "regions": parts, "steps": steps}
        found = [methods.attributions(predictor, image, name, **given) for image in images]
        return np.mean([np.abs(sums(each, parts, count)[:-1]) for each in found], axis=0)

    stages = randomise.cascade(member.predictor, explain)
    return (stages, *verdict(stages, count))


def _busiest(folds: list[Fold], people: Scans) -> int:
    """Return the fold that tests most of these people."""
    counts = [len(set(part.test.ids) & set(people.ids)) for part in folds]
    return folds[int(np.argmax(counts))].number


def _by_seed(splits: list[Path]) -> dict[int, Path]:
    return {int(wildcards(Results.split, file)["seed"]): file for file in splits}


def _features(columns: Path | None) -> tuple[str, ...]:
    """Return the names of a table's features."""
    return tuple(line["feature"] for line in read_table(columns).rows) if columns else ()

"""The step `saliency`: what the trainings of a row look at in test people, and whether it is so."""

from __future__ import annotations

import logging
from pathlib import Path

from contrage.dataset.load import image_shape
from contrage.dataset.sidecar import place_of
from contrage.evaluation.saliency.attribute import attributed
from contrage.evaluation.saliency.found import Found, written
from contrage.evaluation.saliency.judge import judged
from contrage.evaluation.saliency.members import Members, spread
from contrage.evaluation.saliency.places import NamedPlaces
from contrage.evaluation.saliency.regions import array_grid, prepared_grid, regions_of
from contrage.layout import Results, wildcards
from contrage.learning.checkpoint import read_model
from contrage.learning.embed import settings_of
from contrage.learning.folds import read_scans
from contrage.settings.steps.saliency import RegionsAsked, SaliencyStep
from contrage.tables import read_table

logger = logging.getLogger(__name__)


def saliency(
    settings: SaliencyStep,
    *,
    models: list[Path],
    coefficients: list[Path] | None = None,
    splits: list[Path],
    scans: Path,
    array: Path,
    columns: Path | None = None,
    place: Path | None = None,
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
    place : Path, optional
        The array's JSON, which may say where volumes lie that came prepared.
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
    asked, is_age = settings.saliency, settings.target.is_age
    everyone = read_scans(scans, settings.target)
    members = Members.of(models, coefficients or [], splits, everyone, array)
    people = spread(members.folds[settings.seeds[0]], asked.scans, array, is_age)
    regions = _regions(settings.regions, models[0], array, columns, place)
    gathered = attributed(members, people, regions, asked)
    checked = judged(members, asked.methods, is_age)
    grid = array_grid(settings.regions)
    found = Found.of(settings.row, people, regions, gathered, checked, grid and grid.affine)
    written(attributions, found)
    for path in maps or []:
        found.save_map(path, wildcards(Results.saliency_map, path)["method"])
    for name, own in checked.items():
        logger.info("%s: %s", name, "shown" if own.shown else f"not shown, {own.why}")


def _regions(
    asked: RegionsAsked, model: Path, array: Path, columns: Path | None, place: Path | None
) -> NamedPlaces:
    """Return the places in images as a training takes them."""
    _, dataset = settings_of(read_model(model)["settings"], {}, model)
    channels, shape = image_shape(array, dataset.form)
    names = tuple(line["feature"] for line in read_table(columns).rows) if columns else ()
    told = None if place is None else place_of(place)
    grid = prepared_grid(told["affine"], asked.factor, shape) if told else None
    return regions_of(asked, shape, channels, names, grid)

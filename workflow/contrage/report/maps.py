"""The step `maps`: images of all people together, as the page shows them on the template."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contrage import modalities
from contrage.dataset.grid import array_grid
from contrage.dataset.stack import block_mean
from contrage.evaluation.statistics.voxels import (
    Voxelwise,
    add_up,
    difference,
    is_enough,
    outer_thirds,
)
from contrage.files import atomic, open_array, save_nifti, write_json
from contrage.imaging.images import Image
from contrage.modalities import Modality
from contrage.report.first_scans import first_scans
from contrage.report.style import SALIENCY_NAMES, loss_name
from contrage.report.viewer import LISTING, TEMPLATE
from contrage.settings.steps.imaging import TemplateFiles
from contrage.settings.steps.report import MapsStep
from contrage.tables import read_tsv
from contrage.target_words import TargetInWords

logger = logging.getLogger(__name__)

TEMPLATE_MM = 2
FINEST_MM = 2
"""Maps of the page are not finer than this, mm: a page holds them itself."""
BRIGHT = 99.5
"""Percentile of the values at which a scale ends."""
BITS = np.uint32(0xFFFFF000)
"""Of a float32, 11 binary digits: what is below is noise, and files get a third smaller without."""
DIVERGING = "RdBu_r"


@dataclass(frozen=True)
class Map:
    """A map as page and figure show it.

    Attributes
    ----------
    name, title, caption, alt : str
        What it is called in files; above it; what it shows; for those who cannot see it.
    label : str
        Of its colour scale.
    file : str
        Beside the listing.
    colours : str
        Matplotlib's name of the colour map.
    low, high : float
        Ends of the scale; below 0 it has two sides.
    """

    name: str
    title: str
    caption: str
    alt: str
    label: str
    file: str
    colours: str
    low: float
    high: float


def maps(
    settings: MapsStep,
    *,
    scans: Path,
    array: Path,
    attributions: list[Path] | None = None,
    output: Path,
) -> None:
    """Write mean, coverage and the difference between the ends of the target, as NIfTI.

    Parameters
    ----------
    settings : MapsStep
    scans, array : Path
        The scans of the experiment; the array in whose rows their images are.
    attributions : list of Path, optional
        What the step saliency found, of the rows that are explained.
    output : Path
        The folder to write: a file for each map, the template, and ``maps.json``, which lists them.
    """
    from contrage.report.elements.ingredients import target_of

    kind, target, output = modalities.load(settings.image), settings.target, Path(output)
    table = read_tsv(scans)
    people = first_scans(table.assign(target=target_of(table, target)), target)
    rows = people["row"].to_numpy()
    images = _images(open_array(array), rows, has_scale=bool(kind.picture.label))
    grid, factor = _grid(settings)
    shown = (block_mean(image, factor) for image in images)
    groups, words = _groups(people["target"], target)
    found = add_up(shown, groups, grid.array.shape)
    made = [*_of_people(found, kind, words), *_of_saliency(attributions or [])]
    output.mkdir(parents=True, exist_ok=True)
    for each, values, where in made:
        save_nifti(output / each.file, rounded(values), grid.affine if where is None else where)
    with atomic(output / TEMPLATE) as temporary:
        temporary.write_bytes(template_file(settings.template))
    write_json(output / LISTING, [asdict(each) for each, _, _ in made])
    logger.info("%d maps of %d people", len(made), len(people))


def _grid(settings: MapsStep) -> tuple[Image, int]:
    """Return the grid of the maps, and how many voxels of the array are one of its own."""
    edge = settings.grid_mm * settings.factor
    factor = -(-FINEST_MM // edge)
    return array_grid(settings.grid_mm, settings.factor * factor), factor


def _images(
    array: NDArray[np.float32], rows: NDArray[np.int_], has_scale: bool
) -> Iterator[NDArray[np.float32]]:
    """Yield the image (X, Y, Z) of each row; one without a unit over its own median."""
    for row in rows:
        image = np.asarray(array[int(row)][0], np.float32)
        inside = image != 0
        if not has_scale and inside.any():
            image = image / (abs(float(np.median(image[inside]))) or 1.0)
        yield image


def _groups(values: pd.Series, target: TargetInWords) -> tuple[NDArray[np.int_], tuple[str, str]]:
    """Return the group of each person, 0 and 2 those that are compared, and what these are."""
    if target.is_binary:
        return 2 * values.to_numpy(int), (str(target.negative), str(target.positive))
    groups = outer_thirds(values)
    low, high = values[groups == 0], values[groups == 2]
    if not len(low) or not len(high):
        return groups, ("", "")
    told = [target.told(target.whole(limit)) for limit in (low.max(), high.min())]
    first = "youngest" if target.is_age else f"third with the lowest {target.word}"
    last = "oldest" if target.is_age else f"third with the highest {target.word}"
    return groups, (f"{first} (up to {told[0]})", f"{last} (from {told[1]})")


def _of_people(
    found: dict[int | None, Voxelwise], kind: Modality, words: tuple[str, str]
) -> Iterator[tuple[Map, NDArray, None]]:
    """Yield the maps of everyone, and the difference, of enough people: none of a single one."""
    everyone, low, high = found[None], found.get(0), found.get(2)
    if not is_enough(everyone):
        return
    yield _mean(everyone, kind), everyone.mean, None
    yield _coverage(everyone, kind), everyone.coverage, None
    if low is not None and high is not None and is_enough(low, high):
        apart = difference(low, high)
        yield _difference(low, high, kind, words, top(np.abs(apart), 0.0)), apart, None


def _mean(found: Voxelwise, kind: Modality) -> Map:
    scale = kind.picture
    over = "" if scale.label else " Each scan is over its median."
    return Map(
        name="mean",
        title="Mean",
        caption=f"Mean over {found.n} people, at the first scan of each, where at least half of "
        f"them have a value.{over}",
        alt=f"Mean of the {kind.many} of {found.n} people.",
        label=scale.label or "over each scan's median",
        file="mean.nii.gz",
        colours=scale.colours,
        low=0.0,
        high=top(found.mean, scale.step if scale.label else 0.1),
    )


def _coverage(found: Voxelwise, kind: Modality) -> Map:
    return Map(
        name="coverage",
        title="Coverage",
        caption=f"Part of {found.n} people whose {kind.one} has a value there.",
        alt=f"Part of {found.n} people whose {kind.one} has a value, voxel by voxel.",
        label="part of the people",
        file="coverage.nii.gz",
        colours="viridis",
        low=0.0,
        high=1.0,
    )


def _difference(
    one: Voxelwise, other: Voxelwise, kind: Modality, words: tuple[str, str], reach: float
) -> Map:
    first, last = (each.partition(" (")[0] for each in words)
    unit = kind.unit if kind.picture.label else "parts of the median"
    return Map(
        name="difference",
        title=f"{first[:1].upper()}{first[1:]} minus {last}",
        caption=f"Mean of {one.n} people, {words[0]}, minus that of {other.n}, {words[1]}: red "
        "where the first have more. No test: it says where they differ, not whether that is "
        "chance.",
        alt=f"Difference between the means of {one.n} and {other.n} people.",
        label=f"difference [{unit}]" if unit else "difference",
        file="difference.nii.gz",
        colours=DIVERGING,
        low=-reach,
        high=reach,
    )


def _of_saliency(files: list[Path]) -> Iterator[tuple[Map, NDArray, NDArray]]:
    """Yield where rows look, of the methods that may be shown and have a place."""
    from contrage.evaluation.saliency.found import read
    from contrage.report.elements.saliency import smoothed_map

    for found in map(read, files):
        for name in [n for n, own in found.methods.items() if own.shown]:
            if found.affine is not None:
                values = smoothed_map(found, name).array
                largest = float(np.abs(values).max()) or 1.0
                yield _looks(found.row, name, len(found.scans)), values / largest, found.affine


def _looks(row: str, method: str, scans: int) -> Map:
    who, name = f"{loss_name(row)}, {SALIENCY_NAMES[method]}", f"saliency-{row}-{method}"
    return Map(
        name=name,
        title=who,
        caption=f"Where {loss_name(row)} looks ({SALIENCY_NAMES[method]}), of {scans} test scans: "
        "red, a voxel's part of the differences between predictions; blue, it works against them. "
        "It says what these models use, not what changes.",
        alt=f"Where {loss_name(row)} looks by {SALIENCY_NAMES[method]}.",
        label="part, of the largest",
        file=f"{name}.nii.gz",
        colours=DIVERGING,
        low=-1.0,
        high=1.0,
    )


def top(values: NDArray, step: float) -> float:
    """Return the end of a scale below which most values lie, in steps where they are given."""
    inside = values[values > 0]
    found = float(np.percentile(inside, BRIGHT)) if inside.size else 1.0
    return round(step * float(np.ceil(found / step)), 9) if step else found


def rounded(values: NDArray) -> NDArray[np.float32]:
    """Return float32 of 11 binary digits, an error below 0.05 %; 0 stays 0."""
    plain = np.ascontiguousarray(values, np.float32)
    return (plain.view(np.uint32) & BITS).view(np.float32)


def template_file(files: TemplateFiles) -> bytes:
    """Return the brain of the template, 0-255, on the grid of MNI152, as a .nii.gz file."""
    from contrage.imaging.template.grids import mni_template
    from contrage.imaging.template.source import as_source

    brain = mni_template(TEMPLATE_MM, as_source(files)).anatomical
    scaled = np.clip(255 * brain.array / max(1e-6, float(brain.array.max())), 0, 255)
    image = nib.Nifti1Image(scaled.astype(np.uint8), brain.affine)
    return gzip.compress(image.to_bytes(), mtime=0)

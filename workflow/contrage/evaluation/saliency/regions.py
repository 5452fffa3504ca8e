"""Places with names: an atlas, tissue, the phantom's regions, features, channels, blocks."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np

from contrage.dataset.grid import array_grid as grid_of_array
from contrage.dataset.grid import of_blocks as affine_of_blocks
from contrage.errors import BadScanError, SettingsError, TableError
from contrage.evaluation.saliency.places import NamedPlaces
from contrage.imaging.images import Image, grid_points, load, resample, shrink, transform_points
from contrage.imaging.template.grids import mni_template
from contrage.settings.steps.saliency import RegionsAsked
from contrage.tables import read_table

KEY = "evaluations.saliency.atlas"
LEAST_INSIDE = 0.5
SIDES = {1: 16, 2: 6, 3: 4}
"""Blocks along each axis, by the number of axes."""
TISSUES = ("grey matter", "white matter", "fluid and borders")


def regions_of(
    asked: RegionsAsked,
    shape: tuple[int, ...],
    channels: int,
    features: tuple[str, ...] = (),
    place: Image | None = None,
) -> NamedPlaces:
    """Return the regions of a kind of data.

    Parameters
    ----------
    asked : RegionsAsked
    shape : tuple of int
        Of one image, without channels.
    channels : int
    features : tuple of str
        Names of a table's columns.
    place : Image, optional
        Where volumes lie that came prepared, if that is known.

    Raises
    ------
    SettingsError
        If the atlas cannot be read, or lies elsewhere.
    """
    if asked.by == "atlas":
        assert asked.atlas is not None
        found = of_atlas(Path(asked.atlas), shape, array_grid(asked), place)
    elif asked.by in ("tissue", "phantom"):
        grid = array_grid(asked)
        assert grid is not None
        found = of_tissue(grid) if asked.by == "tissue" else of_phantom(grid, asked.is_stiffness)
    elif asked.by == "features":
        names = features or tuple(f"feature {n + 1}" for n in range(shape[0]))
        return NamedPlaces(names, np.arange(1, shape[0] + 1, dtype=np.int32)[None])
    elif asked.by == "regions":
        numbers = np.arange(1, shape[0] + 1, dtype=np.int32)
        found = NamedPlaces(tuple(f"region {n}" for n in numbers), numbers)
    elif asked.by == "channels":
        numbers = np.arange(1, channels + 1, dtype=np.int32).reshape(-1, *[1] * len(shape))
        labels = np.broadcast_to(numbers, (channels, *shape)).copy()
        return NamedPlaces(tuple(f"region {n + 1}" for n in range(channels)), labels)
    else:
        found = of_blocks(shape, asked.axes)
    labels = np.broadcast_to(found.labels, (channels, *shape)).copy()
    return NamedPlaces(found.names, labels, found.planted)


def array_grid(asked: RegionsAsked) -> Image | None:
    """Return the grid of images made by the imaging chain, averaged over blocks; None of others."""
    return None if asked.grid_mm is None else grid_of_array(asked.grid_mm, asked.factor)


def prepared_grid(affine: object, factor: int, shape: tuple[int, ...]) -> Image:
    """Return where volumes lie that came prepared, averaged over blocks.

    Parameters
    ----------
    affine : array-like of 16 numbers
        Of the voxels as they came, mm.
    factor : int
        How many of these are averaged along each axis.
    shape : tuple of int
        Of one image.
    """
    of_voxels = np.reshape(np.asarray(affine, float), (4, 4))
    return Image(np.zeros(shape, np.float32), affine_of_blocks(of_voxels, factor))


def of_blocks(shape: tuple[int, ...], axes: tuple[str, ...]) -> NamedPlaces:
    """Return blocks, named by where they lie: "y 1-8, x 9-16" counts from 1."""
    sides = [min(SIDES[len(shape)], size) for size in shape]
    edges = [
        np.linspace(0, size, side + 1).round().astype(int)
        for size, side in zip(shape, sides, strict=True)
    ]
    labels, names = np.zeros(shape, np.int32), []
    for block in product(*map(range, sides)):
        low = [int(edge[at]) for edge, at in zip(edges, block, strict=True)]
        high = [int(edge[at + 1]) for edge, at in zip(edges, block, strict=True)]
        names.append(", ".join(f"{n} {a + 1}-{b}" for n, a, b in zip(axes, low, high, strict=True)))
        labels[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = len(names)
    return NamedPlaces(tuple(names), labels)


def of_tissue(grid: Image) -> NamedPlaces:
    """Return the tissue classes that nilearn's template has, whichever is likeliest in a voxel."""
    from contrage.cohort.phantom.heads.template import load_template

    template = load_template()
    edge = float(grid.voxel_mm.min())
    grey, white, brain = (
        resample(shrink(Image(array.astype(np.float32) / 255, template.grid.affine), edge), grid)
        for array in (template.grey, template.white, template.brain)
    )
    likeliest = np.argmax([grey, white, 1 - grey - white], axis=0) + 1
    return NamedPlaces(TISSUES, np.where(brain > 0.5, likeliest, 0).astype(np.int32))


def of_phantom(grid: Image, is_stiffness: bool) -> NamedPlaces:
    """Return the regions that the phantom is made of; of stiffness also what is planted in them."""
    from contrage.cohort.phantom.heads.ageing import TISSUES as PLANTED
    from contrage.cohort.phantom.heads.regions import make_regions
    from contrage.cohort.phantom.heads.template import load_template

    made = make_regions(load_template())
    found = Image(made.labels().astype(np.float32), made.grid.affine)
    labels = np.rint(resample(found, grid, order=0)).astype(np.int32)
    planted = tuple(PLANTED[name].rate for name in made.weights) if is_stiffness else None
    return NamedPlaces(tuple(name.replace("_", " ") for name in made.weights), labels, planted)


def of_atlas(
    path: Path, shape: tuple[int, ...], grid: Image | None, place: Image | None = None
) -> NamedPlaces:
    """Return an atlas's regions, the nearest label of each voxel.

    Parameters
    ----------
    path : Path
        NIfTI of labels, whole numbers from 0 (elsewhere) on. Of images that the imaging chain made
        it lies in MNI152, on any grid; of volumes that came prepared where these do, on any grid,
        and where nobody told their place it has their very shape. Beside it, under the same name,
        there may be a .tsv with the columns `index` and `name`.
    shape : tuple of int
        Of one image.
    grid : Image or None
        Where voxels lie of images that the imaging chain made.
    place : Image or None
        Where those of volumes lie that came prepared; None where nobody told.

    Raises
    ------
    SettingsError
        If the file holds no labels, or lies elsewhere.
    """
    try:
        image = load(path)
    except BadScanError as error:
        raise SettingsError(f"{KEY}: {error}") from error
    numbers = np.rint(image.array).astype(np.int64)
    if not np.isfinite(image.array).all() or (np.abs(numbers - image.array) > 1e-3).any():
        raise SettingsError(f"{KEY}: {path} has values that are no whole numbers; give labels")
    if numbers.min() < 0 or not numbers.any():
        raise SettingsError(f"{KEY}: {path} has no labels above 0, or some below; give labels")
    if grid is None and place is None:
        if numbers.shape != tuple(shape):
            raise SettingsError(
                f"{KEY}: {path} has {_times(numbers.shape)} voxels, and the arrays have "
                f"{_times(shape)}; of arrays that came prepared an atlas has their very grid"
            )
    else:
        _check_place(path, image) if place is None else _check_within(path, image, place)
        numbers = np.rint(resample(image, place or grid, order=0)).astype(np.int64)
    there = np.unique(numbers[numbers > 0])
    if not len(there):
        raise SettingsError(f"{KEY}: no label of {path} is left on the grid of the images")
    names = _names(path)
    labels = np.searchsorted(there, numbers) + 1
    return NamedPlaces(
        tuple(names.get(int(n), f"label {n}") for n in there),
        np.where(numbers > 0, labels, 0).astype(np.int32),
    )


def _check_place(path: Path, image: Image) -> None:
    """Refuse an atlas whose labels are not where MNI152 has the brain."""
    template = mni_template(2)
    points = grid_points(image, image.array > 0.5)[
        :: max(1, int((image.array > 0.5).sum()) // 20_000)
    ]
    index = transform_points(np.linalg.inv(template.anatomical.affine), points).round().astype(int)
    inside = ((index >= 0) & (index < template.brain.shape)).all(axis=1)
    hit = np.zeros(len(points), bool)
    hit[inside] = template.brain[tuple(index[inside].T)]
    if hit.mean() < LEAST_INSIDE:
        raise SettingsError(
            f"{KEY}: only {hit.mean():.0%} of the labels of {path} lie where MNI152 has the brain; "
            "give an atlas in that space"
        )


def _check_within(path: Path, image: Image, place: Image) -> None:
    """Refuse an atlas whose labels are not where volumes are that came prepared."""
    index = transform_points(np.linalg.inv(place.affine), grid_points(image, image.array > 0.5))
    hit = ((index > -1) & (index < place.array.shape)).all(axis=1)
    if hit.mean() < LEAST_INSIDE:
        raise SettingsError(
            f"{KEY}: only {hit.mean():.0%} of the labels of {path} lie where the volumes do; give "
            "an atlas in their space"
        )


def _names(path: Path) -> dict[int, str]:
    beside = path.with_name(path.name.removesuffix(".gz").removesuffix(".nii") + ".tsv")
    if not beside.is_file():
        return {}
    try:
        rows = read_table(beside).rows
        return {int(row["index"]): str(row["name"]) for row in rows}
    except (TableError, KeyError, ValueError, TypeError):
        raise SettingsError(
            f"{KEY}: {beside} needs the columns index (whole numbers) and name; mend it, or take "
            "it away"
        ) from None


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))

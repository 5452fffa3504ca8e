"""Where a model looks in a new scan: what each region, or feature, adds to its prediction.

By those methods alone that passed when the model was exported (`contrage.bundle.looks`). What
members tell is averaged, as their predictions are: integrated gradients add up to the difference
between the prediction and that of the mean image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from contrage import modalities
from contrage.bundle.facts import BundleFacts
from contrage.bundle.opened import Bundle, Member
from contrage.bundle.prediction import MAP, Look
from contrage.errors import SettingsError
from contrage.evaluation.predictor import ImagePredictor
from contrage.evaluation.saliency.layouts import BY_LAYOUT
from contrage.evaluation.saliency.methods import METHODS, attributions, difference
from contrage.evaluation.saliency.places import ELSEWHERE, NamedPlaces, sums
from contrage.evaluation.saliency.regions import array_grid, prepared_grid, regions_of
from contrage.files import save_nifti
from contrage.imaging.images import Image
from contrage.settings.steps.saliency import RegionsAsked

STEPS = 32
"""Points of the path of integrated gradients."""
NOT_ASKED = "it was made without it (model.explain is false, or it failed: see the log of export)"


@dataclass(frozen=True)
class Explaining:
    """How scans are explained.

    Attributes
    ----------
    methods : tuple of str
        Those that may be shown.
    regions : NamedPlaces
    affine : ndarray of shape (4, 4), or None
        Of maps that have a place.
    """

    methods: tuple[str, ...]
    regions: NamedPlaces
    affine: np.ndarray | None


def offered(facts: BundleFacts) -> tuple[str, ...]:
    """Return the methods that may be shown of a model."""
    told = facts.looks.methods if facts.looks is not None else ()
    return tuple(each.name for each in told if each.shown and each.name in METHODS)


def why_none(facts: BundleFacts) -> str | None:
    """Return why a model does not say where it looks; None where it does."""
    if offered(facts):
        return None
    if facts.looks is None:
        return NOT_ASKED
    return "; ".join(f"{each.name.replace('_', ' ')}: {each.why}" for each in facts.looks.methods)


def explaining(facts: BundleFacts, atlas: Path | None = None) -> Explaining:
    """Return how scans of a model are explained.

    Parameters
    ----------
    facts : BundleFacts
    atlas : Path, optional
        NIfTI of labels in MNI152, or where volumes lie that came prepared
        (`contrage.evaluation.saliency.regions`); without it tissue
        classes, features, or what else the kind of data has.

    Raises
    ------
    SettingsError
        The atlas cannot be used.
    """
    asked, of, place = _regions_asked(facts, atlas), facts.network, _place(facts)
    try:
        regions = regions_of(asked, of.shape, of.channels, facts.features, place)
    except SettingsError as error:
        raise SettingsError(str(error).replace("evaluations.saliency.atlas", "--atlas")) from None
    grid = array_grid(asked) if place is None else place
    return Explaining(offered(facts), regions, None if grid is None else grid.affine)


def _place(facts: BundleFacts) -> Image | None:
    """Return where volumes lie that came prepared, averaged over blocks; None of other data."""
    of = facts.seen.arrays
    if of is None or of.affine is None:
        return None
    factor = round(of.voxel_mm / of.kind.voxel_mm) if of.kind.voxel_mm else 1
    return prepared_grid(of.affine, factor, facts.network.shape)


def _regions_asked(facts: BundleFacts, atlas: Path | None) -> RegionsAsked:
    kind, imaging = modalities.load(facts.seen.name), facts.seen.imaging
    by = "tissue" if imaging is not None else BY_LAYOUT.get(kind.layout, "blocks")
    if atlas is not None and kind.layout != "volume":
        raise SettingsError(f"--atlas: an atlas is of volumes, and these are {kind.many}")
    grid = None if imaging is None else imaging.stack.grid_mm
    factor = 1 if imaging is None else int(imaging.stack.voxel_mm // imaging.stack.grid_mm)
    return RegionsAsked(
        by="atlas" if atlas else by,
        atlas=str(atlas) if atlas else None,
        grid_mm=grid,
        factor=factor,
        axes=tuple(kind.axes),
        is_stiffness=False,
    )


def explained(
    bundle: Bundle,
    members: Sequence[Member],
    networks: Sequence[ImagePredictor],
    scores: Sequence[np.ndarray],
    of: Explaining,
    work: Path,
) -> tuple[tuple[Look, ...], dict[str, Path]]:
    """Return what methods tell of a scan, and the maps that they come to.

    Parameters
    ----------
    bundle : Bundle
    members, networks, scores : sequences
        Members, and of each its network and the scan as that takes it.
    of : Explaining
    work : Path
        Folder for the maps, NIfTI, named `MAP` and the method; none of data without a place.
    """
    looks, files = [], {}
    for name in of.methods:
        each = zip(members, networks, scores, strict=True)
        with threadpool_limits(1):
            told = [_of_member(bundle, *one, name, of) for one in each]
        values = np.mean([own for own, _ in told], axis=0)
        above = float(np.mean([wanted for _, wanted in told]))
        looks.append(Look(name, above, _by_region(values, of.regions)))
        if of.affine is not None:
            files[f"{MAP}{name}"] = work / f"{MAP}{name}.nii.gz"
            save_nifti(files[f"{MAP}{name}"], values.sum(axis=0), of.affine)
    return tuple(looks), files


def _of_member(
    bundle: Bundle,
    member: Member,
    network: ImagePredictor,
    score: np.ndarray,
    name: str,
    of: Explaining,
) -> tuple[np.ndarray, float]:
    image = torch.from_numpy(np.ascontiguousarray(score))[None]
    baseline = baseline_of(bundle, member, image)
    given = {"baseline": baseline, "regions": of.regions.labels, "steps": STEPS}
    return attributions(network, image, name, **given), difference(network, image, baseline)


def baseline_of(bundle: Bundle, member: Member, image: Tensor) -> Tensor:
    """Return what a scan is compared with, as a member takes it: of features their means, 0."""
    if bundle.mean is None:
        return torch.zeros_like(image)
    asked = bundle.facts.seen.scores
    found = bundle.mean.scored(asked, member.scores, member.field)
    return torch.from_numpy(found)[None]


def _by_region(values: np.ndarray, regions: NamedPlaces) -> dict[str, float]:
    found = sums(values, regions.labels, len(regions.names))
    names = (*regions.names, ELSEWHERE)
    there = np.flatnonzero((regions.sizes > 0) & ((found != 0) | (np.array(names) != ELSEWHERE)))
    ordered = there[np.argsort(-np.abs(found[there]), kind="stable")]
    return {names[place]: float(found[place]) for place in ordered}

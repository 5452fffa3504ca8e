"""What the configuration asks of a kind of data that it cannot have, before the first job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contrage import modalities
from contrage.cohort import sources
from contrage.errors import SettingsError
from contrage.form import Form
from contrage.learning import encoders
from contrage.modalities import Modality, OfKind
from contrage.settings.build import build
from contrage.settings.cohorts import MERGED


def check_kind(config: dict[str, Any]) -> None:
    """Raise `SettingsError` where the kind of data does not fit the rest of the configuration.

    The source must bring it; normalisation, field of view, encoder, augmentation and the size of
    voxels must make sense of it. Each message begins with the key to change.
    """
    kind = configured(config["cohort"])
    if config["cohort"]["source"] != MERGED:  # of that, each member is looked at
        _check_source(config["cohort"], kind)
        _check_maps(config)
    modalities.check_needs(kind.name, asked_of_kind(config["cohort"]))
    _check_scores(config["dataset"], kind)
    _check_encoder(config["training"]["encoder"], kind)
    check_augmentation(config["training"]["augmentation"], kind)
    _check_voxels(config, kind)


def asked_of_kind(cohort: dict[str, Any]) -> OfKind | None:
    """Return what a cohort's block asks of its kind of data, None of a kind that is asked nothing.

    Of a merged cohort its members are asked, all the same.
    """
    one = cohort["members"][0] if cohort["members"] else cohort
    block = modalities.block(one["image"])
    return build(block, one[one["image"]]) if block else None


def configured(cohort: dict[str, Any]) -> Modality:
    """Return what is known of a cohort's kind of data, with the shape that its block asks for."""
    return modalities.configured(cohort["image"], asked_of_kind(cohort))


def _check_source(cohort: dict[str, Any], kind: Modality) -> None:
    name, comes_as = cohort["source"], sources.load(cohort["source"]).COMES_AS
    if kind.comes_as == comes_as and kind.is_learned:
        own = sources.kinds_of(name, [kind.name, *modalities.prepared()])
        if comes_as == "arrays" and kind.name not in own:
            raise SettingsError(
                f"cohort.image: {name} has no {kind.many} ({kind.name}); set it to {_either(own)}"
            )
        return
    for special, named in (("table", "table"), ("arrays", _either(modalities.prepared()))):
        if special in (kind.comes_as, comes_as):
            alike = sources.coming_as(special)
            raise SettingsError(
                f"cohort.image: {named} goes with cohort.source: {_either(alike)}, and the "
                f"other way round, and here they are {kind.name} and {name}; set both"
            )
    raise SettingsError(f"cohort.image: nothing is learned from {kind.many}; choose another")


def _either(names: Sequence[str]) -> str:
    """Return names as a choice: "a, b or c"."""
    return " or ".join([part for part in (", ".join(names[:-1]), names[-1]) if part])


def _check_maps(config: dict[str, Any]) -> None:
    """Refuse images that a source does not have."""
    cohort = config["cohort"]
    asked = dict.fromkeys([cohort["image"], *cohort["maps"]])
    wanted = [each for each in asked if modalities.load(each).is_map or each == cohort["image"]]
    there = sources.kinds_of(cohort["source"], wanted)
    if lacking := [modalities.load(each) for each in wanted if each not in there]:
        title = lacking[0].title
        words = f"maps of the {title}" if lacking[0].is_map else f"{title}s"
        raise SettingsError(
            f"cohort.image, cohort.maps: {cohort['source']} has no {words}; they are looked for in "
            "a BIDS folder (cohort.source: bids)"
        )


def _check_scores(dataset: dict[str, Any], kind: Modality) -> None:
    asked, known = dataset["normalisation"], kind.normalisations
    if asked not in known:
        why = (
            "features of a table are z-scored with mean and SD of the training rows"
            if kind.scored == "value"
            else f"{kind.many} have {kind.layout}"
        )
        raise SettingsError(
            f"dataset.normalisation: {asked} is for images; {why}, set it to {_either(known)}"
        )
    if dataset["field_of_view"] != "own" and not kind.background:
        raise SettingsError(f"dataset.field_of_view: a {kind.layout} has none; set it to own")


def _check_encoder(encoder: str, kind: Modality) -> None:
    fitting = encoders.fitting(kind.form, kind.encoders)
    if encoder not in fitting:
        raise SettingsError(
            f"training.encoder: {encoder} does not fit {kind.many} (cohort.image: {kind.name}); "
            f"set it to {_either(fitting)}"
        )


def check_augmentation(asked: Any, kind: Modality) -> None:
    """Refuse augmentation that makes no sense of a kind of data."""
    # "all" is the authors' cutout and crop.
    names = [each for name in asked for each in (("cutout", "crop") if name == "all" else (name,))]
    if unfit := [name for name in names if name not in kind.augmentations]:
        raise SettingsError(
            f"training.augmentation: {unfit[0]} is not for {kind.many} (cohort.image: "
            f"{kind.name}); there are {' and '.join(kind.augmentations)}"
        )


def _check_voxels(config: dict[str, Any], kind: Modality) -> None:
    voxel = config["dataset"]["voxel_mm"]
    grid = config["preprocessing"]["registration"]["voxel_mm"]
    if kind.comes_as == "arrays" and kind.voxel_mm and voxel % kind.voxel_mm:
        raise SettingsError(
            f"dataset.voxel_mm: {voxel} is no multiple of the {kind.voxel_mm:g} mm of {kind.name} "
            "arrays; set it to that, or twice, three or four times as much"
        )
    if kind.comes_as == "scans" and voxel % grid:
        raise SettingsError(
            f"dataset.voxel_mm: {voxel} is no multiple of the {grid} mm of the preprocessed "
            "images; change it, or preprocessing.registration.voxel_mm (1 or 2)"
        )


def form_of(config: dict[str, Any]) -> Form:
    """Return what whoever reads the cohort's array must know of it."""
    return configured(config["cohort"]).form


def image_seen(config: dict[str, Any]) -> tuple[int | None, tuple[int, ...]] | None:
    """Return channels and shape of one image as the network sees it; None where nobody knows yet.

    That is so of a table, whose width is in its file.
    """
    from contrage.imaging.template.grids import GRID_SHAPES

    kind, voxel = configured(config["cohort"]), config["dataset"]["voxel_mm"]
    whole, edge = kind.shape, kind.voxel_mm
    if kind.comes_as == "scans":
        edge = config["preprocessing"]["registration"]["voxel_mm"]
        whole = GRID_SHAPES[edge]
    if whole is None:
        return None
    factor = round(voxel / edge) if edge else 1
    return kind.channels, tuple(-(-size // factor) for size in whole)

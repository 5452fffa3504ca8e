"""Which rows are explained, and in which places attributions are added up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contrage.bids import sidecar_of
from contrage.errors import SettingsError, few
from contrage.evaluation.saliency.layouts import BY_LAYOUT
from contrage.plan import rows
from contrage.plan.experiment import Experiment
from contrage.plan.kinds import configured
from contrage.settings.blocks.evaluations import SaliencySettings
from contrage.settings.build import as_plain, build
from contrage.settings.steps.saliency import RegionsAsked, SaliencyStep

KEY = "evaluations.saliency"


def is_on(config: dict[str, Any]) -> bool:
    """Return whether anything is explained."""
    return config["evaluations"]["saliency"] is not None


def explained(of: Experiment) -> list[str]:
    """Return the rows that are explained: those that are named, or the first of the table."""
    return rows_of(of.config, of.rows) if is_on(of.config) else []


def rows_of(config: dict[str, Any], trained: list[str]) -> list[str]:
    """Return the rows of the table that are named, or the first."""
    named = config["evaluations"]["saliency"]["rows"]
    return list(trained[:1] if named is None else named)


def check(config: dict[str, Any], trained: list[str]) -> None:
    """Raise `SettingsError` for rows that are not trained, and an atlas that cannot be meant."""
    if not is_on(config):
        return
    if unknown := [row for row in rows_of(config, trained) if row not in trained]:
        raise SettingsError(
            f"{KEY}.rows: {unknown[0]} is no row of the table of errors ({few(trained)}); name one "
            "of these"
        )
    atlas = config["evaluations"]["saliency"]["atlas"]
    if atlas is None:
        return
    kind = configured(config["cohort"])
    if kind.layout != "volume":
        raise SettingsError(
            f"{KEY}.atlas: an atlas is of volumes, and these are {kind.many}; set it to null"
        )
    if not Path(atlas).is_file():
        raise SettingsError(f"{KEY}.atlas: there is no file {atlas}")


def step(of: Experiment, row: str) -> SaliencyStep:
    """Return what the step saliency is asked for."""
    asked = of.config["evaluations"]["saliency"]
    return SaliencyStep(
        row=row,
        seeds=tuple(of.seeds),
        target=of.target.learned,
        saliency=build(SaliencySettings, {**asked, "rows": None}),
        regions=regions(of.config),
    )


def regions(config: dict[str, Any]) -> RegionsAsked:
    """Return the places in which attributions are added up."""
    kind, atlas = configured(config["cohort"]), config["evaluations"]["saliency"]["atlas"]
    of_chain = kind.comes_as == "scans"
    grid = config["preprocessing"]["registration"]["voxel_mm"] if of_chain else None
    by = BY_LAYOUT.get(kind.layout, "blocks")
    if of_chain:
        by = "phantom" if config["cohort"]["source"] == "phantom" else "tissue"
    return RegionsAsked(
        by="atlas" if atlas else by,
        atlas=atlas,
        grid_mm=grid,
        factor=_factor(config, grid or kind.voxel_mm),
        axes=tuple(kind.axes),
        is_stiffness=kind.name == "stiffness",
    )


def _factor(config: dict[str, Any], voxel_mm: float | None) -> int:
    """Return how many voxels of images are averaged along each axis."""
    return round(config["dataset"]["voxel_mm"] / voxel_mm) if voxel_mm else 1


def files(of: Experiment, row: str) -> dict[str, list[str]]:
    """Return what the step reads of a row: models, and the probe, unless a head predicts."""
    results = of.results
    each = [(seed, fold) for seed in of.seeds for fold in of.folds]
    read = {"models": [results.model.format(row=row, seed=s, fold=k) for s, k in each]}
    by_probe = row not in rows.head_rows(of.config)
    found = [results.coefficients.format(row=row, seed=seed) for seed in of.seeds]
    return read | {"coefficients": found if by_probe else []}


def atlas_files(of: Experiment) -> list[str]:
    """Return the atlas, and the table of names beside it."""
    atlas = of.config["evaluations"]["saliency"]["atlas"]
    if not atlas:
        return []
    beside = atlas.removesuffix(".gz").removesuffix(".nii") + ".tsv"
    return [atlas, *[beside] * Path(beside).is_file()]


def place_file(of: Experiment, array: str) -> list[str]:
    """Return what says where volumes lie that came prepared, of which an atlas has regions."""
    has_place = configured(of.config["cohort"]).comes_as != "scans"
    return [str(sidecar_of(Path(array)))] * (has_place and bool(atlas_files(of)))


def maps(of: Experiment) -> list[str]:
    """Return patterns of the maps that have a place, one for each method."""
    if configured(of.config["cohort"]).comes_as != "scans":
        return []
    asked = as_plain(of.config["evaluations"]["saliency"]["methods"])
    return [of.results.saliency_map.replace("{method}", name) for name in asked]

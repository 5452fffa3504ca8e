"""What is asked of the models that an experiment is exported as.

A model sees one kind of data: maps that a run prepares beside it are no part of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from contrage.cohort import sources
from contrage.errors import SettingsError
from contrage.layout import Derivatives
from contrage.plan import dataset_settings, imaging, merged, rows
from contrage.plan.experiment import Experiment
from contrage.plan.kinds import asked_of_kind, configured
from contrage.settings.blocks.kinds import PetSettings
from contrage.settings.build import fields_of
from contrage.settings.steps.imaging import TemplateFiles
from contrage.settings.steps.model import (
    ArraysOfModel,
    ExportModelsStep,
    ImagingOfModel,
    SeenByModel,
    TableOfModel,
)


def check(of: Experiment) -> None:
    """Raise `SettingsError` where a model is asked of a row that is none of the table's."""
    for row in of.config["model"]["rows"] or ():
        if row not in of.rows:
            raise SettingsError(
                f"model.rows: {row} is no row of the table of errors; choose from "
                f"{', '.join(of.rows)}"
            )


def candidates(of: Experiment) -> list[str]:
    """Return the rows whose files an export reads: those that are named, or all of the table."""
    chosen = _chosen(of)
    return list(of.rows if chosen is None else chosen)


def _chosen(of: Experiment) -> tuple[str, ...] | None:
    """Return the rows that are named; None where the best one is to be taken."""
    asked = of.config["model"]["rows"]
    return None if asked is None else tuple(asked)


def export(of: Experiment, template: TemplateFiles) -> ExportModelsStep:
    """Return what an export is asked for.

    Parameters
    ----------
    of : Experiment
    template : TemplateFiles
        What images are registered to.
    """
    asked = of.config["model"]
    return ExportModelsStep(
        experiment=of.config["experiment"],
        cohort=of.config["cohort"]["name"],
        rows=tuple(of.rows),
        chosen=_chosen(of),
        heads=tuple(rows.head_rows(of.config)),
        losses={row: of.loss(row) for row in of.rows},
        seeds=tuple(of.seeds),
        folds=tuple(of.folds),
        scheme=of.config["dataset"]["split"]["scheme"],
        measure=of.measure,
        target=of.target,
        seen=seen(of.config, template),
        interval=asked["interval"],
        level=asked["level"],
        explain=asked["explain"],
    )


def seen(config: dict[str, Any], template: TemplateFiles) -> SeenByModel:
    """Return what a model of an experiment takes."""
    one = (merged.members(config) or [config])[0]
    kind = configured(config["cohort"])
    return SeenByModel(
        name=kind.name,
        title=kind.title,
        one=kind.one,
        many=kind.many,
        unit=kind.unit,
        scores=dataset_settings.scores(config),
        imaging=_imaging(one, template) if kind.comes_as == "scans" else None,
        arrays=_arrays(one) if kind.comes_as == "arrays" else None,
        table=_table(one) if kind.comes_as == "table" else None,
    )


def _imaging(config: dict[str, Any], template: TemplateFiles) -> ImagingOfModel:
    """Return the imaging chain as it is where the learned image is the only map."""
    alone = {**config, "cohort": {**config["cohort"], "maps": []}}
    names = Derivatives.at("")
    learned = (rows.maps(alone) or [None])[0]
    corrects = imaging.corrects(alone)
    return ImagingOfModel(
        anatomical=config["cohort"]["anatomical"] if rows.needs_anatomical(alone) else None,
        map=learned,
        takes=tuple(_takes(alone)),
        check=imaging.check_settings(alone, template),
        strip=imaging.strip_settings(alone, template),
        correct=imaging.correct_settings(alone) if corrects else None,
        register=imaging.register_settings(alone, template),
        quality=imaging.quality_settings(alone, template),
        stack=dataset_settings.stack(alone),
        corrects=tuple(imaging.corrected_images(alone, names)) if corrects else (),
        registers=tuple(imaging.registered_images(alone, names)),
    )


def _takes(config: dict[str, Any]) -> Iterator[str]:
    """Yield which raw images of a scan are read, by the steps' names."""
    if rows.needs_anatomical(config):
        yield "anatomical"
    yield from rows.maps(config)
    if config["preprocessing"]["skull_strip"]["method"] == "mask":
        yield "mask"
    if rows.uses_magnitude(config):
        yield "magnitude"


def _arrays(config: dict[str, Any]) -> ArraysOfModel:
    kind = configured(config["cohort"])
    own = asked_of_kind(config["cohort"])
    if isinstance(own, PetSettings) and own.reference is not None:
        own = replace(own, reference=Path(own.reference).name)  # where it lies is nobody's business
    voxel = config["dataset"]["voxel_mm"]
    return ArraysOfModel(kind.prepared, voxel, own, affine=None, divided_by=_divided_by(config))


def _divided_by(config: dict[str, Any]) -> str | None:
    """Return the column of the volume that arrays are divided by."""
    cohort = config["cohort"]
    reads = getattr(sources.load(cohort["source"]), "ARRAYS", ())
    by_volume = "features_scale" in reads and cohort["features_scale"] == "tiv"
    return cohort["regions"]["tiv"] if by_volume else None


def _table(config: dict[str, Any]) -> TableOfModel:
    """Return names of columns; what is left out of a table may name people."""
    block = config["cohort"]["table"] | {"age_unit": config["cohort"]["age_unit"]}
    return TableOfModel(**{key: block[key] for key in fields_of(TableOfModel)})

"""An experiment's trainings as models for new scans, a folder each."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from contrage.bundle import written
from contrage.bundle.card import card
from contrage.bundle.parts import (
    CALIBRATION,
    CARD,
    MEAN,
    REGION,
    arrays_name,
    names,
    weights_name,
    write_arrays,
    write_weights,
)
from contrage.errors import SettingsError
from contrage.files import read_json, sha256, write_json, write_text
from contrage.settings.build import as_plain
from contrage.settings.steps.model import ExportModelsStep
from contrage.tables import read_tsv

if TYPE_CHECKING:
    from contrage.bundle.gathered import Row

log = logging.getLogger(__name__)

BY_HAND = 0
"""Rows among which one was chosen, of one that somebody names after the test."""


def export_models(
    settings: ExportModelsStep,
    *,
    table: Path,
    models: str,
    features: str,
    coefficients: str,
    predictions: str,
    splits: str,
    scans: Path,
    array: Path,
    columns: Path | None = None,
    quality: Path | None = None,
    reference: Path | None = None,
    exported: Path,
) -> None:
    """Write the models of an experiment, and remove those that are asked for no longer.

    Parameters
    ----------
    settings : ExportModelsStep
    table : Path
        The table of errors, by which a row is chosen where none is named.
    models, features : str
        Patterns of the trainings' files, with {row}, {seed} and {fold}.
    coefficients, predictions : str
        Patterns of the probes' files, with {row} and {seed}.
    splits : str
        Pattern of the folds of each {seed}.
    scans : Path
        The experiment's scans.
    array : Path
        The cohort's array.
    columns : Path, optional
        Names of a table's features.
    quality : Path, optional
        The cohort's table of quality.
    reference : Path, optional
        Mask of the region by whose mean volumes are divided.
    exported : Path
        Output JSON: row → folder, and with what these were made; models lie beside it, a folder of
        the row's name each.

    Raises
    ------
    SettingsError
        The table has no row to choose.
    """
    patterns = {
        "models": models,
        "features": features,
        "coefficients": coefficients,
        "predictions": predictions,
        "splits": splits,
    }
    files = {"scans": scans, "array": array, "columns": columns, "quality": quality}
    files["reference"] = reference
    home = Path(exported).parent
    exported.unlink(missing_ok=True)
    rows, among = chosen_rows(settings, table)
    if rows:  # else nothing here needs PyTorch
        from contrage.bundle.gathered import gather
    for row in rows:
        write_model(home / row, gather(settings, row, among, patterns, files))
    remove_others(home, rows)
    _write_exported(exported, settings, rows, {**patterns, **files, "table": table})


def _write_exported(
    exported: Path, settings: ExportModelsStep, rows: tuple[str, ...], files: Mapping[str, Any]
) -> None:
    """Write which models there are, and with what further ones can be made."""
    told = {name: str(path) for name, path in files.items() if path is not None}
    content = {"rows": {row: row for row in rows}, "settings": as_plain(settings), "files": told}
    write_json(exported, content)


def chosen_rows(settings: ExportModelsStep, table: Path) -> tuple[tuple[str, ...], int]:
    """Return of which rows models are made, and among how many the one was chosen by its error."""
    if settings.chosen is not None:
        return settings.chosen, 1
    frame = read_tsv(table)
    column = f"{settings.measure}_mean"
    known = frame[frame["loss"].isin(settings.rows)].dropna(subset=[column])
    if not len(known):
        raise SettingsError(f"{table}: no row has a {column}; name rows in model.rows")
    order = known.sort_values(column, ascending=settings.measure != "bacc", kind="stable")
    return (str(order["loss"].iloc[0]),), len(known)


def write_model(folder: Path, row: Row) -> None:
    """Write a model's folder: whole, or not at all.

    Raises
    ------
    SettingsError
        Something else is there.
    """
    if folder.is_symlink() or (folder.exists() and not _is_model(folder)):
        raise SettingsError(f"{folder}: is there, and no model; choose another folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as away:
        place = Path(away) / folder.name
        place.mkdir()
        for number, member in enumerate(row.members):
            write_weights(place / weights_name(number), member.encoder, member.head)
            write_arrays(place / arrays_name(number), member.arrays)
        write_arrays(place / CALIBRATION, row.residuals.arrays())
        if row.region is not None:
            write_arrays(place / REGION, {"region": np.packbits(row.region)})
        write_text(place / CARD, card(row.facts))
        if row.mean is not None:
            write_arrays(place / MEAN, row.mean.arrays())
        wanted = names(len(row.members), row.region is not None, row.mean is not None)
        parts = {name: sha256(place / name) for name in wanted}
        written.write_facts(place, row.facts, parts)
        if folder.exists():
            shutil.rmtree(folder)
        place.rename(folder)
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    log.info("%s: a model of %d members, %.1f MB", folder, len(row.members), size)


def remove_others(home: Path, rows: tuple[str, ...]) -> None:
    """Remove models that a run exported before, and does no longer; those made by hand stay."""
    for each in sorted(home.iterdir()):
        if each.name in rows or each.is_symlink() or not (each / written.NAME).is_file():
            continue
        if read_json(each / written.NAME)["tested"]["rows"] != BY_HAND:
            log.info("%s: exported no longer", each)
            shutil.rmtree(each)


def _is_model(folder: Path) -> bool:
    """Return whether a folder is a model, or nothing yet."""
    return folder.is_dir() and ((folder / written.NAME).is_file() or not any(folder.iterdir()))

"""Where a model looks, written beside the predictions: a table, and maps of images."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from contrage.bundle.prediction import MAP, Prediction
from contrage.tables import write_rows

COLUMNS = ("scan", "method", "region", "adds", "above")
DIGITS = 6
ODD = re.compile(r"[^A-Za-z0-9._-]")


def looks_table(output: Path) -> Path:
    """Return the table beside that of the predictions: predictions.tsv → predictions_looks.tsv."""
    return output.with_name(f"{output.stem}_looks.tsv")


def looks_folder(output: Path) -> Path:
    """Return the folder of maps beside the table of the predictions: predictions_looks."""
    return output.with_name(f"{output.stem}_looks")


def write_looks(table: Path, found: Iterable[Mapping[str, Any]]) -> None:
    """Write a line for each scan, method and region; of scans that were predicted.

    Parameters
    ----------
    table : Path
        Output, beside that of the predictions.
    found : iterable of mapping
        Predictions as JSON has them. Columns are scan, method, region (those that add most first),
        adds and above: by how much the prediction is above that of the mean of those who were
        learned from, in the target's unit, of a binary target in log odds.
    """
    lines = (
        {
            "scan": each["name"],
            "method": look["method"],
            "region": region,
            "adds": round(adds, DIGITS),
            "above": round(look["above"], DIGITS),
        }
        for each in found
        for look in each["looks"]
        for region, adds in look["regions"].items()
    )
    write_rows(table, COLUMNS, lines)


def keep_maps(folder: Path, found: Prediction) -> None:
    """Copy the maps of a scan from the work folder, which goes: `<scan>_<method>.nii.gz`."""
    for look in found.looks:
        made = found.files.get(f"{MAP}{look.method}")
        if made is not None:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(made, folder / f"{file_name(found.name)}_{look.method}.nii.gz")


def file_name(scan: str) -> str:
    """Return a scan's name as one of files; what was another name stays another one."""
    plain = ODD.sub("-", scan)
    return plain if plain == scan else f"{plain}-{sha256(scan.encode()).hexdigest()[:8]}"

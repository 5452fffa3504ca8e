"""A table of features as the cohort's array."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contrage.cohort.feature_table import feature_values, open_table, people
from contrage.cohort.scans import participant_label
from contrage.dataset.sidecar import write_array_sidecar
from contrage.files import atomic
from contrage.scan_ids import scan_id
from contrage.settings.blocks.table import TableColumnsSettings
from contrage.settings.build import build
from contrage.tables import read_tsv, write_tsv

log = logging.getLogger(__name__)


def features(
    settings: dict[str, Any], *, table: Path, scans: Path, array: Path, rows: Path, columns: Path
) -> None:
    """Write the features of all scans into one array, as they stand in the table.

    Parameters
    ----------
    settings : dict
        `table`: the part of the configuration that names columns and rows; `columns`: further
        ones that are kept beside age, sex and site, and are no features; `target`, where it is
        another than age.
    table : Path
        The TSV or CSV file.
    scans : Path
        The cohort's scans.
    array : Path
        Output, float64 of shape (scans, features); NaN where a value is missing. The JSON beside
        it names the table with its SHA-256.
    rows : Path
        Output: scan_id and row of each scan in the array.
    columns : Path
        Output: feature, missing (number of values), constant (whether all values agree).

    Raises
    ------
    TableError
        If the table cannot be used.
    """
    target = settings["target"]["column"] if "target" in settings else None
    named = build(TableColumnsSettings, settings["table"])
    found = open_table(table, named, settings["columns"], {}, target)
    values = np.array(feature_values(found))
    names = [
        scan_id(participant_label(row["participant_id"], table, any_label=True), row["session"])
        for row in people(found)
    ]
    place = {name: index for index, name in enumerate(names)}
    cohort = read_tsv(scans)
    values = values[[place[name] for name in cohort["scan_id"]]]
    with atomic(array) as temporary:
        np.save(temporary, values)
    made = {"function": "contrage.dataset.features.features", "parameters": settings}
    write_array_sidecar(array, {"table": table}, made)
    write_tsv(rows, pd.DataFrame({"scan_id": cohort["scan_id"], "row": range(len(cohort))}))
    write_tsv(columns, describe(found.features, values))
    log.info("%d scans, %d features, %d values missing", *values.shape, np.isnan(values).sum())


def describe(names: list[str], values: np.ndarray) -> pd.DataFrame:
    """Return one line per feature: its name, values that are missing, whether it is constant."""
    known = np.where(np.isnan(values), np.inf, values), np.where(np.isnan(values), -np.inf, values)
    constant = known[1].max(axis=0) <= known[0].min(axis=0)
    missing = np.isnan(values).sum(axis=0)
    return pd.DataFrame({"feature": names, "missing": missing, "constant": constant})

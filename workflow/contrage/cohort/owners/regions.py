"""The table of regional volumes that brainprep makes of CAT12's results.

One row per scan: who it is, the total intracranial volume, grey matter and cerebrospinal fluid of
the Neuromorphometrics regions. The features are in OpenBHB's order: grey matter of all regions in
the table's order, then cerebrospinal fluid of the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from contrage.cohort.owners.labels import label_of
from contrage.cohort.stored import Stored
from contrage.errors import BadScanError, TableError, few
from contrage.settings.blocks.owners import RegionTableSettings
from contrage.tables import Table, is_missing, read_table

if TYPE_CHECKING:
    import numpy as np

IMAGE = "vbm_roi"
GREY, FLUID = "_GM_Vol", "_CSF_Vol"
WHOLE_BRAIN = ("GM_Vol", "CSF_Vol", "WM_Vol")
"""Volumes of the whole brain beside them, which are no regions'."""


@dataclass(frozen=True)
class RegionRow:
    """A row: whose it is, and where its features stand.

    Attributes
    ----------
    label : str
        Of the person, without sub-.
    session : str or None
        Without ses-.
    run : int
    stored : Stored
    """

    label: str
    session: str | None
    run: int
    stored: Stored


@dataclass(frozen=True)
class RegionRows:
    """A table of regions.

    Attributes
    ----------
    rows : list of RegionRow
    features : list of str
        Grey matter, then cerebrospinal fluid.
    """

    rows: list[RegionRow]
    features: list[str]


def is_table_of(image: str) -> bool:
    """Return whether the table has a kind of data."""
    return image == IMAGE


def rows_of_regions(path: Path, names: RegionTableSettings, by_tiv: bool) -> RegionRows:
    """Read the table.

    Parameters
    ----------
    path : Path
    names : RegionTableSettings
    by_tiv : bool
        Whether features are divided by the total intracranial volume.

    Raises
    ------
    TableError
        If it lacks a column, or the regions of one tissue.
    """
    table = read_table(path)
    person = table.column(names.participant, "cohort.regions.participant")
    session = table.column(names.session, "cohort.regions.session")
    run = _optional(table, names.run)
    tiv = table.column(names.tiv, "cohort.regions.tiv") if by_tiv else None
    features = features_of(table)
    rows = [
        RegionRow(
            _label(table, line, cells[person]),
            None if is_missing(cells[session]) else cells[session].removeprefix("ses-"),
            _run(table, line, None if run is None else cells[run]),
            Stored(path, _reader(path, cells, features, tiv)),
        )
        for line, cells in zip(table.numbers, table.rows, strict=True)
    ]
    return RegionRows(rows, features)


def features_of(table: Table) -> list[str]:
    """Return the columns of regions: grey matter in the table's order, then the fluid of the same.

    Raises
    ------
    TableError
        If there are none, or a region has one tissue alone.
    """
    own = [column for column in table.columns if column not in WHOLE_BRAIN]
    grey = [column.removesuffix(GREY) for column in own if column.endswith(GREY)]
    fluid = [column.removesuffix(FLUID) for column in own if column.endswith(FLUID)]
    if not grey:
        raise TableError(
            f"{table.path}: no column ends in {GREY} (cohort.regions.file); it has "
            f"{few(table.columns, most=6)}"
        )
    if alone := sorted(set(grey) ^ set(fluid)):
        raise TableError(
            f"{table.path}: regions without both tissues, {GREY} and {FLUID} "
            f"(cohort.regions.file): {few(alone)}"
        )
    return [f"{region}{tissue}" for tissue in (GREY, FLUID) for region in grey]


def _optional(table: Table, name: str) -> str | None:
    """Return the column of the run; it need not be there under its default name."""
    return table.find(name) if name == "run" else table.column(name, "cohort.regions.run")


def _label(table: Table, line: int, cell: str) -> str:
    label = label_of(cell)
    if not label or is_missing(cell):
        raise TableError(
            f"{table.path}: line {line}: no participant (cohort.regions.participant): {cell!r}"
        )
    return label


def _run(table: Table, line: int, cell: str | None) -> int:
    if is_missing(cell):
        return 1
    found = re.fullmatch(r"(?:run-)?0*([1-9]\d*)", cell or "")
    if not found:
        raise TableError(f"{table.path}: line {line}: run {cell!r} is no number")
    return int(found[1])


def _reader(
    path: Path, cells: dict[str, str], features: list[str], tiv: str | None
) -> Callable[[], np.ndarray]:
    def read() -> np.ndarray:
        import numpy as np

        values = np.array([_number(path, cells, name) for name in features])
        return values if tiv is None else values / _volume(path, cells, tiv)

    return read


def _number(path: Path, cells: dict[str, str], name: str) -> float:
    try:
        return float(cells[name])
    except ValueError:
        raise BadScanError(path, f"column {name} has {cells[name]!r}, which is no number") from None


def _volume(path: Path, cells: dict[str, str], tiv: str) -> float:
    volume = _number(path, cells, tiv)
    if not (math.isfinite(volume) and volume > 0):
        raise BadScanError(path, f"column {tiv} has {volume:g}, which is no volume")
    return volume

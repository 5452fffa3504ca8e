"""ICBM as LONI hands it out: the list of images, and a table of regions made of them."""

from __future__ import annotations

from pathlib import Path

from contrage.cohort.phantom.tables.features import PlantedTable
from contrage.cohort.phantom.tables.owners import _collection, _regions
from contrage.settings.blocks.phantom_tables import PhantomTablesSettings

COLLECTION = "ICBM_T1_7_01_2020.csv"


def write(settings: PhantomTablesSettings, planted: PlantedTable, folder: Path) -> None:
    """Write the cohort; ages stand in whole years and nowhere else."""
    _collection.write(planted, folder / COLLECTION, lambda person: "Normal", lambda *scan: "1")
    _regions.write(planted, folder)

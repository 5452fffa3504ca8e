"""ADNI as its owners hand it out: merged visits, diagnoses, the list of images.

A table of regions made of the images lies beside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from contrage.cohort.phantom.tables.features import PlantedTable
from contrage.cohort.phantom.tables.owners import _collection, _regions
from contrage.cohort.phantom.tables.people.planted import (
    DEMENTIA,
    MCI,
    NORMAL,
    YEAR,
    Examination,
    PlantedPerson,
    PlantedScan,
)
from contrage.settings.blocks.phantom_tables import PhantomTablesSettings
from contrage.tables import write_csv

MERGED, DIAGNOSES = "ADNIMERGE_01Jul2020.csv", "DXSUM_01Jul2020.csv"
COLLECTION = "ADNI_T1_7_01_2020.csv"
MERGED_COLUMNS = [
    "RID",
    "COLPROT",
    "ORIGPROT",
    "PTID",
    "SITE",
    "VISCODE",
    "EXAMDATE",
    "DX_bl",
    "AGE",
    "PTGENDER",
    "DX",
    "EXAMDATE_bl",
    "Years_bl",
    "Month",
]
DIAGNOSES_COLUMNS = ["Phase", "PTID", "RID", "VISCODE", "VISCODE2", "EXAMDATE", "DIAGNOSIS"]
FOUND = {NORMAL: "CN", MCI: "MCI", DEMENTIA: "Dementia"}
CODES = {NORMAL: 1, MCI: 2, DEMENTIA: 3}
AT_ENTRY = {NORMAL: ("CN", "CN", "SMC"), MCI: ("EMCI", "LMCI"), DEMENTIA: ("AD",)}
"""What a diagnosis at entry is called in DX_bl: dealt to people by their numbers."""
SEX = {"F": "Female", "M": "Male"}
PHASES = {2009: "ADNI1", 2011: "ADNIGO", 2016: "ADNI2"}
"""Last year of a phase; later ones are ADNI3."""


def write(settings: PhantomTablesSettings, planted: PlantedTable, folder: Path) -> None:
    """Write the cohort: AGE is the age at entry on every row, as in the real table."""
    people = list({person.participant_id: person for person in planted.people}.values())
    write_csv(folder / MERGED, MERGED_COLUMNS, _merged(people), quoted=True)
    write_csv(folder / DIAGNOSES, DIAGNOSES_COLUMNS, _diagnoses(people), quoted=True)
    _collection.write(planted, folder / COLLECTION, at_entry, _visit)
    _regions.write(planted, folder)


def at_entry(person: PlantedPerson) -> str:
    """Return the diagnosis at entry in the words of DX_bl."""
    words = AT_ENTRY[person.examinations[0].state]
    return words[_number(person) % len(words)]


def phase(day: date) -> str:
    """Return the phase of ADNI that was at work on a day."""
    return next((name for year, name in PHASES.items() if day.year <= year), "ADNI3")


def code(examination: Examination) -> str:
    """Return a visit's code: bl, m06, m12."""
    return f"m{examination.month:02d}" if examination.month else "bl"


def _merged(people: list[PlantedPerson]) -> Iterator[dict[str, Any]]:
    for person in people:
        for seen in person.examinations:
            day = person.date(seen.day)
            yield {
                "RID": _number(person),
                "COLPROT": phase(day),
                "ORIGPROT": phase(person.entry),
                "PTID": person.participant_id,
                "SITE": person.site,
                "VISCODE": code(seen),
                "EXAMDATE": day,
                "DX_bl": at_entry(person),
                "AGE": person.age,
                "PTGENDER": SEX[person.sex],
                "DX": FOUND[seen.state],
                "EXAMDATE_bl": person.entry,
                "Years_bl": f"{seen.day / YEAR:.6f}",
                "Month": seen.month,
            }


def _diagnoses(people: list[PlantedPerson]) -> Iterator[dict[str, Any]]:
    for person in people:
        for seen in person.examinations:
            day = person.date(seen.day)
            yield {
                "Phase": phase(day),
                "PTID": person.participant_id,
                "RID": _number(person),
                "VISCODE": code(seen),
                "VISCODE2": code(seen),
                "EXAMDATE": day,
                "DIAGNOSIS": CODES[seen.state],
            }


def _number(person: PlantedPerson) -> int:
    return int(person.participant_id[-4:])


def _visit(person: PlantedPerson, scan: PlantedScan) -> str:
    return code(min(person.examinations, key=lambda seen: abs(seen.day - scan.day)))

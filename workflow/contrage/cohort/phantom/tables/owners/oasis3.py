"""OASIS-3 as its owners hand it out: days since entry in place of dates.

A table of regions made of the images lies beside the owner's tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contrage.cohort.phantom.tables.features import PlantedTable
from contrage.cohort.phantom.tables.owners import _regions
from contrage.cohort.phantom.tables.people.oasis3 import CONFLICTING, CONTRIBUTING, OTHER
from contrage.cohort.phantom.tables.people.planted import (
    DEMENTIA,
    NORMAL,
    Examination,
    PlantedPerson,
)
from contrage.settings.blocks.phantom_tables import PhantomTablesSettings
from contrage.tables import write_csv

PEOPLE, IMAGES = "OASIS3_demographics.csv", "OASIS3_MR_json.csv"
DIAGNOSES, RATINGS = "OASIS3_UDSd1_diagnoses.csv", "OASIS3_UDSb4_cdr.csv"
PEOPLE_COLUMNS = ["OASISID", "AgeatEntry", "AgeatDeath", "GENDER"]
IMAGES_COLUMNS = [
    "subject_id",
    "label",
    "scan category",
    "Manufacturer",
    "ManufacturersModelName",
    "MagneticFieldStrength",
]
VISIT = ["OASISID", "OASIS_session_label", "days_to_visit", "age at visit"]
FLAGS = ["NORMCOG", "DEMENTED", "MCIAMEM", "MCIAPLUS", "MCINON1", "MCINON2", "IMPNOMCI"]
CAUSES = ["PROBAD", "PROBADIF", "POSSAD", "POSSADIF", "alzdis", "alzdisif"]
"""The second of each pair says whether the first is the primary cause (1) or contributes (2)."""
RATED = ["MMSE", "CDRTOT", "CDRSUM", "dx1", "dx2", "dx3", "dx4", "dx5"]
SEX = {"M": 1, "F": 2}
TICKED = {
    NORMAL: {"NORMCOG": 1},
    DEMENTIA: {"DEMENTED": 1, "PROBAD": 1, "PROBADIF": 1},
    OTHER: {"DEMENTED": 1, "PROBAD": 0},
    CONTRIBUTING: {"DEMENTED": 1, "PROBAD": 1, "PROBADIF": 2},
    CONFLICTING: {"NORMCOG": 1, "DEMENTED": 1},
}
WRITTEN = {
    NORMAL: ("29", "0", "0", "Cognitively normal"),
    DEMENTIA: ("22", "1", "5", "AD Dementia"),
    OTHER: ("23", "1", "5", "Non AD dem, Other primary"),
    CONTRIBUTING: ("23", "1", "5", "AD dem cannot be primary"),
    CONFLICTING: ("27", "0.5", "1", "uncertain dementia"),
}


def write(settings: PhantomTablesSettings, planted: PlantedTable, folder: Path) -> None:
    """Write the cohort: no date, sex as 1 and 2, diagnoses as flags of which blanks are skips."""
    people = list({person.participant_id: person for person in planted.people}.values())
    write_csv(folder / PEOPLE, PEOPLE_COLUMNS, _people(people))
    write_csv(folder / IMAGES, IMAGES_COLUMNS, _images(planted))
    write_csv(folder / DIAGNOSES, [*VISIT, *FLAGS, *CAUSES], _diagnoses(people))
    write_csv(folder / RATINGS, [*VISIT, *RATED], _ratings(people))
    _regions.write(planted, folder)


def _people(people: list[PlantedPerson]) -> Iterator[dict[str, Any]]:
    for person in people:
        yield {
            "OASISID": person.participant_id,
            "AgeatEntry": person.age,
            "GENDER": SEX[person.sex],
        }


def _images(planted: PlantedTable) -> Iterator[dict[str, Any]]:
    for person, scan in zip(planted.people, planted.scans, strict=True):
        yield {
            "subject_id": person.participant_id,
            "label": f"{person.participant_id}_MR_{scan.session}",
            "scan category": "T1w",
            "Manufacturer": "Siemens",
            "ManufacturersModelName": person.site,
            "MagneticFieldStrength": 3,
        }


def _diagnoses(people: list[PlantedPerson]) -> Iterator[dict[str, Any]]:
    for person in people:
        for seen in person.examinations:
            yield _visit(person, seen, "UDSd1") | dict.fromkeys(FLAGS, 0) | TICKED[seen.state]


def _ratings(people: list[PlantedPerson]) -> Iterator[dict[str, Any]]:
    for person in people:
        for seen in person.examinations:
            rated = dict(zip(RATED, WRITTEN[seen.state], strict=False))
            yield _visit(person, seen, "UDSb4") | rated


def _visit(person: PlantedPerson, seen: Examination, form: str) -> dict[str, Any]:
    told = f"{person.participant_id}_{form}_d{seen.day:04d}"
    age = f"{person.age_on(seen.day):.2f}"
    return dict(zip(VISIT, (person.participant_id, told, seen.day, age), strict=True))

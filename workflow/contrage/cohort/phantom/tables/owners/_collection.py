"""The list of images that LONI's archive gives with a collection (ADNI, ICBM)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from contrage.cohort.phantom.tables.features import PlantedTable
from contrage.cohort.phantom.tables.people.planted import PlantedPerson, PlantedScan
from contrage.tables import write_csv

COLUMNS = [
    "Image Data ID",
    "Subject",
    "Group",
    "Sex",
    "Age",
    "Visit",
    "Modality",
    "Description",
    "Type",
    "Acq Date",
    "Format",
    "Downloaded",
]
FIRST = 99_999
"""Number of the first image: as text it comes after the second."""


def write(
    planted: PlantedTable,
    path: Path,
    group: Callable[[PlantedPerson], str],
    visit: Callable[[PlantedPerson, PlantedScan], str],
) -> None:
    """Write a row per image, the last one first: ages in whole years, dates as m/d/yyyy.

    The runs of a session follow the images' numbers.
    """
    scans = list(zip(planted.people, planted.scans, strict=True))
    twice = {(person.participant_id, scan.session) for person, scan in scans if scan.run > 1}
    scans.sort(key=lambda each: (each[0].participant_id, each[1].session) not in twice)
    rows = []
    for number, (person, scan) in enumerate(scans, FIRST):
        day = person.date(scan.day)
        cells = {
            "Image Data ID": f"I{number}",
            "Subject": person.participant_id,
            "Group": group(person),
            "Sex": person.sex,
            "Age": int(person.age_on(scan.day)),
            "Visit": visit(person, scan),
            "Modality": "MRI",
            "Description": "MP-RAGE",
            "Type": "Original",
            "Acq Date": f"{day.month}/{day.day:02d}/{day.year}",
            "Format": "DCM",
        }
        rows.append(cells)
    write_csv(path, COLUMNS, reversed(rows), quoted=True)

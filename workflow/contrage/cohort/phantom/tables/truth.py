"""What is planted in each scan: for tests and the row that predicts it, not for readers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from contrage.cohort.phantom.tables.features import PlantedTable
from contrage.settings.blocks.phantom_tables import PhantomTablesSettings
from contrage.tables import write_rows

COLUMNS = [
    "cohort",
    "participant_id",
    "session",
    "run",
    "part",
    "group",
    "site",
    "sex",
    "age",
    "years",
    "brain_age",
    "gap",
    "slope",
    "shift",
]
"""`gap` is the part's at the first scan, in years, `slope` its growth per year; `years` count from
the first scan, `shift` is what the site adds in apparent years. Ids are the owner's."""


def write(settings: PhantomTablesSettings, planted: Sequence[PlantedTable], path: Path) -> None:
    """Write the truth of all cohorts, one row per scan."""
    write_rows(path, COLUMNS, (row for table in planted for row in _rows(settings, table)))


def _rows(settings: PhantomTablesSettings, planted: PlantedTable) -> Iterator[dict[str, Any]]:
    ages = planted.brain_ages.tolist()
    for person, scan, brain_age in zip(planted.people, planted.scans, ages, strict=True):
        told = settings.parts[person.cohort][person.part]
        yield {
            "cohort": person.cohort,
            "participant_id": person.participant_id,
            "session": scan.session,
            "run": scan.run,
            "part": person.part,
            "group": person.group,
            "site": person.site,
            "sex": person.sex,
            "age": f"{person.age_on(scan.day):.6f}",
            "years": f"{person.years(scan):.6f}",
            "brain_age": f"{brain_age:.6f}",
            "gap": told.gap,
            "slope": told.slope,
            "shift": person.shift,
        }

"""HCP-Lifespan: the owners' table of people, with ages in months, and a time series per person."""

from __future__ import annotations

import math
from pathlib import Path

from contrage.cohort.owners.columns import KeptColumns, told
from contrage.cohort.owners.files import read_newest
from contrage.cohort.owners.labels import label_of
from contrage.cohort.owners.persons import Listed, cohort_of, files_by_label, stored
from contrage.cohort.scans import Cohort
from contrage.cohort.stored import StoredArrays
from contrage.participants.ages import age_as_told
from contrage.participants.described import sex_of
from contrage.settings.steps.cohort import CohortStep, WhereArrays
from contrage.tables import Table

COMES_AS, IMAGES = "arrays", ("series",)
SETTINGS = ("path", "on_bad_scan", "image", "hcp")
KEY, SEXES = "cohort.hcp", ("sex", "gender")
MONTHS, TOP = 12, 90.0
"""Years from which on ages are told as one number."""


def read(settings: CohortStep) -> Cohort:
    """Read who was scanned, and find the time series.

    Parameters
    ----------
    settings : CohortStep
        Of which it reads `path` (the folder), `hcp`, `image`, `on_bad_scan`, `columns`.

    Raises
    ------
    TableError
        If the table or a column is not there; with `on_bad_scan` fail if an age cannot be used or
        a person has no series.
    """
    notes: list[str] = []
    folder, asked = Path(settings.path), settings.hcp
    needed = (asked.participant, asked.age)
    table = read_newest(folder, asked.table, f"{KEY}.table", notes, known_by=needed)
    people = _people(table, settings)
    above = sum(bool(each.apart) for each in people)
    if above:
        notes.append(
            f"{above} people are left out whose ages are above {TOP:g} years, which the release "
            f"tells as one number ({KEY}.top_coded)"
        )
    return cohort_of(settings, people, _files(folder), table.path, [table.path], notes)


def _people(table: Table, settings: CohortStep) -> list[Listed]:
    asked = settings.hcp
    person = table.column(asked.participant, f"{KEY}.participant")
    age = table.column(asked.age, f"{KEY}.age")
    sex = next((found for name in SEXES if (found := table.find(name))), None)
    kept = KeptColumns(settings, (), (table,))
    lines = list(zip(table.numbers, table.rows, strict=True))
    if lines and " " in lines[0][1][person].strip():
        del lines[0]  # the second line of the archive's files explains the columns
    return [_person(cells, kept, settings, (person, age, sex), line) for line, cells in lines]


def _person(
    cells: dict[str, str],
    kept: KeptColumns,
    settings: CohortStep,
    names: tuple[str, str, str | None],
    line: int,
) -> Listed:
    person, age, sex = names
    years = age_as_told(cells[age]) / MONTHS
    above = years > TOP and settings.hcp.top_coded == "exclude"
    said = f"its age is told as {years:g} years, which stands for any above {TOP:g}"
    return Listed(
        label=label_of(cells[person].partition("_")[0]),
        columns=kept.of({}, (cells,)),
        line=line,
        age=None if math.isnan(years) else years,
        sex=sex_of(told(cells[sex]), {}, "sex") if sex else None,
        apart=said if above else "",
    )


def find(where: WhereArrays) -> StoredArrays:
    """Return where the time series lie, for the step `arrays`."""
    return stored(_files(Path(where.path)))


def _files(folder: Path) -> dict[str, list[Path]]:
    return files_by_label(folder, [".npy"])

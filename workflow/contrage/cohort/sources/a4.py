"""Amyloid PET of the A4 study: the owners' table of SUVR, and volumes prepared elsewhere.

The table has a row for each of eight regions of a person, of which one counts: the composite. What
is predicted is a column of it, as suvr_cer, whose reference is the cerebellum.
"""

from __future__ import annotations

from pathlib import Path

from contrage.cohort.array_files import OR
from contrage.cohort.owners.columns import KeptColumns
from contrage.cohort.owners.files import read_newest
from contrage.cohort.owners.labels import label_of
from contrage.cohort.owners.persons import Listed, check_target, cohort_of, files_by_label, stored
from contrage.cohort.scans import Cohort
from contrage.cohort.stored import StoredArrays
from contrage.errors import TableError, few
from contrage.settings.steps.cohort import CohortStep, WhereArrays
from contrage.tables import Table

COMES_AS, IMAGES = "arrays", ("pet",)
SETTINGS = ("path", "on_bad_scan", "image", "ending", "a4")
PERSON, REGION, KEY = "BID", "brain_region", "cohort.a4.table"


def read(settings: CohortStep) -> Cohort:
    """Read the table of SUVR, and find the volumes.

    Parameters
    ----------
    settings : CohortStep
        Of which it reads `path` (the folder), `a4`, `image`, `ending`, `on_bad_scan`, `columns`.

    Raises
    ------
    TableError
        If the table or a column is not there, or a person has two rows of the region that counts;
        with `on_bad_scan` fail if one has none, or no volume.
    SettingsError
        If age is asked for.
    """
    check_target(settings, "A4's table of SUVR", "suvr_cer", "SUVR")
    notes: list[str] = []
    folder = Path(settings.path)
    table = read_newest(folder, settings.a4.table, KEY, notes)
    people = _people(table, settings)
    return cohort_of(settings, people, _files(folder, settings.ending), table.path,
                     [table.path], notes)  # fmt: skip


def _people(table: Table, settings: CohortStep) -> list[Listed]:
    """Return everybody once, by the row of the region that counts."""
    person, region = table.column(PERSON, KEY), table.column(REGION, KEY)
    kept, wanted = KeptColumns(settings, (), (table,)), settings.a4.region
    _check_region(table, region, wanted)
    found: dict[str, Listed] = {}
    twice = []
    for line, cells in zip(table.numbers, table.rows, strict=True):
        label = label_of(cells[person])
        known = found.get(label)
        if cells[region] != wanted:
            lacks = f"{cells[person]} has no row {wanted} ({REGION})"
            found.setdefault(label, Listed(label, {}, line, reason=lacks))
        elif known is None or known.reason:
            found[label] = Listed(label, kept.of({}, (cells,)), line)
        else:
            twice.append(f"{cells[person]} (lines {known.line} and {line})")
    if twice:
        raise TableError(f"{table.path}: two rows {wanted} of one person: {few(twice)}; keep one")
    return list(found.values())


def _check_region(table: Table, column: str, wanted: str) -> None:
    """Refuse a region that nobody has."""
    there = sorted({cells[column] for cells in table.rows})
    if wanted not in there:
        raise TableError(
            f"{table.path}: no row has {wanted!r} in {column} (cohort.a4.region); there are "
            f"{few(there, most=8)}"
        )


def find(where: WhereArrays) -> StoredArrays:
    """Return where the volumes lie, for the step `arrays`."""
    return stored(_files(Path(where.path), where.ending))


def _files(folder: Path, ending: str) -> dict[str, list[Path]]:
    return files_by_label(folder, [each.removeprefix("pet") for each in ending.split(OR)])

"""ADNI as its owners hand it out: merged visits, diagnoses, the list of images of a collection.

Age at a scan is the age at entry and the time since; the diagnosis is that of the nearest visit; a
person's group follows from the whole follow-up. Images have been prepared by others: a table of
regions, or an array per scan (`sub-002S0295_ses-20110501_preproc-cat12vbm_desc-gm_T1w.npy`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from contrage.cohort.owners.adni_tables import (
    DIAGNOSES,
    MERGED,
    Entry,
    MergedVisits,
    check_people,
    merged_visits,
    visits_of_diagnoses,
    visits_of_merged,
)
from contrage.cohort.owners.collection import (
    SEX,
    Collection,
    ListedImage,
    listed,
    read_collection,
)
from contrage.cohort.owners.columns import KeptColumns
from contrage.cohort.owners.days import YEAR
from contrage.cohort.owners.files import read_newest
from contrage.cohort.owners.followed import COLUMNS, FollowUp, follow_up
from contrage.cohort.owners.joined import Session, joined
from contrage.cohort.owners.labels import sex
from contrage.cohort.owners.prepared import find
from contrage.cohort.owners.visits import ClinicVisit, near
from contrage.cohort.scans import Cohort
from contrage.settings.steps.cohort import CohortStep
from contrage.tables import Table

__all__ = ["ARRAYS", "COMES_AS", "SETTINGS", "find", "read"]
COMES_AS = "arrays"
ARRAYS = ("regions", "features_scale")
SETTINGS = ("path", "on_bad_scan", "image", "ending", "adni", *ARRAYS)
OWN = (*COLUMNS, "date")


def read(settings: CohortStep) -> Cohort:
    """Read the tables, and find the arrays that were made of the images.

    Parameters
    ----------
    settings : CohortStep
        Of which it reads `path` (the folder), `adni`, `regions`, `features_scale`, `image`,
        `ending`, `on_bad_scan`, `columns`.

    Raises
    ------
    TableError
        If a table or a column is not there; with `on_bad_scan` fail if an image cannot be joined
        with a person's age, or has no array.
    """
    folder, asked, notes = Path(settings.path), settings.adni, []
    merged = merged_visits(
        read_newest(folder, asked.merged, MERGED, notes), needs_diagnosis=not asked.diagnoses
    )
    key = "cohort.adni"
    collection = read_collection(folder, asked.collection, f"{key}.collection", notes)
    told = f"{key}.descriptions"
    images = listed(collection, asked.descriptions, told, asked.images, notes)
    visits, tables = _visits(folder, asked.diagnoses, merged, notes)
    scans: dict[str, list[int]] = {}
    for image in images:
        if image.day:
            scans.setdefault(image.subject, []).append(image.day.toordinal())
    followed = follow_up(visits, scans, asked.window_days, asked.conversion_months, notes)
    kept = KeptColumns(settings, OWN, (collection.table, merged.table))
    entries, rows = merged.entries(), merged.rows()
    check_people(merged, entries)
    sessions = [
        _session(image, collection, entries, followed, kept, rows.get(image.subject, []))
        for image in images
    ]
    read_from = [collection.table, merged.table, *tables]
    return joined(settings, sessions, collection.table.path, read_from, notes)


def _visits(
    folder: Path, pattern: str | None, merged: MergedVisits, notes: list[str]
) -> tuple[dict[str, list[ClinicVisit]], list[Table]]:
    """Return everybody's visits, and the table that they are read from beside the merged one."""
    if pattern is None:
        return visits_of_merged(merged, notes), []
    table = read_newest(folder, pattern, DIAGNOSES, notes)
    return visits_of_diagnoses(table, merged, notes), [table]


def _session(
    image: ListedImage,
    collection: Collection,
    entries: Mapping[str, Entry],
    followed: FollowUp,
    kept: KeptColumns,
    rows: list[tuple[int, Mapping[str, str]]],
) -> Session:
    entry = entries.get(image.subject)
    day = image.day.toordinal() if image.day else 0
    own = {
        "diagnosis": followed.diagnosis(image.subject, day),
        "group": followed.groups.get(image.subject),
        "date": image.written_day,
    }
    return Session(
        person=image.subject,
        session=image.session,
        age=_age(entry, day),
        sex=sex((entry.sex if entry else None) or collection.cell(image.cells, SEX)),
        site=entry.site if entry else None,
        columns=kept.of(own, (image.cells, near(rows, day, followed.window))),
        line=image.line,
        run=image.run,
        taken=image.name,
        others=image.others,
        reason=image.reason or _lacks(image.subject, entry),
        apart="" if image.reason else followed.apart(image.subject, day),
    )


def _age(entry: Entry | None, day: int) -> float | None:
    """Return the age on the day of a scan."""
    if entry is None or entry.age is None or entry.day is None:
        return None
    return entry.age + (day - entry.day.toordinal()) / YEAR


def _lacks(person: str, entry: Entry | None) -> str:
    """Return why a person's age at a scan is not known, empty where it is."""
    if entry is None:
        return f"{person} is not in the merged visits ({MERGED})"
    if entry.day is None:
        return f"{person} has no baseline visit with a date in the merged visits ({MERGED})"
    return "" if entry.age is not None else f"{person} has no AGE at the baseline visit ({MERGED})"

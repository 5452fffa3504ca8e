"""OASIS-3 as its owners hand it out: people, sessions by day since entry, clinicians' diagnoses.

Age at a scan is the age at entry and the days since; the diagnosis is that of the nearest form D1;
a person's group follows from the whole follow-up. Neither the ratings (CDR) nor the free text of
form B4 are a diagnosis. Images have been prepared by others: a table of regions, or an array per
scan (`sub-OAS30001_ses-d0129_run-01_preproc-cat12vbm_desc-gm_T1w.npy`).
"""

from __future__ import annotations

from pathlib import Path

from contrage.cohort.owners import oasis3_tables as tables_of
from contrage.cohort.owners.columns import KeptColumns, Row
from contrage.cohort.owners.days import YEAR
from contrage.cohort.owners.files import read_newest
from contrage.cohort.owners.followed import COLUMNS, FollowUp, follow_up
from contrage.cohort.owners.joined import Session, joined
from contrage.cohort.owners.labels import sex
from contrage.cohort.owners.oasis3_tables import Imaging, Person
from contrage.cohort.owners.prepared import find
from contrage.cohort.owners.visits import near
from contrage.cohort.scans import Cohort
from contrage.settings.steps.cohort import CohortStep

__all__ = ["ARRAYS", "COMES_AS", "SETTINGS", "find", "read"]
COMES_AS = "arrays"
ARRAYS = ("regions", "features_scale")
SETTINGS = ("path", "on_bad_scan", "image", "ending", "oasis3", *ARRAYS)
OWN = (*COLUMNS, "date", "day")


def read(settings: CohortStep) -> Cohort:
    """Read the tables, and find the arrays that were made of the images.

    Parameters
    ----------
    settings : CohortStep
        Of which it reads `path` (the folder), `oasis3`, `regions`, `features_scale`, `image`,
        `ending`, `on_bad_scan`, `columns`.

    Raises
    ------
    TableError
        If a table or a column is not there; with `on_bad_scan` fail if a session cannot be read or
        has no array.
    """
    folder, asked, notes = Path(settings.path), settings.oasis3, []
    demographics = read_newest(folder, asked.demographics, tables_of.PEOPLE, notes)
    listed = read_newest(folder, asked.sessions, tables_of.SESSIONS, notes)
    diagnosed = read_newest(folder, asked.diagnoses, tables_of.DIAGNOSES, notes)
    rated = asked.ratings and read_newest(folder, asked.ratings, tables_of.RATINGS, notes)
    people, images = tables_of.people(demographics), tables_of.imaging(listed, asked.site)
    scans: dict[str, list[int]] = {}
    for image in images:
        if image.day is not None:
            scans.setdefault(image.person, []).append(image.day)
    visits = tables_of.visits(diagnosed, notes)
    followed = follow_up(visits, scans, asked.window_days, asked.conversion_months, notes)
    tables = [listed, demographics, *([rated] if rated else [])]
    kept = KeptColumns(settings, OWN, tables)
    ratings = tables_of.ratings(rated) if rated else {}
    sessions = [
        _session(
            image,
            people.get(image.person),
            followed,
            kept,
            near(ratings.get(image.person, []), image.day or 0, asked.window_days),
        )
        for image in images
    ]
    return joined(settings, sessions, listed.path, [diagnosed, *tables], notes)


def _session(
    image: Imaging, person: Person | None, followed: FollowUp, kept: KeptColumns, rated: Row
) -> Session:
    day = image.day
    own = {
        "diagnosis": None if day is None else followed.diagnosis(image.person, day),
        "group": followed.groups.get(image.person),
        "date": None,
        "day": None if day is None else str(day),
    }
    age = None if person is None or person.age is None else person.age + (day or 0) / YEAR
    return Session(
        person=image.person,
        session=image.session,
        age=age,
        sex=sex(person.sex) if person else None,
        site=image.site,
        columns=kept.of(own, (image.cells, person.cells if person else None, rated)),
        line=image.line,
        run=None,
        reason=_lacks(image, person),
        apart="" if day is None else followed.apart(image.person, day),
    )


def _lacks(image: Imaging, person: Person | None) -> str:
    """Return why a session cannot be used, empty where it can."""
    if image.day is None:
        return (
            f"line {image.line}: session {image.label!r} is not like OAS30001_MR_d0129 "
            f"({tables_of.SESSIONS})"
        )
    if person is None:
        return f"{image.person} is not in the table of people ({tables_of.PEOPLE})"
    return (
        "" if person.age is not None else f"{image.person} has no AgeatEntry ({tables_of.PEOPLE})"
    )

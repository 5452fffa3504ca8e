"""A collection of healthy people of LONI's archive, such as ICBM: the list of its images.

There is no diagnosis, and ages are whole years. Images have been prepared by others: a table of
regions, or an array per scan (`sub-MNI0001_ses-19990430_preproc-cat12vbm_desc-gm_T1w.npy`).
"""

from __future__ import annotations

from pathlib import Path

from contrage.cohort.owners.collection import (
    AGE,
    SEX,
    Collection,
    ListedImage,
    listed,
    read_collection,
)
from contrage.cohort.owners.columns import KeptColumns
from contrage.cohort.owners.joined import Session, joined
from contrage.cohort.owners.labels import sex
from contrage.cohort.owners.prepared import find
from contrage.cohort.scans import Cohort
from contrage.settings.blocks.owners import LoniSettings
from contrage.settings.steps.cohort import CohortStep

__all__ = ["ARRAYS", "COMES_AS", "SETTINGS", "find", "read"]
COMES_AS = "arrays"
ARRAYS = ("regions", "features_scale")
SETTINGS = ("path", "on_bad_scan", "image", "ending", "loni", *ARRAYS)
OWN = ("diagnosis", "group", "date")


def read(settings: CohortStep) -> Cohort:
    """Read the list of images, and find the arrays that were made of them.

    Parameters
    ----------
    settings : CohortStep
        Of which it reads `path` (the folder), `loni`, `regions`, `features_scale`, `image`,
        `ending`, `on_bad_scan`, `columns`.

    Raises
    ------
    TableError
        If the list or a column is not there; with `on_bad_scan` fail if a line cannot be used or
        an image has no array.
    """
    folder, asked, notes = Path(settings.path), settings.loni, []
    collection = read_collection(folder, asked.collection, "cohort.loni.collection", notes)
    told = "cohort.loni.descriptions"
    images = listed(collection, asked.descriptions, told, asked.images, notes)
    kept = KeptColumns(settings, OWN, (collection.table,))
    sessions = [_session(image, collection, asked, kept) for image in images]
    if all(str(each.age).isdigit() for each in sessions if each.age is not None):
        notes.append(
            f"ages are whole years ({collection.table.path.name}): people are up to a year older"
        )
    return joined(settings, sessions, collection.table.path, [collection.table], notes)


def _session(
    image: ListedImage, collection: Collection, asked: LoniSettings, kept: KeptColumns
) -> Session:
    own = {
        "diagnosis": None,
        "group": asked.group,
        "date": image.written_day,
    }
    return Session(
        person=image.subject,
        session=image.session,
        age=collection.cell(image.cells, AGE),
        sex=sex(collection.cell(image.cells, SEX)),
        site=asked.site,
        columns=kept.of(own, (image.cells,)),
        line=image.line,
        run=image.run,
        taken=image.name,
        others=image.others,
        reason=image.reason,
    )

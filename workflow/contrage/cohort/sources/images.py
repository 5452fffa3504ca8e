"""X-rays of the hand as RSNA and RHPE hand them out; what is predicted is the bone age in months.

The column `split` says who is train, val (a part of the training people), test, or validation, whom
RSNA's challenge has besides.
"""

from __future__ import annotations

from pathlib import Path

from contrage.cohort.owners import rhpe, rsna
from contrage.cohort.owners.hands import BONEAGE, PICTURES
from contrage.cohort.owners.persons import check_target, cohort_of, files_by_label, stored
from contrage.cohort.scans import Cohort
from contrage.cohort.stored import Stored, StoredArrays
from contrage.errors import TableError
from contrage.settings.steps.cohort import CohortStep, WhereArrays

COMES_AS, IMAGES = "arrays", ("xray",)
ARRAYS = ("images",)
SETTINGS = ("path", "on_bad_scan", "image", "images")


def read(settings: CohortStep) -> Cohort:
    """Read the owner's tables, and find the pictures.

    Parameters
    ----------
    settings : CohortStep
        Of which it reads `path` (the folder), `images`, `image`, `on_bad_scan`, `columns`.

    Raises
    ------
    TableError
        If neither owner's tables are there, or those of both, or a table or column cannot be used;
        with `on_bad_scan` fail if a line cannot be used or a picture is not there.
    SettingsError
        If age is asked for.
    """
    check_target(settings, "an X-ray of the hand", BONEAGE, "months")
    folder, pattern = Path(settings.path), settings.images.training
    of_rsna, of_rhpe = rsna.is_there(folder, pattern), rhpe.is_there(folder)
    if of_rsna == of_rhpe:
        there = "both are there; give each a folder" if of_rsna else "neither is there"
        raise TableError(
            f"{folder}: RSNA's {pattern} (cohort.images.training) or RHPE's folder "
            f"{rhpe.ANNOTATIONS} must be below cohort.path, and {there}"
        )
    found = (rsna if of_rsna else rhpe).read(settings)
    told = found.tables[0] if len(found.tables) == 1 else folder
    return cohort_of(settings, found.people, found.files, told, found.tables, found.notes)


def find(where: WhereArrays) -> StoredArrays:
    """Return where the pictures lie and what of them is meant, for the step `arrays`."""
    folder = Path(where.path)
    if not rhpe.is_there(folder):
        return stored(files_by_label(folder, PICTURES))
    meant = rhpe.cuts(folder, where.images)
    files = {name: each.path for name, each in stored(rhpe.files(folder)).of_scan.items()}
    cuts = {f"sub-{label}": cut for label, cut in meant.items()}
    return StoredArrays({name: Stored(path, cut=cuts[name]) for name, path in files.items()}, [])

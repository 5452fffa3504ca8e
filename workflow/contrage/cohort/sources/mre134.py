"""The public MRE134 repository (Hiscox et al., 2020, Hum. Brain Mapp. 41:5282), as it is.

Its folder holds `MRE134_Demographics.xlsx` and `individual_stiffness_files/` with
`NNNStiffness_warped.nii.gz`: brain-only maps in MNI152 space at 2 mm, in Pa although the
documentation says kPa.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from contrage.cohort.scans import FILES, Cohort, Exclusion, Scan, age_limits, usable_rows
from contrage.cohort.unusable import why_unusable
from contrage.errors import TableError
from contrage.participants.ages import text_or_none
from contrage.participants.described import sex_of, unit_of_ages
from contrage.settings.steps.cohort import CohortStep

COMES_AS, HAS_COLUMNS = "scans", False
IMAGES = ("stiffness",)
SETTINGS = ("path", "on_bad_scan", "age_unit")
TABLE = "MRE134_Demographics.xlsx"
COLUMNS = {"SUBJECT ID": "number", "AGE": "age", "SEX": "sex", "ORIG STUDY": "site"}


def read(settings: CohortStep) -> Cohort:
    """Read the repository's table and find its maps.

    Parameters
    ----------
    settings : CohortStep
        Of which it reads `path` (the folder), `on_bad_scan` and `age_unit`.

    Raises
    ------
    TableError
        If the table or a column is not there, or a row cannot be used.
    """
    import pandas as pd

    folder = Path(settings.path)
    table = folder / TABLE
    if not table.is_file():
        raise TableError(f"{table}: no such file; cohort.path must be the MRE134 folder as cloned")
    frame = pd.read_excel(table, dtype=object).rename(columns=COLUMNS).dropna(how="all")
    missing = [column for column, name in COLUMNS.items() if name not in frame]
    if missing:
        raise TableError(f"{table}: no column {', '.join(missing)}")
    frame["participant_id"] = [_label(number, table) for number in frame["number"]]
    unit = unit_of_ages(settings.age_unit, {}, "AGE")
    people = frame.to_dict("records")
    bad, limits = settings.on_bad_scan, age_limits(settings)
    rows, excluded = usable_rows(people, table, bad, unit=unit, limits=limits)
    scans = []
    for row in rows:
        label = row["participant_id"].removeprefix("sub-")
        image = folder / "individual_stiffness_files" / f"{label}Stiffness_warped.nii.gz"
        if not os.path.lexists(image):
            excluded.append(Exclusion(row["scan_id"], "import", f"no image {image.name}"))
        elif reason := why_unusable(image):
            excluded.append(Exclusion(row["scan_id"], FILES, f"{image.name} {reason}"))
        else:
            scans.append(
                Scan(
                    participant_id=row["participant_id"],
                    age=row["age"],
                    sex=sex_of(text_or_none(row["sex"]), {}, "SEX"),
                    site=text_or_none(row["site"]),
                    images={"stiffness": str(image)},
                )
            )
    notes = [f"{unit.note}: {unit.source}"] if unit.note else []
    return Cohort(scans, excluded, [str(table)], notes)


def _label(number: object, table: Path) -> str:
    """Return the number of a participant as files have it: "007"."""
    text = text_or_none(number) or ""
    if not re.fullmatch(r"\d+(\.0)?", text):
        raise TableError(f"{table}: SUBJECT ID {text!r} is no whole number")
    return f"{int(float(text)):03d}"

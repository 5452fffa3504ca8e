"""The public MRE134 repository (Hiscox et al., 2020, Hum. Brain Mapp. 41:5282), as it is.

Its folder holds `MRE134_Demographics.xlsx` and `individual_stiffness_files/` with
`NNNStiffness_warped.nii.gz`: brain-only maps in MNI152 space at 2 mm, in Pa although the
documentation says kPa.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contrage.cohort.tables import Cohort, Exclusion, Scan, text_or_none, usable_rows
from contrage.errors import TableError

TABLE = "MRE134_Demographics.xlsx"
COLUMNS = {"SUBJECT ID": "number", "AGE": "age", "SEX": "sex", "ORIG STUDY": "site"}


def read(settings: dict[str, Any]) -> Cohort:
    """Read the repository's table and find its maps.

    Parameters
    ----------
    settings : dict
        `path` (the folder) and `on_bad_scan`.

    Raises
    ------
    TableError
        If the table or a column is not there, or a row cannot be used.
    """
    import pandas as pd

    folder = Path(settings["path"])
    table = folder / TABLE
    if not table.is_file():
        raise TableError(f"{table}: no such file; cohort.path must be the MRE134 folder as cloned")
    frame = pd.read_excel(table, dtype=object).rename(columns=COLUMNS)
    missing = [column for column, name in COLUMNS.items() if name not in frame]
    if missing:
        raise TableError(f"{table}: no column {', '.join(missing)}")
    frame["participant_id"] = [f"{int(number):03d}" for number in frame["number"]]
    rows, excluded = usable_rows(frame.to_dict("records"), table, settings["on_bad_scan"])
    scans = []
    for row in rows:
        label = row["participant_id"].removeprefix("sub-")
        image = folder / "individual_stiffness_files" / f"{label}Stiffness_warped.nii.gz"
        if not image.is_file():
            excluded.append(Exclusion(row["scan_id"], "import", f"no image {image.name}"))
            continue
        scans.append(
            Scan(
                participant_id=row["participant_id"],
                age=row["age"],
                sex=text_or_none(row["sex"]),
                site=text_or_none(row["site"]),
                stiffness=str(image),
            )
        )
    return Cohort(scans, excluded)

"""OpenBHB as its owners hand it out: a table of people and an array of each scan.

Some of them in the packing of the challenge as well: all kinds of data of a person in one row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from contrage.cohort.phantom.tables import recipe
from contrage.cohort.phantom.tables.features import SHARES, PlantedTable
from contrage.cohort.phantom.tables.people.openbhb import PARTS, SEEN, UNSEEN
from contrage.cohort.phantom.tables.people.planted import PlantedPerson
from contrage.files import atomic, write_array, write_json
from contrage.settings.blocks.phantom_tables import PhantomTablesSettings
from contrage.tables import write_rows

PEOPLE, RESOURCES, PACKED = "participants.tsv", "resource/resources.json", "challenge"
ARRAY = "{folder}/derivatives/sub-{person}/ses-1/sub-{person}_preproc-cat12vbm_desc-gm_ROI.npy"
FOLDERS = {"train": "train", "internal_test": "val", "external_test": "val"}
COLUMNS = [
    "participant_id",
    "study",
    "sex",
    "age",
    "site",
    "diagnosis",
    "tiv",
    "csfv",
    "gmv",
    "wmv",
    "magnetic_field_strength",
    "acquisition_setting",
    "siteXacq",
    "split",
]
SEX = {"F": "female", "M": "male"}
ROW, BEFORE = 3_659_572, 519_945 + 1_827_095 + 1_310_736
"""Values of a row of the challenge, and those before its 284 regions: VBM, quasi-raw, X-hemi."""


def write(settings: PhantomTablesSettings, planted: PlantedTable, folder: Path) -> None:
    """Write the cohort."""
    write_rows(folder / PEOPLE, COLUMNS, _people(planted))
    for person, _, _, values in planted.rows():
        told = {"folder": FOLDERS[person.part], "person": person.participant_id}
        write_array(folder / ARRAY.format(**told), (1, 1, len(values)), [values[None]])
    kind = {"shape": [-1, 1, recipe.FEATURES], "features": recipe.names(), "channels": ["GM"]}
    write_json(folder / RESOURCES, {"vbm_roi": kind})
    for part in PARTS if settings.packed else ():
        of = [k for k, person in enumerate(planted.people) if person.part == part]
        _pack(planted, of[: settings.packed], part, folder / PACKED)


def site_of(person: PlantedPerson) -> int:
    """Return the hospital: two acquisitions are of one, and the external ones of known hospitals.

    So it is in the real data, in part: sites are told apart by `siteXacq`.
    """
    site = int(person.site)
    return (site - (UNSEEN[0] - SEEN[0] if site in UNSEEN else 0) + 1) // 2


def _people(planted: PlantedTable) -> Iterator[dict[str, Any]]:
    for person, _, volume, _ in planted.rows():
        yield {
            "participant_id": person.participant_id,
            "study": 1 + site_of(person) % 3,
            "sex": SEX[person.sex],
            "age": person.age,
            "site": site_of(person),
            "diagnosis": "control",
            "tiv": f"{volume:.2f}",
            "csfv": f"{SHARES['CSF_Vol'] * volume:.2f}",
            "gmv": f"{SHARES['GM_Vol'] * volume:.2f}",
            "wmv": f"{SHARES['WM_Vol'] * volume:.2f}",
            "magnetic_field_strength": 3.0,
            "acquisition_setting": 1 + int(person.site) % 2,
            "siteXacq": person.site,
            "split": person.part,
        }


def _pack(planted: PlantedTable, of: Sequence[int], part: str, folder: Path) -> None:
    """Write some scans as the challenge does; all but the regions is a hole in the file."""
    rows = [
        {
            "participant_id": person.participant_id,
            "age": person.age,
            "site": person.site,
            "split": part,
        }
        for person in (planted.people[k] for k in of)
    ]
    write_rows(folder / f"{part}.tsv", ["participant_id", "age", "site", "split"], rows)
    with atomic(folder / f"{part}.npy") as temporary, temporary.open("wb") as stream:
        head = {"descr": "<f4", "fortran_order": False, "shape": (len(of), ROW)}
        np.lib.format.write_array_header_1_0(stream, head)
        start = stream.tell()
        for row, k in enumerate(of):
            stream.seek(start + 4 * (row * ROW + BEFORE))
            stream.write(planted.values[k].astype("<f4").data)
        stream.truncate(start + 4 * len(of) * ROW)

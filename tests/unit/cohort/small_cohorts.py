"""A few people of each owner, for the tests of the sources that read them."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from handed_out import NAMES, write, write_regions

from contrage.cohort.owners.oasis3_tables import CAUSES, FLAGS

ADNI_MERGED, ADNI_DIAGNOSES, ADNI_IMAGES = (
    "ADNIMERGE_01Jul2020.csv",
    "DXSUM_01Jul2020.csv",
    "T1_7_01_2020.csv",
)
ENTRY = date(2010, 3, 1)
ONE, OTHER = "002_S_0295", "011_S_0003"
HEALTHY, IMPAIRED = (1, "CN"), (2, "MCI")


def day(after: int, american: bool = False) -> str:
    found = ENTRY + timedelta(days=after)
    return f"{found.month}/{found.day}/{found.year}" if american else found.isoformat()


ADNI_VISITS = [(ONE, 0, "bl"), (ONE, 730, "m24"), (OTHER, 0, "bl"), (OTHER, 365, "m12")]
ADNI_SCANS = [
    ("I99999", ONE, -20),
    ("I100000", ONE, -20),
    ("I100003", ONE, 700),
    ("I100004", OTHER, 10),
    ("I100005", OTHER, 365 + 200),
]


def write_adni(folder: Path) -> None:
    """Two people: a healthy one, scanned twice on the first day, and an impaired one."""
    merged, told = [], []
    for person, after, code in ADNI_VISITS:
        number, word = HEALTHY if person == ONE else IMPAIRED
        sex, age = ("Male", 70.5) if person == ONE else ("Female", 81.2)
        merged.append([person[-4:], person, code, day(after), "002", age, sex, word, "yes"])
        told.append([person[-4:], person, code, day(after), number])
    write(
        folder / ADNI_MERGED,
        "RID|PTID|VISCODE|EXAMDATE|SITE|AGE|PTGENDER|DX|of no use",
        merged,
        end="\r\n",
        mark="\ufeff",
    )
    write(folder / ADNI_DIAGNOSES, "RID|PTID|VISCODE2|EXAMDATE|DIAGNOSIS", told)
    write(
        folder / ADNI_IMAGES,
        "Image Data ID|Subject|Sex|Age|Visit|Modality|Description|Acq Date",
        [
            [image, person, "M", 70, "1", "MRI", "MP-RAGE", day(after, american=True)]
            for image, person, after in reversed(ADNI_SCANS)
        ],
    )
    rows = [("sub-002S0295", day(-20), 1), ("sub-002S0295", day(-20), 2)]
    rows += [("sub-002S0295", day(700), 1), ("sub-011S0003", day(10), 1)]
    rows += [("sub-011S0003", day(565), 1)]
    write_regions(folder, [(who, when.replace("-", ""), run) for who, when, run in rows])


LONI_IMAGES = "ICBM_T1_7_01_2020.csv"
LONI_COLUMNS = "Image Data ID|Subject|Group|Sex|Age|Modality|Description|Acq Date|Format"
LONI_ROWS = [
    ["I100000", "MNI_0042", "Normal", "M", "33", "MRI", "MPRAGE", "3/05/1999", "DCM"],
    ["I99999", "MNI_0042", "Normal", "M", "33", "MRI", "MPRAGE", "3/05/1999", "DCM"],
    ["I100001", "MNI_0007", "Normal", "2", "58", "MRI", "MPRAGE", "12/31/2001", "DCM"],
]


def write_loni(folder: Path) -> None:
    """Two people, one of them with two images of one day, in a table whose ids lost their zeros."""
    write(folder / LONI_IMAGES, LONI_COLUMNS, LONI_ROWS, end="\r\n", mark="\ufeff")
    scans = [("MNI42", "19990305", 1), ("MNI42", "19990305", 2), ("MNI7", "20011231", 1)]
    write_regions(folder, scans)


OASIS_PEOPLE, OASIS_SESSIONS = "OASIS3_demographics.csv", "OASIS3_MR_json.csv"
OASIS_FORMS, OASIS_RATINGS = "OASIS3_UDSd1_diagnoses.csv", "OASIS3_UDSb4_cdr.csv"
OASIS_FLAGS = [*FLAGS, *CAUSES.values()]
OAS_ONE, OAS_OTHER, OAS_THIRD = "OAS30001", "OAS30002", "OAS30003"


def form(**ticked: object) -> list[object]:
    """Return the cells of a form D1, 0 where nothing is said."""
    return [ticked.get(name, 0) for name in OASIS_FLAGS]


def write_oasis3(folder: Path) -> None:
    """A healthy person, one with dementia and one with two states at once."""
    write(
        folder / OASIS_PEOPLE,
        "OASISID|AgeatEntry|GENDER|Race",
        [[OAS_ONE, "65.19", 1, "x"], [OAS_OTHER, "70.5", 2, "x"], [OAS_THIRD, "80", 2, "x"]],
        mark="\ufeff",
    )
    scanner = ["Siemens", "TrioTim", 3.0]
    write(
        folder / OASIS_SESSIONS,
        "subject_id|label|Manufacturer|ManufacturersModelName|MagneticFieldStrength",
        [
            [OAS_ONE, f"{OAS_ONE}_MR_d0129", *scanner],
            [OAS_ONE, f"{OAS_ONE}_MR_d0129", *scanner],
            [OAS_ONE, f"{OAS_ONE}_MR_d2430", "Siemens", "Biograph_mMR", 3.0],
            [OAS_OTHER, f"{OAS_OTHER}_MR_d0000", *scanner],
            [OAS_THIRD, f"{OAS_THIRD}_MR_d0010", *scanner],
        ],
        end="\r\n",
    )
    forms = [
        (OAS_ONE, 100, form(NORMCOG=1)),
        (OAS_ONE, 2600, form(NORMCOG=1)),
        (OAS_OTHER, 150, form(DEMENTED=1, PROBAD=1, PROBADIF=1)),
        (OAS_THIRD, 0, form(NORMCOG=1, MCIAMEM=1)),
    ]
    write(
        folder / OASIS_FORMS,
        "|".join(["OASISID", "OASIS_session_label", "days_to_visit", "age at visit", *OASIS_FLAGS]),
        [[person, f"{person}_UDSd1_d{day:04d}", day, 0, *told] for person, day, told in forms],
    )
    write(
        folder / OASIS_RATINGS,
        "OASISID|days_to_visit|MMSE|CDRTOT|dx1",
        [[OAS_ONE, 100, 29, 0, "AD dem cannot be primary"], [OAS_OTHER, 900, 20, 1, "AD Dementia"]],
    )
    scans = [
        (OAS_ONE, "d0129", 1),
        (OAS_ONE, "d0129", 2),
        (OAS_ONE, "d2430", 1),
        (OAS_OTHER, "d0000", 1),
    ]
    write_regions(folder, [*scans, (OAS_THIRD, "d0010", 1)])


BHB_COLUMNS = "participant_id|study|sex|age|site|diagnosis|tiv|siteXacq|split"
BHB_PEOPLE = [
    ["012345678901", 1, "male", 20.5, 1, "control", 1500, 7, "train"],
    ["112345678901", 1, "female", 41.25, 1, "control", 1250, 8, "train"],
    ["212345678901", 1, "female", 33, 2, "control", 1600, 7, "internal_test"],
    ["312345678901", 2, "male", 61, 1, "control", 1400, 101, "external_test"],
]
ROI = "preproc-cat12vbm_desc-gm_ROI.npy"


def write_openbhb(folder: Path) -> None:
    """Four people with regional volumes; the external one is of a hospital that others are of."""
    write(folder / "participants.tsv", BHB_COLUMNS, BHB_PEOPLE, end="\r\n", mark="\ufeff")
    for number, row in enumerate(BHB_PEOPLE):
        part = "train" if row[-1] == "train" else "val"
        path = folder / f"{part}/derivatives/sub-{row[0]}/ses-1/sub-{row[0]}_{ROI}"
        path.parent.mkdir(parents=True)
        np.save(path, (np.arange(284.0) + number)[None, None])
    resources = {"vbm_roi": {"shape": [-1, 1, 284], "features": NAMES, "channels": ["GM"]}}
    (folder / "resource").mkdir()
    (folder / "resource/resources.json").write_text(json.dumps(resources))

"""Region time series in HCP-Lifespan's layout: an array per person, and the archive's table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contrage.cohort.phantom.files.kinds._parts import of_person
from contrage.files import write_array
from contrage.tables import write_rows

SOURCE = "hcp"
PEOPLE = 160
TABLE, SERIES = "ndar_subject01.txt", "series"
COLUMNS = ["subjectkey", "src_subject_id", "interview_date", "interview_age", "sex"]
EXPLAINED = {
    "subjectkey": "The NDAR Global Unique Identifier (GUID) for research subject",
    "src_subject_id": "Subject ID how it's defined in lab/project",
    "interview_date": "Date on which the interview/genetic test/sampling/imaging was completed",
    "interview_age": "Age in months at the time of the interview/test/sampling/imaging.",
    "sex": "Sex of subject at birth",
}
"""The archive's second line."""
YOUNGEST, OLDEST = 36.0, 100.0
TOLD_TO = 90.0
"""Years above which ages are told as one number, 100 years."""
TOP_CODED = 1200
REGIONS, LENGTH = 20, 96
AT_YOUNGEST, PER_YEAR = 0.85, -0.006
"""Lag-1 correlation of a region at 36 years, and what a year adds."""
OWN = 0.03
"""SD of a person's lag-1 correlation."""
SHARED = 0.4
"""Part of a region's innovations that is all regions'."""


def write(seed: int, people: int, folder: Path) -> list[dict[str, Any]]:
    """Write series of 20 regions × 96 points and the table: months, of all above 90 years 1,200."""
    truth, rows = [], [EXPLAINED]
    for number in range(people):
        rng = of_person(seed, "hcp", number)
        name = f"HCA{6_000_030 + 17 * number}"
        years = float(rng.uniform(YOUNGEST, OLDEST))
        lag = AT_YOUNGEST + PER_YEAR * (years - YOUNGEST) + rng.normal(0, OWN)
        series = _series(rng, float(np.clip(lag, 0, 0.97)))
        write_array(folder / SERIES / f"{name}_V1_MR.npy", series.shape, series)
        sex = "FM"[int(rng.integers(2))]
        months = TOP_CODED if years > TOLD_TO else round(12 * years)
        told = {"subjectkey": f"NDAR_INV{number:08d}", "src_subject_id": name, "sex": sex}
        rows.append({**told, "interview_date": "09/15/2019", "interview_age": months})
        truth.append({"participant_id": name, "target": f"{years:.4f}", "lag_one": f"{lag:.6f}"})
    write_rows(folder / TABLE, COLUMNS, rows)
    return truth


def _series(rng: np.random.Generator, lag: float) -> NDArray[np.float64]:
    """Return autoregressive series (20, 96) of unit variance, which have a part in common."""
    common, own = rng.standard_normal((1, LENGTH)), rng.standard_normal((REGIONS, LENGTH))
    steps = np.sqrt(SHARED) * common + np.sqrt(1 - SHARED) * own
    found = np.empty_like(steps)
    found[:, 0] = steps[:, 0]
    for at in range(1, LENGTH):
        found[:, at] = lag * found[:, at - 1] + np.sqrt(1 - lag**2) * steps[:, at]
    return found

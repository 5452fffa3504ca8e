"""The factor of each test person, which the figure of continuity is drawn from."""

from __future__ import annotations

import pandas as pd

from contrage.evaluation.elements._factors import factors_of_rows
from contrage.evaluation.given import Given

TITLE = "Continuity of the features, by person"
NEEDS = ("predictions", "features", "splits", "scans")
SETTINGS = ("evaluations.lipschitz", "statistics")
COLUMNS = {}  # in the file alone
IN_FILE = ("row", "seed", "fold", "participant_id", "scan_id", "factor")


def evaluate(given: Given) -> pd.DataFrame:
    """Return the factors of all rows and seeds: row, seed, fold, participant_id, scan_id, factor.

    The factor is in the target's unit, and missing where the nearest neighbour is the same point.
    """
    parts = [own.people.assign(row=own.row) for own in factors_of_rows(given)]
    return pd.concat(parts, ignore_index=True)[list(IN_FILE)]

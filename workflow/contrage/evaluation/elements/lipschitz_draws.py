"""Continuity and accuracy beside a reference's in draws of the test people, for the figure."""

from __future__ import annotations

import pandas as pd

from contrage.evaluation.elements._factors import factors_of_rows, gaps_to_reference
from contrage.evaluation.given import Given

TITLE = "Continuity of the features, by draw"
NEEDS = ("predictions", "features", "splits", "scans")
SETTINGS = ("evaluations.lipschitz", "statistics")
COLUMNS = {}  # in the file alone
IN_FILE = ("row", "draw", "z", "r_gap")


def evaluate(given: Given) -> pd.DataFrame:
    """Return row, draw, z and r_gap (row minus reference; means over seeds) of every draw."""
    found = gaps_to_reference(given, list(factors_of_rows(given)))
    lines = [
        (row, draw, *pair) for row, (_, draws) in found.items() for draw, pair in enumerate(draws)
    ]
    return pd.DataFrame(lines, columns=list(IN_FILE))

"""Cosines of pairs after each epoch, as trainings write them."""

from __future__ import annotations

import pandas as pd

from contrage.errors import TableError
from contrage.evaluation.given import Given
from contrage.layout import Results, wildcards
from contrage.tables import read_tsv

COLUMNS = ("epoch", "positives", "negatives")


def logits_of(given: Given, row: str) -> pd.DataFrame:
    """Return the lines of all trainings of a row, with seed and fold.

    Raises
    ------
    TableError
        If a file lacks a column.
    """
    parts = []
    for file in given.logits.get(row, []):
        told, frame = wildcards(Results.logits, file), read_tsv(file)
        if lacking := [name for name in COLUMNS if name not in frame]:
            raise TableError(f"{file}: no column {', '.join(lacking)}; train the row again")
        parts.append(frame[list(COLUMNS)].assign(seed=int(told["seed"]), fold=int(told["fold"])))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()

"""Cosines of pairs after each epoch, which the figure is drawn from."""

from __future__ import annotations

import pandas as pd

from contrage.evaluation.elements._logits import logits_of
from contrage.evaluation.given import Given

TITLE = "Cosines of pairs, epoch by epoch"
NEEDS = ("logits",)
SETTINGS = ("evaluations.logits",)
COLUMNS = {}  # in the file alone
IN_FILE = ("row", "seed", "fold", "epoch", "positives", "negatives")


def evaluate(given: Given) -> pd.DataFrame:
    """Return row, seed, fold, epoch, positives and negatives of all trainings."""
    parts = [lines.assign(row=row) for row in given.rows if len(lines := logits_of(given, row))]
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(IN_FILE))
    return whole[list(IN_FILE)]

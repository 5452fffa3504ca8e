"""Whether positive pairs of a contrastive loss saturate, and what its hardest negatives do."""

from __future__ import annotations

from typing import Any

import pandas as pd

from contrage.evaluation.elements._logits import logits_of
from contrage.evaluation.given import Given
from contrage.evaluation.statistics.logits import saturation_epoch

TITLE = "Cosines of pairs over the epochs"
NEEDS = ("logits",)
SETTINGS = ("evaluations.logits",)
COLUMNS = {}  # the page has its table, see contrage.report.elements.told
NONE = "no cosines were noted of it: its loss predicts, or training.logits is null"
IN_FILE = ("row", "saturated", "epoch", "positives_first", "positives_last", "negatives_first")
IN_FILE += ("negatives_last", "n_epochs", "n_trainings", "note")


def evaluate(given: Given) -> pd.DataFrame:
    """Return what cosines of pairs of a fixed part of the training scans come to.

    Returns
    -------
    DataFrame
        With columns row, saturated (trainings whose positive pairs reach a mean cosine of .95),
        epoch (the median over these of the first that does), positives_first, positives_last (mean
        over trainings after the first and the last epoch), negatives_first, negatives_last (of the
        largest of negative pairs), n_epochs, n_trainings, note (why there are no numbers).
    """
    return pd.DataFrame([_line(given, row) for row in given.rows], columns=list(IN_FILE))


def _line(given: Given, row: str) -> dict[str, Any]:
    lines = logits_of(given, row)
    if not len(lines):
        return {"row": row, "n_trainings": 0, "note": NONE}
    each = [part.sort_values("epoch") for _, part in lines.groupby(["seed", "fold"])]
    found = [saturation_epoch(part["epoch"], part["positives"]) for part in each]
    reached = pd.Series([epoch for epoch in found if epoch is not None], dtype=float)
    ends = {
        f"{name}_{end}": sum(part[name].iloc[at] for part in each) / len(each)
        for name in ("positives", "negatives")
        for end, at in (("first", 0), ("last", -1))
    }
    told = {"row": row, "saturated": len(reached), "epoch": reached.median(), **ends}
    return {**told, "n_epochs": int(lines["epoch"].max()), "n_trainings": len(each), "note": None}

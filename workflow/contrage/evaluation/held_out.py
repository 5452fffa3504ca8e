"""People whom the models have not seen, each with one prediction: what intervals are made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from contrage.dataset.roles import LEARNED_FROM, REPORTED
from contrage.evaluation.predictions import PREDICTED, TRUE, of_role

RESIDUAL = "residual"
COLUMNS = ("participant_id", "site", TRUE, PREDICTED, RESIDUAL, "seen")


def held_out(
    frames: Sequence[pd.DataFrame], scans: pd.DataFrame, role: str = REPORTED
) -> pd.DataFrame:
    """Return a line per person of a role: the first scan, and what is predicted of it.

    Several seeds, and folds where several predict somebody, are averaged, as whoever predicts a new
    scan with all models does; that has all of them, and a little less error.

    Parameters
    ----------
    frames : sequence of DataFrame
        A row's predictions, one per seed (`contrage.evaluation.predictions.read`).
    scans : DataFrame
        The table of scans: scan_id, and age, which says which scan of a person is the first.
    role : str
        Test people by default; of external ones every fold predicts all.

    Returns
    -------
    DataFrame
        With columns participant_id (in their order), site (missing where none is told), target and
        predicted, residual (absolute), seen (whether the models, or some of them, had learned from
        people of that site).
    """
    lines = pd.concat([of_role(_with_seen(frame), role) for frame in frames], ignore_index=True)
    ages = pd.Series(pd.to_numeric(scans["age"], errors="coerce").array, scans["scan_id"])
    if not len(lines):
        return pd.DataFrame(columns=list(COLUMNS))
    lines["age"] = lines["scan_id"].map(ages)
    ordered = lines.sort_values(["participant_id", "age", "scan_id"], kind="stable")
    first = ordered.groupby("participant_id")["scan_id"].transform("first")
    people = ordered[ordered["scan_id"] == first].groupby("participant_id")
    found = people.agg(
        site=("site", "first"),
        **{TRUE: (TRUE, "first"), PREDICTED: (PREDICTED, "mean"), "seen": ("seen", "any")},
    ).reset_index()
    found[RESIDUAL] = (found[PREDICTED] - found[TRUE]).abs()
    return found[list(COLUMNS)]


def _with_seen(frame: pd.DataFrame) -> pd.DataFrame:
    """Add whether the model of a line's fold has learned from people of its site."""
    learned = frame[frame["split"] == LEARNED_FROM].dropna(subset="site")
    known = pd.MultiIndex.from_frame(learned[["fold", "site"]].drop_duplicates())
    asked = pd.MultiIndex.from_frame(frame[["fold", "site"]])
    return frame.assign(seen=np.asarray(asked.isin(known)) & frame["site"].notna())

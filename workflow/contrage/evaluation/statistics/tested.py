"""Who was tested: what tables of errors and of sides ask of predictions alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from contrage.dataset.roles import REPORTED
from contrage.errors import TableError


def check_same_scans(predictions: Mapping[str, Sequence[pd.DataFrame]]) -> None:
    """Raise `TableError` if rows were not tested on the same scans, seed by seed and fold by fold.

    Parameters
    ----------
    predictions : mapping of str to sequence of DataFrame
        Per row one predictions table per training seed, the seeds in the same order.
    """
    first, expected = "", None
    for name, frames in predictions.items():
        tests = [frame[frame["split"] == REPORTED] for frame in frames]
        found = [set(zip(test["scan_id"], test["fold"], strict=True)) for test in tests]
        if expected is not None and found != expected:
            raise TableError(f"'{name}' and '{first}' were tested on different scans or seeds")
        first, expected = first or name, found


def by_baseline(frames: Sequence[pd.DataFrame]) -> dict[str, list[pd.DataFrame]]:
    """Return baseline → its predictions of each seed, of tables with a column baseline."""
    names = dict.fromkeys(name for frame in frames for name in frame["baseline"])
    return {name: [frame[frame["baseline"] == name] for frame in frames] for name in names}

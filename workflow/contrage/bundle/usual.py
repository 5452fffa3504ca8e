"""What is usual in a cohort of the measures of quality."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from contrage.bundle.flags import WORSE
from contrage.tables import read_tsv

FEWEST = 100
"""Scans: the first and last of fewer are no percentiles, but a scan's own."""
ENDS = (1, 99)


def usual_quality(table: Path | None) -> dict[str, tuple[float, ...]]:
    """Return measure → its 1st and 99th percentile, of the scans that came through.

    Parameters
    ----------
    table : Path or None
        The cohort's table of quality; None where nothing was measured.
    """
    if table is None:
        return {}
    frame = read_tsv(table)
    frame = frame[frame["status"].isin(("ok", "flagged"))]
    found = {}
    for name in sorted({name for names in WORSE.values() for name in names}):
        values = frame[name].dropna().to_numpy(float) if name in frame else np.array([])
        if len(values) >= FEWEST:
            low, high = np.percentile(values, ENDS)
            found[name] = (float(low), float(high))
    return found

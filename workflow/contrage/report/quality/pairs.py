"""Scans under two ids that may be one person's: words, and their pictures side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from contrage.layout import Derivatives, of_scan
from contrage.report.quality.numbers import Called
from contrage.report.quality.pictures import jpeg_data
from contrage.report.text import missing, number

SHOWN = 20
"""Pairs whose pictures the page holds."""
DIGITS = 3


def pairs(
    table: pd.DataFrame, record: Mapping[str, Any], derivatives: Path, of: Called
) -> dict[str, Any]:
    """Return what the page prints of pairs of scans.

    Parameters
    ----------
    table : DataFrame
        The pairs, the most alike first (`contrage.dataset.same_person`).
    record : mapping
        The limit, and what lies around it.
    derivatives : Path
        The folder with pictures of all scans.
    of : Called
        What the page calls scans.
    """
    lines = [
        {
            "scan": of.names[line.scan_id],
            "other": of.names[line.other_scan_id]
            if missing(line.other_cohort)
            else of.of_other(line.other_scan_id),
            "cohort": "" if missing(line.other_cohort) else line.other_cohort,
            "correlation": number(line.correlation, DIGITS),
            "pictures": [
                _picture(derivatives, line.scan_id),
                _picture(_folder(derivatives, line.other_cohort), line.other_scan_id),
            ],
        }
        for line in table.head(SHOWN).itertuples()
    ]
    numbers = ("limit", "largest_below", "smallest_rescan", "median_rescan")
    told = {
        name: None if record[name] is None else number(record[name], DIGITS) for name in numbers
    }
    counts = {name: record[name] for name in ("n_scans", "n_pairs", "n_rescans", "before")}
    return {"lines": lines, "rest": record["n_pairs"] - len(lines), **told, **counts}


def _folder(derivatives: Path, cohort: Any) -> Path:
    """Return the derivatives of another cohort, which lie beside these; of none, these."""
    return derivatives if missing(cohort) else Path(derivatives).parent / cohort


def _picture(derivatives: Path, scan: str) -> str:
    return jpeg_data(derivatives / of_scan(Derivatives.picture, scan))

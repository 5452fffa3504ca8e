"""Scans that alone decide by what the voxels of all scans are divided."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

log = logging.getLogger(__name__)

MOST = 0.1
TIMES_EVEN = 3
"""An even share is 1 over the number of scans: below 30 of them, three of these count."""


def dominant(scans: Sequence[str], shares: Iterable[float]) -> list[dict[str, Any]]:
    """Return the scans that bring too much of the squares an SD is taken from.

    Parameters
    ----------
    scans : sequence of str
        scan_id of each scan whose voxels count.
    shares : iterable of float
        Of each, its part of the sum of squared deviations from the overall mean.

    Returns
    -------
    list of dict
        scan_id and share, the largest first: more than a tenth, and more than three times an even
        share.
    """
    limit = max(MOST, TIMES_EVEN / max(1, len(scans)))
    found = [
        {"scan_id": scan, "share": float(share)}
        for scan, share in zip(scans, shares, strict=True)
        if share > limit
    ]
    return sorted(found, key=lambda entry: -entry["share"])


def largest(folds: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Return scan_id → its largest share over folds of split files, the largest first."""
    found: dict[str, float] = {}
    for fold in folds:
        for entry in fold.get("dominant", []):
            scan, share = entry["scan_id"], entry["share"]
            found[scan] = max(share, found.get(scan, 0.0))
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def warn(folds: Iterable[Mapping[str, Any]]) -> None:
    """Log a line for each scan that dominates in some fold."""
    for scan, share in largest(folds).items():
        log.warning(
            "%s alone brings %.0f %% of the squares from which the SD of all voxels is taken, so "
            "the contrast of all other images shrinks; look at it, leave it out (cohort.exclude), "
            "or set dataset.normalisation to image",
            scan,
            100 * share,
        )

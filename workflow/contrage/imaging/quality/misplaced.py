"""Scans of which an image does not lie where it ought to: what is said of a place is of another.

Limits of quality point at scans to look at; these ones lie further out, where no placed scan is.
Measured on generated heads, real ones, and both spoiled in twenty ways (docs/preprocessing.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contrage.settings.blocks.quality import QualityLimits

ELSEWHERE = "an image lies elsewhere"
WHAT = {
    "correlation": "the anatomical image does not lie on the template",
    "overlap": "the brain does not lie on the template's",
    "map_agreement": "the map does not lie on its session's brain",
    "map_shift_mm": "the map does not lie on its session's brain",
    "map_degrees": "the map is turned against its session's brain",
}


def outer_limits(limits: QualityLimits) -> dict[str, float]:
    """Return the limits beyond which a scan is misplaced, min_ or max_ of a metric.

    Parameters
    ----------
    limits : QualityLimits

    Returns
    -------
    dict
        None nearer than the limit of its name that flags: where that one lies further out, it
        counts, and where it is null there is none.
    """
    found = {}
    for key, limit in sorted(vars(limits.misplaced).items()):
        flag = getattr(limits, key)
        if limit is None or flag is None:
            continue
        found[key] = min(limit, flag) if key.startswith("min_") else max(limit, flag)
    return found


def misplaced(record: Mapping[str, Any], limits: QualityLimits) -> list[str]:
    """Return a sentence for every image of a scan that lies elsewhere.

    A correlation counts whatever its sign: an image with the contrast of a T2 lies well where it
    is near -1, and one that lies elsewhere is near 0.

    Parameters
    ----------
    record : mapping
        The metrics of a scan that came through.
    limits : QualityLimits
    """
    reasons = []
    for key, limit in outer_limits(limits).items():
        kind, _, name = key.partition("_")
        value = record.get(name)
        if value is None:
            continue
        size = abs(value) if name == "correlation" else value
        if size < limit if kind == "min" else size > limit:
            side = "below" if kind == "min" else "above"
            reasons.append(f"{name} {value:.3f} is {side} {limit:g}: {WHAT.get(name, ELSEWHERE)}")
    return reasons

"""What each region, or feature, adds to what rows predict of test people."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from contrage.evaluation.given import Given
from contrage.evaluation.saliency.found import Found, OfMethod, read
from contrage.evaluation.statistics.saliency import (
    TOLERANCE,
    explained,
    incompleteness,
    intervals,
    shares,
)
from contrage.settings.blocks.statistics import StatisticsSettings
from contrage.settings.build import build

TITLE = "Where it looks"
NEEDS = ("attributions",)
SETTINGS = ("evaluations.saliency", "statistics")
COLUMNS = {}  # the page has its table, see contrage.report.elements.saliency_words
IN_FILE = ("row", "method", "rank", "region", "explained", "ci_low", "ci_high", "share", "signed")
IN_FILE += ("size", "planted", "off", "n_scans", "n_seeds", "note")


def evaluate(given: Given) -> pd.DataFrame:
    """Return a line for each row, method and region, those that explain most first.

    Returns
    -------
    DataFrame
        With columns row, method, rank, region ("elsewhere": what belongs to none), explained (part
        of the differences between predictions that comes from it; of integrated gradients all add
        up to 1), ci_low, ci_high (a bootstrap over people), share (of |what it adds|, mean over
        people), signed (mean of what one of its values adds, in the target's unit), size (part of
        the values in which people differ), planted (of a phantom's stiffness: the part lost in a
        year), off (how far sums are from f(image) − f(baseline), as a part of it; of integrated
        gradients), n_scans, n_seeds, note. A method that does not depend on what was learned has
        one line, with a note in place of regions.
    """
    drawn = build(StatisticsSettings, given.told["statistics"])
    lines: list[dict[str, Any]] = []
    for files in given.attributions.values():
        found = read(files[0])
        for name, method in found.methods.items():
            lines += _lines(found, name, method, drawn)
    return pd.DataFrame(lines, columns=list(IN_FILE))


def _lines(
    found: Found, name: str, method: OfMethod, drawn: StatisticsSettings
) -> list[dict[str, Any]]:
    seeds, scans, _ = method.contributions.shape
    head = {"row": found.row, "method": name, "n_scans": scans, "n_seeds": seeds}
    if not method.judged.shown:
        return [{**head, "note": method.judged.why}]
    told = _numbers(found, method, drawn)
    if name == "integrated_gradients":
        off = incompleteness(method.contributions, method.wanted)
        head["off"] = off
        if off > TOLERANCE:
            head["note"] = (
                f"its sums are off by {off:.0%}, of the {TOLERANCE:.0%} that are allowed: raise "
                "evaluations.saliency.steps"
            )
    # What is elsewhere is told where there is anything.
    used = np.flatnonzero(found.sizes > 0)
    ranked = used[np.argsort(-told["explained"][used], kind="stable")]
    return [
        {**head, "rank": rank, "region": found.regions[at]}
        | {key: float(values[at]) for key, values in told.items()}
        for rank, at in enumerate(ranked, start=1)
    ]


def _numbers(found: Found, method: OfMethod, drawn: StatisticsSettings) -> dict[str, np.ndarray]:
    """Return each region's numbers, those of one that nobody has NaN."""
    values, wanted = method.contributions, method.wanted
    low, high = intervals(values, wanted, drawn)
    with np.errstate(invalid="ignore", divide="ignore"):
        signed = np.nanmean(values, axis=(0, 1)) / found.sizes
    return {
        "explained": explained(values, wanted),
        "ci_low": low,
        "ci_high": high,
        "share": shares(values),
        "signed": signed,
        "size": found.sizes / found.sizes.sum(),
        "planted": found.planted,
    }

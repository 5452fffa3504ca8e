"""What of a scan lies outside a model's experience: a sentence each, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from contrage.bundle.distance import Reference
from contrage.bundle.facts import BundleFacts

RARE = 0.01
"""Share of held-out people: who lies farther from what was learned than all but these is told."""
UNLIKE = 10.0
"""Median z-score of values that no scan of this kind has: another unit, or another image."""
WORSE = {
    "below": (
        *("coverage", "overlap", "correlation", "scale", "signal", "map_agreement"),
        "map_smoothness",
    ),
    "above": (
        *("pose_degrees", "scale", "stretch", "air", "map_shift_mm", "map_degrees"),
        *("magnitude_shift_mm", "magnitude_degrees"),
    ),
}
"""On which side a quality measure is bad: on the other it is no reason to doubt."""


def of_values(scores: Sequence[np.ndarray], background: bool) -> str | None:
    """Return why values cannot be those of the kind that was learned from, if they cannot.

    Parameters
    ----------
    scores : sequence of ndarray
        The z-scored image of each member.
    background : bool
        Whether 0 is the place outside the image.
    """
    sizes = []
    for each in scores:
        inside = np.abs(each[each != 0])
        sizes.append(float(np.median(inside)) if inside.size else 0.0)
    usual = float(np.median(sizes))
    if not np.isfinite(usual) or usual > UNLIKE:
        return (
            f"its values lie {usual:.3g} standard deviations from those that were learned from: "
            "another unit, another sequence, or another image"
        )
    if background and not any(sizes):
        return "nothing of it lies where the model looks: it is empty"
    return None


def of_quality(record: Mapping[str, Any], usual: Mapping[str, Sequence[float]]) -> Iterator[str]:
    """Yield what quality measures say: limits that are missed, and what is rare in the cohort.

    Parameters
    ----------
    record : mapping
        Of the step `quality`; empty where there was none.
    usual : mapping
        Measure → its 1st and 99th percentile in the cohort.
    """
    for reason in record.get("flag_reason", ()):
        yield f"quality: {reason}"
    for name, (low, high) in usual.items():
        value = record.get(name)
        if value is None or isinstance(value, bool):
            continue
        for end, is_worse, word in ((low, value < low, "below"), (high, value > high, "above")):
            if is_worse and name in WORSE[word]:
                title = name.replace("_", " ")
                yield f"{title} {value:.3g} is {word} {end:.3g}, as in 1 of 100 scans of the cohort"


def of_distances(distances: Sequence[float], references: Sequence[Reference]) -> Iterator[str]:
    """Yield whether features lie where no features of held-out people do, for most members."""
    shares = [
        each.share_as_far(distance)
        for distance, each in zip(distances, references, strict=True)
        if len(each.distances)
    ]
    if shares and np.median(shares) < RARE:
        people = max(len(each.distances) for each in references)
        whom = f"99 of 100 of the {people}" if people >= 100 else f"all {people}"
        yield (
            "it does not look like what was learned from: for most of the networks its features "
            f"lie farther away than those of {whom} people who were tested"
        )


def of_target(facts: BundleFacts, known: float | None, predicted: float) -> Iterator[str]:
    """Yield whether the true target, or the predicted one, is outside what was learned."""
    low, high = facts.learned.low, facts.learned.high
    if low is None or high is None:
        return
    target = facts.target
    span = f"{low:g} to {target.told(f'{high:g}')}"
    if known is not None and not low <= known <= high:
        yield f"{target.word} {known:g} is outside {span}, the range that was learned from"
    if not low <= predicted <= high:
        yield f"what is predicted is outside {span}, the range that was learned from"

"""Whether the values of an image can be those of what it is said to be.

The limits were chosen on the 102 public MRE134 maps (what is not 0 spreads by 0.23 to 0.47 of its
median, no two neighbours agree, 170,000 values differ), on T1 heads, of which one has 249 different
values, and on the phantoms. What they refuse is no measurement; what may be one is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

SAMPLE = 200_000
MOST_LABELS = 300
LEAST_AGREEING = 0.7
"""Of neighbours in the object: in a label image more agree, in a T1 of 8 bits a tenth."""
LEAST_BACKGROUND = 0.2
NEARLY_ZERO = 1e-3
NARROW, NARROW_LOG, NARROWEST = 0.06, 0.045, 0.03
"""Spread about the median; a logarithm of stiffness has about 0.04, the maps have 0.23 and more."""
LOGARITHMS = ((3.0, 3.9), (6.9, 9.0))
"""Of 1 to 8 kPa in Pa: the decimal and the natural one."""
WIDE = {"stiffness": 0.65, "dampingratio": 1.0}
"""Of the maps of which much was seen; of another one no spread is doubted."""
TISSUE, EVEN = ((0.3, 20.0), (300.0, 20_000.0)), 0.7
"""Medians in kPa and in Pa, and a spread; noise spreads by 0.9 of its median and more."""
CLIPPED, MOSTLY_CLIPPED = 0.01, 0.5
NEARLY_ONE = 0.9
"""What a tenth of a probability is above, and no damping ratio, which is 0.1 to 0.4 in brains."""
LARGEST_DAMPING = 0.6


@dataclass
class Judgement:
    """What is wrong with an image's values, and what only looks so."""

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def judge(
    name: str,
    array: np.ndarray,
    limits: tuple[float, float] = (-np.inf, np.inf),
    title: str | None = None,
) -> Judgement:
    """Judge an image by its values.

    Parameters
    ----------
    name : str
        Of a map, or anatomical, magnitude or mask.
    array : ndarray of shape (X, Y, Z)
        In the unit of the file; NaN and infinite values are not looked at.
    limits : tuple of two floats
        Of a map, in the unit of the file: what lies beyond is not looked at where it would hide
        what the others are.
    title : str, optional
        What a map measures, in words; None of other images.
    """
    found = Judgement()
    finite = array[np.isfinite(array)]
    values = finite[finite != 0]
    if not values.size:
        return found  # others have better words for it
    if name == "mask":
        found.warnings += _no_mask(values)
        return found
    within = values[(values >= limits[0]) & (values <= limits[1])]
    steps: list[Callable[[], list[str]]] = [lambda: _labels(array, values)]
    if title is not None:
        steps += [lambda: _background(finite), lambda: _noise_around(values)]
        steps += [lambda: _clipped(within)] * bool(within.size)
    if name == "stiffness" and within.size:
        steps += [lambda: _fraction(within), lambda: _narrow(within)]
    if name == "dampingratio" and within.size:
        steps += [lambda: _probability(within)]
    for step in steps:
        if found.problems:
            return found  # the first says what it is
        found.problems += step()
    if not found.problems:
        found.warnings += _many_labels(array, values)
    if not found.problems and title is not None and within.size:
        found.warnings += _doubtful(within, name, title)
    return found


def spread(values: np.ndarray) -> tuple[float, float]:
    """Return the median, and the quartiles' distance as a standard deviation over the median."""
    low, median, high = np.percentile(_sample(values), [25, 50, 75])
    return float(median), float((high - low) / 1.349 / abs(median)) if median else np.inf


def _sample(values: np.ndarray) -> np.ndarray:
    return values[:: max(1, values.size // SAMPLE)]


def _labels(array: np.ndarray, values: np.ndarray) -> list[str]:
    """Say that there are few values and whole regions of each: a mask, a label image."""
    if len(np.unique(_sample(values))) > MOST_LABELS:
        return []
    different = np.unique(values)
    if len(different) == 1:
        return [
            f"is a mask, or was clipped: every voxel that is not 0 is {different[0]:g}; give the "
            "image itself"
        ]
    if len(different) > MOST_LABELS or agreeing(array) < LEAST_AGREEING:
        return []
    return [
        f"is a mask or a label image: what is not 0 has {len(different)} different values, in "
        "whole regions; give the image itself"
    ]


def _many_labels(array: np.ndarray, values: np.ndarray) -> list[str]:
    """Doubt whole numbers in whole regions, however many: a fine parcellation has a thousand."""
    sample = _sample(values)
    if not (sample == np.round(sample)).all() or agreeing(array) < LEAST_AGREEING:
        return []
    return [
        f"has {len(np.unique(values))} different whole numbers, in whole regions, as a label image "
        "has; is it the image itself?"
    ]


def agreeing(array: np.ndarray) -> float:
    """Return the share of neighbouring voxels, neither 0, that have the same value."""
    same = pairs = 0
    for axis in range(3):
        turned = np.moveaxis(array, axis, 0)
        here, next_to_it = turned[1:], turned[:-1]
        both = (here != 0) & (next_to_it != 0)
        same += int(((here == next_to_it) & both).sum())
        pairs += int(both.sum())
    return same / pairs if pairs else 0.0


def _background(finite: np.ndarray) -> list[str]:
    """Say that one value fills so much of the volume that it can only be the background."""
    found, counts = np.unique(_sample(finite), return_counts=True)
    commonest = found[counts.argmax()]
    share = float((finite == commonest).mean())
    if commonest == 0 or share <= LEAST_BACKGROUND:
        return []
    return [
        f"has a background of {commonest:g}, not 0 ({share:.0%} of its voxels); set it to 0, or it "
        "counts as tissue"
    ]


def _noise_around(values: np.ndarray) -> list[str]:
    """Say that the background is nearly 0 and not 0, as after an interpolation."""
    limit = NEARLY_ZERO * float(np.percentile(np.abs(_sample(values)), 99))
    small = values[np.abs(values) < limit]
    share = small.size / values.size
    if share <= LEAST_BACKGROUND or _is_tissue(small):
        return []
    return [
        f"has a background that is nearly 0 ({share:.0%} of its other voxels are below {limit:.1g}"
        "); set it to 0, or it counts as tissue"
    ]


def _is_tissue(values: np.ndarray) -> bool:
    """Tell a map that a few enormous values make look small from the noise around one."""
    median, about = spread(values)
    return any(low <= median <= high for low, high in TISSUE) and about <= EVEN


def _clipped(values: np.ndarray) -> list[str]:
    found, counts = np.unique(_sample(values), return_counts=True)
    commonest = found[counts.argmax()]
    share = float((values == commonest).mean())
    if share <= MOSTLY_CLIPPED:
        return []
    return [
        f"was clipped or filled: {share:.0%} of what is not 0 is {commonest:g}; give the image "
        "itself"
    ]


def _probability(values: np.ndarray) -> list[str]:
    """Say that nothing is above 1 and much is nearly 1, as in a probability of tissue."""
    if values.max() > 1.0 + 1e-6 or np.percentile(_sample(values), 90) < NEARLY_ONE:
        return []
    return [
        f"is no map of the damping ratio but like a probability: a tenth of it is above "
        f"{NEARLY_ONE:g} and nothing above 1"
    ]


def _fraction(values: np.ndarray) -> list[str]:
    """Say that nothing is above 1: a probability, or a map scaled to 1. No brain is so soft."""
    if values.max() > 1.0 + 1e-6:
        return []
    return [
        f"has wrong units, or is no stiffness: its largest value is {values.max():.4g}, as that of "
        "a probability or of a map scaled to 1; give the map in kPa or Pa"
    ]


def _narrow(values: np.ndarray) -> list[str]:
    """Say that values are too much alike for tissue: a logarithm, a filled region."""
    median, about = spread(values)
    logarithm = any(low <= median <= high for low, high in LOGARITHMS)
    if about >= (NARROW_LOG if logarithm else NARROWEST):
        return []
    return [
        f"has values too much alike for stiffness: they spread by {about:.1%} about a median of "
        f"{median:.4g}{', as logarithms do' if logarithm else ''}; give the map in kPa or Pa"
    ]


def _doubtful(values: np.ndarray, name: str, title: str) -> list[str]:
    """Return what a map may have and should not."""
    found = []
    for end, way in ((values.max(), ""), (values.min(), " from below")):
        share = float((values == end).mean())
        if share > CLIPPED:
            found.append(f"was clipped{way} at {end:g} ({share:.0%} of what is not 0)")
    median, about = spread(values)
    if name in WIDE and not NARROW <= about <= WIDE[name]:
        usual = ", where those of brains do by 25 to 50 %" if name == "stiffness" else ""
        found.append(
            f"has values that spread by {about:.0%} about their median{usual}; is it a map of the "
            f"{title}?"
        )
    if name == "dampingratio" and median > LARGEST_DAMPING:
        found.append(
            f"has a median of {median:.2g}, where brains have 0.1 to 0.4; is it a map of the "
            "damping ratio?"
        )
    if name == "dampingratio" and abs(values.max() - 1) < 1e-6:
        found.append("has a largest value of exactly 1, as a probability or a map scaled to 1 has")
    return found


def _no_mask(values: np.ndarray) -> list[str]:
    if values.max() <= 1 or len(np.unique(_sample(values))) <= MOST_LABELS:
        return []
    return [f"is given as a mask and has values up to {values.max():g}, as an image has"]

"""Maps of a cohort that disagree with the others: each may be right by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from statistics import median
from typing import Any, Self

from contrage import modalities

FEWEST = 5
FACTOR = 2.5
"""Between a map's median and the cohort's; whole brains of 18 to 88 years lie within 1.5."""
FAR = 3.5
"""Robust standard deviations; of the 102 MRE134 maps' medians and spreads none is beyond 3."""
LEAST_SD = {"median": 0.1, "spread": 0.15}
"""Of logarithms: what few maps happen to agree in is no measure. MRE134's are 0.06 and 0.11."""
SLOWER, SQUARE = 1.35, 0.2
Record = Mapping[str, Any]


def disagreements(records: Mapping[str, Record]) -> dict[str, str]:
    """Return what is doubtful about a scan's maps beside those of the others, scan_id → sentences.

    Parameters
    ----------
    records : mapping
        scan_id → record of `contrage.imaging.check`, of which `unit`, `unit_declared`,
        `median_kpa` and of each map `median` and `spread` are looked at. With a unit that is
        declared all maps have it.
    """
    usable = {scan: record for scan, record in records.items() if record.get("status") == "ok"}
    known = {scan: record for scan, record in usable.items() if record.get("unit")}
    found: dict[str, list[str]] = {}
    for scan, text in _other_unit(known).items():
        found.setdefault(scan, []).append(text)
    for name in modalities.maps():
        for scan, text in _unlike(name, usable).items():
            found.setdefault(scan, []).append(text)
    return {scan: "; ".join(texts) for scan, texts in found.items()}


def _other_unit(known: Mapping[str, Record]) -> dict[str, str]:
    """Name those that were read in another unit than most."""
    read: dict[str, list[str]] = {}
    for scan, record in known.items():
        if record.get("unit_declared", "auto") == "auto":
            read.setdefault(record["unit"], []).append(scan)
    if len(read) < 2:
        return {}
    most, fewest = sorted(read, key=lambda unit: len(read[unit]), reverse=True)
    middle = {unit: median(known[scan]["median_kpa"] for scan in read[unit]) for unit in read}
    return {
        scan: (
            f"the cohort's maps disagree about the unit: this one was read as {fewest} "
            f"({known[scan]['median_kpa']:.3g} kPa), {len(read[most])} others as {most} (median "
            f"{middle[most]:.3g} kPa); is it a map of the stiffness? If so set "
            "cohort.stiffness_unit"
        )
        for scan in read[fewest]
    }


@dataclass(frozen=True)
class Usual:
    """What is usual among a cohort's maps: the middle, and from where a logarithm is far off."""

    middle: float
    reach: float

    @classmethod
    def of(cls, values: list[float], least_sd: float) -> Self | None:
        """Describe values above 0; None where there are too few to say."""
        if len(values) < FEWEST:
            return None
        middle = median(values)
        sd = 1.4826 * median(abs(log(value / middle)) for value in values)
        return cls(middle, FAR * max(sd, least_sd))

    def away(self, value: float) -> float:
        """Return how far a value is, as a logarithm."""
        return abs(log(value / self.middle))


def _unlike(name: str, records: Mapping[str, Record]) -> dict[str, str]:
    """Name those of whose map median or spread is far from that of the cohort's others."""
    medians = _positive(name, "median", records)
    spreads = _positive(name, "spread", records)
    usual = Usual.of([*medians.values()], LEAST_SD["median"])
    wide = Usual.of([*spreads.values()], LEAST_SD["spread"])
    found = {}
    for scan, value in medians.items():
        text = _far_off(name, value, usual) or _odd_spread(name, spreads.get(scan), wide)
        if text:
            found[scan] = text
    return found


def _far_off(name: str, value: float, usual: Usual | None) -> str | None:
    if usual is None:
        return None
    away = usual.away(value)
    if name == "stiffness" and away <= log(FACTOR) and _is_root(value, usual.middle):
        return (
            f"its median is {value:.3g}, of which that of the cohort, {usual.middle:.3g} kPa, is "
            "about the square; is it a map of the wave speed (m/s)?"
        )
    if away <= min(log(FACTOR), usual.reach):
        return None
    kind = modalities.load(name)
    here, there = kind.written(value, 3), kind.written(usual.middle, 3)
    return (
        f"its median is {here}, that of the cohort {there}; is it a map of the {kind.title}, in "
        "the unit of the others?"
    )


def _odd_spread(name: str, value: float | None, usual: Usual | None) -> str | None:
    if usual is None or value is None or usual.away(value) <= usual.reach:
        return None
    title = modalities.load(name).title
    return (
        f"its values spread by {value:.0%} about their median, those of the cohort's maps by "
        f"{usual.middle:.0%}; is it a map of the {title}, made as the others were?"
    )


def _positive(name: str, what: str, records: Mapping[str, Record]) -> dict[str, float]:
    """Return the median or spread of a kind of map, scan_id → a value above 0."""
    found = {}
    for scan, record in records.items():
        value = ((record.get("inputs") or {}).get(name) or {}).get(what)
        if (name, what) == ("stiffness", "median"):
            value = record.get("median_kpa") if record.get("unit") else None
        if value is not None and value > 0:
            found[scan] = float(value)
    return found


def _is_root(value: float, middle: float) -> bool:
    """Tell a median in m/s: in tissue as dense as water its square is the stiffness in kPa."""
    return value * SLOWER < middle and abs(log(value**2 / middle)) < SQUARE

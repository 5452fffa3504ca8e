"""Maps of a cohort that disagree about their unit: each may be right by itself."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

FEWEST = 5
FACTOR = 2.5
"""Between a map's median and the cohort's; whole brains of 18 to 88 years lie within 1.5."""


def disagreements(records: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return what is doubtful about a map's unit beside the other maps, scan_id → a sentence.

    Parameters
    ----------
    records : mapping
        scan_id → record of `contrage.imaging.check`, of which `unit`, `unit_declared` and
        `median_kpa` are looked at. With a unit that is declared all maps have it.
    """
    known = {
        scan: record
        for scan, record in records.items()
        if record.get("status") == "ok" and record.get("unit")
    }
    return _other_unit(known) | _far_off(known)


def _other_unit(known: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
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


def _far_off(known: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Name those whose median is far from that of the cohort."""
    if len(known) < FEWEST:
        return {}
    middle = median(record["median_kpa"] for record in known.values())
    return {
        scan: (
            f"its median is {record['median_kpa']:.3g} kPa, that of the cohort {middle:.3g} kPa; "
            "is it a map of the stiffness, in the unit of the others?"
        )
        for scan, record in known.items()
        if not middle / FACTOR <= record["median_kpa"] <= middle * FACTOR
    }

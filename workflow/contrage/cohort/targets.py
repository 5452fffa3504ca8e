"""Scans without a target that can be used, where it is another than age."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from contrage.cohort.scans import Cohort, Exclusion, Scan
from contrage.errors import SettingsError, TableError, few
from contrage.tables import is_missing
from contrage.target import Target

SAME = 1e-9
"""What a correlation may lack of 1 where one column is another in a different unit."""


def other_target(settings: dict[str, Any]) -> Target | None:
    """Return the target that a cohort is read for, None where it is age."""
    return Target(**settings["target"]) if "target" in settings else None


def of_scan(scan: Scan, target: Target) -> float:
    """Return a scan's target as a number.

    Raises
    ------
    ValueError
        As `contrage.target.Target.value`.
    """
    return scan.age if target.is_age else target.value(scan.columns.get(target.column))


def with_target(cohort: Cohort, settings: dict[str, Any]) -> Cohort:
    """Leave out the scans without a target that can be used, or refuse them.

    Parameters
    ----------
    cohort : Cohort
        As a source has read it, the target's column among those that it keeps.
    settings : dict
        As `contrage.cohort.read.read_cohort` takes it.

    Raises
    ------
    TableError
        With `on_bad_scan` fail if there are such scans: all are named.
    SettingsError
        If no scan is on one of the sides of a binary target.
    """
    target = other_target(settings)
    if target is None:
        return cohort
    if target.is_binary:
        return _of_two_sides(cohort, target, settings)
    kept, lost = [], []
    for scan in cohort.scans:
        try:
            of_scan(scan, target)
            kept.append(scan)
        except ValueError as error:
            lost.append(Exclusion(scan.scan_id, "table", str(error)))
    if lost and settings["on_bad_scan"] == "fail":
        named = few([f"{each.scan_id}: {each.reason}" for each in lost], "; ")
        raise TableError(
            f"target.column: {settings['path']}: {named}. Mend the table, or set "
            "cohort.on_bad_scan to exclude"
        )
    return replace(cohort, scans=kept, excluded=[*cohort.excluded, *lost])


def _of_two_sides(cohort: Cohort, target: Target, settings: dict[str, Any]) -> Cohort:
    """Keep the scans on either side; all others have no part, which makes no row a bad one."""
    cells = [scan.columns.get(target.column) for scan in cohort.scans]
    numbers = [_number(target, cell) for cell in cells]
    for key, side, number in (("positive", target.positive, 1), ("negative", target.negative, 0)):
        if number not in numbers:
            there = few(sorted({str(cell) for cell in cells if not is_missing(cell)}))
            raise SettingsError(
                f"target.{key}: {settings['path']}: no scan has {str(side)!r} in the column "
                f"{target.column}; there are {there or 'no values'}"
            )
    kept, out = [], []
    for scan, cell, number in zip(cohort.scans, cells, numbers, strict=True):
        if math.isnan(number):
            said = "missing" if is_missing(cell) else cell
            reason = f"{target.column} is {said}, neither {target.positive} nor {target.negative}"
            out.append(Exclusion(scan.scan_id, "table", f"{reason}: no part (role none)"))
        else:
            kept.append(scan)
    notes = [_told_beside(target, len(out))] if out else []
    return replace(
        cohort, scans=kept, excluded=[*cohort.excluded, *out], notes=[*cohort.notes, *notes]
    )


def _told_beside(target: Target, number: int) -> str:
    have = "1 scan has" if number == 1 else f"{number} scans have"
    return (
        f"{have} neither {target.positive} nor {target.negative} in the column {target.column}, "
        "and so no part (role none)"
    )


def check_source(settings: dict[str, Any]) -> None:
    """Raise `SettingsError` for a source that tells nothing but age, sex and site."""
    target = other_target(settings)
    if target:
        raise SettingsError(
            f"target.column: {settings['source']} has no column {target.column!r}; set it to age"
        )


def check_leak(
    path: Path,
    target: Target,
    patterns: Sequence[str],
    features: Sequence[str],
    columns: tuple[Sequence[Sequence[float]], Sequence[str | None]],
    accept: Sequence[str],
) -> None:
    """Refuse to learn the target from itself.

    Parameters
    ----------
    path : Path
        The table, named in errors.
    target : Target
    patterns : sequence of str
        `cohort.table.features`.
    features : sequence of str
        The columns that are learned from; the target's own is none of them.
    columns : (values, cells)
        Of the features, a list per line, and of the target, a cell per line.
    accept : sequence of str
        Names or patterns of features that are kept all the same.

    Raises
    ------
    TableError
        If the target is asked for as a feature, or features are the target in another dress.
    """
    import numpy as np

    if target.column in patterns:
        raise TableError(
            f"target.column: {path}: {target.column} is among the features (cohort.table.features);"
            " take it out there"
        )
    values, cells = np.asarray(columns[0], dtype=float), columns[1]
    truth = np.array([_number(target, cell) for cell in cells])
    same = []
    for name, column in zip(features, values.T, strict=True):
        known = np.isfinite(truth) & np.isfinite(column)
        x, y = column[known], truth[known]
        if len(x) > 2 and np.ptp(x) > 0 and np.ptp(y) > 0:
            alike = abs(np.corrcoef(x, y)[0, 1]) > 1 - SAME
            if alike and not any(fnmatchcase(name, pattern) for pattern in accept):
                same.append(name)
    if same:
        raise TableError(
            f"target.column: {path}: {target.column} is among the features in another dress: "
            f"{few(same)}. Name the columns in cohort.table.leave_out, or, if they are none, in "
            "cohort.table.accept"
        )


def _number(target: Target, cell: str | None) -> float:
    try:
        return target.number(cell)
    except ValueError:
        return math.nan

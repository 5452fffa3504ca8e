"""Scans without a target that can be used; of several targets any is enough."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contrage.cohort.ages.alone import age_by_itself
from contrage.cohort.ages.pairs import age_by_pairs
from contrage.cohort.scans import Cohort, Exclusion, Scan, age_limits
from contrage.errors import SettingsError, TableError, few
from contrage.settings.steps.cohort import CohortStep
from contrage.tables import is_missing
from contrage.target import LimitedTarget

if TYPE_CHECKING:
    import numpy as np

SAME = 1e-9
"""What a correlation may lack of 1 where one column is another in a different unit."""


def of_scan(scan: Scan, target: LimitedTarget) -> float:
    """Return a scan's target as a number.

    Raises
    ------
    ValueError
        As `contrage.target.LimitedTarget.value`.
    """
    return scan.age if target.is_age else target.value(scan.columns.get(target.column))


def each_target(settings: CohortStep) -> list[CohortStep]:
    """Return what a cohort is asked for by experiments on each of its targets alone."""
    others = [replace(settings, **vars(each), also=()) for each in settings.also]
    return [replace(settings, also=()), *others]


def together(cohorts: Sequence[Cohort]) -> Cohort:
    """Return one cohort that was read once per target: who has any of the targets is in it.

    What each target leaves out is left out again by `for_target`, and by the step select.
    """
    found: dict[str, Scan] = {}
    for scan in (scan for each in cohorts for scan in each.scans):
        known = found.get(scan.scan_id)
        if known is None or (known.age is None and scan.age is not None):
            found[scan.scan_id] = scan
    lost: dict[str, dict[str, str]] = {}
    for out in (out for each in cohorts for out in each.excluded if out.scan_id not in found):
        lost.setdefault(out.scan_id, {}).setdefault(out.reason, out.stage)
    excluded = [
        Exclusion(name, next(iter(why.values())), "; ".join(why)) for name, why in lost.items()
    ]
    return Cohort(
        scans=list(found.values()),
        excluded=excluded,
        tables=_once(table for each in cohorts for table in each.tables),
        notes=_once(note for each in cohorts for note in each.notes),
        choices=_once(choice for each in cohorts for choice in each.choices),
    )


def _once(things: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for each in things:
        if each not in found:
            found.append(each)
    return found


def for_target(cohort: Cohort, target: LimitedTarget) -> Cohort:
    """Return a cohort of several targets as one of them alone sees it."""
    why = {scan.scan_id: why_without(target, _cell(scan, target)) for scan in cohort.scans}
    lost = [Exclusion(name, "table", reason) for name, reason in why.items() if reason]
    kept = [scan for scan in cohort.scans if not why[scan.scan_id]]
    return replace(cohort, scans=kept, excluded=[*cohort.excluded, *lost])


def why_without(target: LimitedTarget, cell: str | None) -> str | None:
    """Return why a cell of a table of scans is no target that can be used, None where it is one."""
    try:
        target.value(cell)
    except ValueError as error:
        return _no_side(target, cell) if target.is_binary else str(error)
    return None


def _cell(scan: Scan, target: LimitedTarget) -> str | None:
    told = scan.age if target.is_age else scan.columns.get(target.column)
    return None if told is None else str(told)


def _no_side(target: LimitedTarget, cell: str | None) -> str:
    said = "missing" if is_missing(cell) else cell
    sides = f"{target.positive} nor {target.negative}"
    return f"{target.column} is {said}, neither {sides}: no part (role none)"


def with_target(cohort: Cohort, settings: CohortStep) -> Cohort:
    """Leave out the scans without a target that can be used, or refuse them.

    Parameters
    ----------
    cohort : Cohort
        As a source has read it, the target's column among those that it keeps.
    settings : CohortStep

    Raises
    ------
    TableError
        With `on_bad_scan` fail if there are such scans: all are named.
    SettingsError
        If no scan is on one of the sides of a binary target.
    """
    target = settings.target
    if target is None:
        return _within(cohort, settings)
    if target.is_binary:
        return _of_two_sides(cohort, target, settings)
    kept, lost = [], []
    for scan in cohort.scans:
        try:
            of_scan(scan, target)
            kept.append(scan)
        except ValueError as error:
            lost.append(Exclusion(scan.scan_id, "table", str(error)))
    if lost and settings.on_bad_scan == "fail":
        named = few([f"{each.scan_id}: {each.reason}" for each in lost], "; ")
        raise TableError(
            f"target.column: {settings.path}: {named}. Mend the table, or set "
            "cohort.on_bad_scan to exclude"
        )
    return replace(cohort, scans=kept, excluded=[*cohort.excluded, *lost])


def _within(cohort: Cohort, settings: CohortStep) -> Cohort:
    """Refuse ages outside `target.range` that a source has not taken for those of bad rows."""
    low, high = age_limits(settings)
    outside = [
        each for each in cohort.scans if each.age is not None and not low <= each.age <= high
    ]
    if outside:
        named = few([f"{each.scan_id} ({each.age:g})" for each in outside])
        raise SettingsError(
            f"target.range: {settings.source} has ages outside {low:g}-{high:g} years: {named}; "
            "widen it"
        )
    return cohort


def _of_two_sides(cohort: Cohort, target: LimitedTarget, settings: CohortStep) -> Cohort:
    """Keep the scans on either side; all others have no part, which makes no row a bad one."""
    cells = [scan.columns.get(target.column) for scan in cohort.scans]
    numbers = [_number(target, cell) for cell in cells]
    for key, side, number in (("positive", target.positive, 1), ("negative", target.negative, 0)):
        if number not in numbers:
            there = few(sorted({str(cell) for cell in cells if not is_missing(cell)}))
            raise SettingsError(
                f"target.{key}: {settings.path}: no scan has {str(side)!r} in the column "
                f"{target.column}; there are {there or 'no values'}"
            )
    kept, out = [], []
    for scan, cell, number in zip(cohort.scans, cells, numbers, strict=True):
        if math.isnan(number):
            out.append(Exclusion(scan.scan_id, "table", _no_side(target, cell)))
        else:
            kept.append(scan)
    notes = [_told_beside(target, len(out))] if out else []
    return replace(
        cohort, scans=kept, excluded=[*cohort.excluded, *out], notes=[*cohort.notes, *notes]
    )


def _told_beside(target: LimitedTarget, number: int) -> str:
    have = "1 scan has" if number == 1 else f"{number} scans have"
    return (
        f"{have} neither {target.positive} nor {target.negative} in the column {target.column}, "
        "and so no part (role none)"
    )


def check_source(settings: CohortStep) -> None:
    """Raise `SettingsError` for a source that tells nothing but age, sex and site."""
    target = settings.target
    if target:
        raise SettingsError(
            f"target.column: {settings.source} has no column {target.column!r}; set it to age"
        )


def check_leak(
    path: Path,
    target: LimitedTarget,
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
    target : LimitedTarget
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
    seen = _in_another_dress(target, features, values, truth)
    same = [
        f"{features[at]} ({told})" if told else features[at]
        for at, told in sorted(seen.items())
        if not any(fnmatchcase(features[at], pattern) for pattern in accept)
    ]
    if same:
        raise TableError(
            f"target.column: {path}: {target.column} is among the features in another dress: "
            f"{few(same)}. Name the columns in cohort.table.leave_out, or, if they are none, in "
            "cohort.table.accept"
        )


def _in_another_dress(
    target: LimitedTarget, features: Sequence[str], values: np.ndarray, truth: np.ndarray
) -> dict[int, str]:
    """Return which columns are the target, number → by what it is seen; empty where it is plain."""
    import numpy as np

    word = target.column.replace("_", " ")
    nameless = [""] * len(features)  # a name that says age says nothing of another target
    seen = age_by_itself(nameless, values, truth, word)
    seen = {**age_by_pairs(features, values, truth, seen, word), **seen}
    for at, column in enumerate(values.T):
        known = np.isfinite(truth) & np.isfinite(column)
        x, y = column[known], truth[known]
        varies = len(x) > 2 and np.ptp(x) > 0 and np.ptp(y) > 0
        if varies and abs(np.corrcoef(x, y)[0, 1]) > 1 - SAME:
            seen[at] = ""
    return seen


def _number(target: LimitedTarget, cell: str | None) -> float:
    try:
        return target.value(cell)
    except ValueError:
        return math.nan

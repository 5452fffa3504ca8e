"""A table of region features: one row per scan, numbers in place of images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contrage.cohort.duplicates import KEEP, REFUSE, same_rows
from contrage.cohort.feature_table import FeatureTable, feature_values, open_table, people
from contrage.cohort.scans import Cohort, Scan, age_limits, participant_label, usable_rows
from contrage.cohort.suspicious import check_features
from contrage.cohort.targets import check_leak
from contrage.participants.ages import age_as_told
from contrage.participants.described import described, sex_of, unit_of_ages
from contrage.participants.match import check_ids
from contrage.scan_ids import scan_id
from contrage.settings.steps.cohort import CohortStep

COMES_AS, PATH = "table", "file"
SETTINGS = ("path", "on_bad_scan", "age_unit", "table", "duplicates")


def read(settings: CohortStep) -> Cohort:
    """Read who stands in a table of features, and see that the features can be used.

    Parameters
    ----------
    settings : CohortStep
        Of which it reads `path` (the file), `on_bad_scan`, `age_unit`, `columns`, and `table`:
        names of the columns
        participant, age, session, site and sex; `exclude` (column → values), `features` and
        `leave_out` (patterns), `missing`, `missing_values`, `accept`.

    Raises
    ------
    TableError
        If the file is no table, lacks a column, or a row or a feature cannot be used.
    """
    target = settings.target
    own = target.column if target else None
    asked = settings.columns, settings.asked_by
    table = open_table(Path(settings.path), settings.table, *asked, own)
    sidecar, files = described(table.path)
    unit = unit_of_ages(settings.age_unit, sidecar, table.names.age)
    told, values = people(table), feature_values(table)
    ages = [None if target else age_as_told(row["age"]) for row in told]
    everyone = len(table.lines) + len(table.excluded)
    accepted = table.names.accept
    check_features(table.path, table.features, values, ages, accept=accepted, rows=everyone)
    if target:
        cells = [row["columns"][target.column] for row in told]
        asked_for = table.names.features
        check_leak(table.path, target, asked_for, table.features, (values, cells), accepted)
    if settings.duplicates == REFUSE:
        check_ids(table.path, [row["participant_id"] for row in told])
    notes = [f"{unit.note}: {unit.source}"] if unit.note else []
    notes += _note_twins(table, told, values, settings.duplicates)
    bad, limits = settings.on_bad_scan, age_limits(settings)
    rows, excluded = usable_rows(
        told, table.path, bad, any_label=True, unit=unit, needs_age=not target, limits=limits
    )
    scans = [
        Scan(
            participant_id=row["participant_id"],
            age=row["age"],
            session=row["session"],
            sex=sex_of(row["sex"], sidecar, table.names.sex),
            site=row["site"],
            columns=row["columns"],
        )
        for row in rows
    ]
    tables = [str(table.path), *map(str, files)]
    return Cohort(scans, [*table.excluded, *excluded], tables, notes)


def _note_twins(
    table: FeatureTable, rows: list[dict[str, Any]], values: list[list[float]], duplicates: str
) -> list[str]:
    """Give rows that two participants have in common a `reason`, or return a line on each."""
    ids = [participant_label(row["participant_id"], table.path, True, row["line"]) for row in rows]
    names = [scan_id(person, row["session"]) for person, row in zip(ids, rows, strict=True)]
    twins = same_rows(names, values)
    if duplicates == KEEP:
        return [f"{name} {reason}" for name, reason in twins.items()]
    for name, row in zip(names, rows, strict=True):
        if name in twins:
            row["reason"] = twins[name]
    return []

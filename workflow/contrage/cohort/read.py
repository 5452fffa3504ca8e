"""One entry to all sources of a cohort."""

from __future__ import annotations

from pathlib import Path

from contrage.cohort import sources
from contrage.cohort.scans import Cohort
from contrage.cohort.targets import check_source, each_target, together, with_target
from contrage.errors import SettingsError, TableError
from contrage.settings.steps.cohort import CohortStep


def read_cohort(settings: CohortStep) -> Cohort:
    """List the scans of a cohort and what is left out.

    Parameters
    ----------
    settings : CohortStep

    Raises
    ------
    SettingsError
        If the folder or file is not there.
    TableError
        If a table cannot be used, or no scan is left.
    """
    if settings.also:
        return together([read_cohort(one) for one in each_target(settings)])
    name = settings.source
    source = sources.load(name)
    has_columns = getattr(source, "HAS_COLUMNS", True)
    if not has_columns:
        check_source(settings)
    if not has_columns and settings.columns:
        _refuse_columns(name, settings)
    _check_path(name, getattr(source, "PATH", "folder"), settings)
    cohort = with_target(source.read(settings), settings)
    if not cohort.scans:
        reasons = "; ".join(f"{e.scan_id}: {e.reason}" for e in cohort.excluded[:3])
        raise TableError(f"{settings.path}: no scan can be used ({reasons or 'empty table'})")
    return cohort


def _refuse_columns(source: str, settings: CohortStep) -> None:
    """Raise `SettingsError` for a source without further columns."""
    for column, key in settings.asked_by.items():
        raise SettingsError(
            f"{key}: {source} has no column {column!r}; it has no others than session, age, sex "
            "and site"
        )
    raise SettingsError(f"cohort.columns: {source} has no further columns to keep; set it to []")


def _check_path(source: str, wanted: str | None, settings: CohortStep) -> None:
    """Refuse a path that is no folder, or no file, where the source reads one."""
    if wanted == "folder" and not (settings.path and Path(settings.path).is_dir()):
        raise SettingsError(
            f"cohort.path: no folder {settings.path!r}; give the one that holds the "
            f'{source} data, for example --config \'cohort={{"path": "/data/study"}}\''
        )
    if wanted == "file" and not (settings.path and Path(settings.path).is_file()):
        raise SettingsError(
            f"cohort.path: no file {settings.path!r}; give the table of features, "
            'for example --config \'cohort={"path": "/data/features.csv"}\''
        )


def tables_of(settings: CohortStep, cohort: Cohort) -> list[str]:
    """Return the tables that a cohort's list of scans is made of, for the rule that writes it.

    Parameters
    ----------
    settings : CohortStep
    cohort : Cohort
        As `read_cohort` returned it.
    """
    source = sources.load(settings.source)
    return source.tables(settings) if hasattr(source, "tables") else cohort.tables

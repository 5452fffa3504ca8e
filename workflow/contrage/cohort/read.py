"""One entry to all sources of a cohort."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from contrage import modalities
from contrage.cohort import sources
from contrage.cohort.scans import OLDEST, YOUNGEST, Cohort
from contrage.cohort.targets import asked_by, check_source, with_target
from contrage.errors import SettingsError, TableError
from contrage.target import AGE, TAKEN

ALL = ("source", "columns")
OF_RESULTS = ("split", "fold", "baseline", "own_prediction", "score", "probability")
"""Columns that tables of results alone have: roles may be read from others of such a name."""


def settings_of(cohort: dict[str, Any], **of_run: Any) -> dict[str, Any]:
    """Return what decides who is in a cohort, and nothing that decides later steps alone.

    Parameters
    ----------
    cohort : dict
        The `cohort` part of the configuration.
    **of_run
        `target` (as `contrage.target.LimitedTarget` takes it), `asked_by` (of columns that roles
        are read from: column → the key that names it), `raw` (where the phantom lies),
        `needs_anatomical`, `needs_mask` and `needs_magnitude`.

    Returns
    -------
    dict
        As `read_cohort` takes it: with another value the table of scans is written anew, and all
        that is made of it. `ending` is that of prepared arrays of the kind `image`.
    """
    source = sources.load(cohort["source"])
    everything = {**cohort, **of_run}
    if "ending" in source.SETTINGS:
        everything["ending"] = modalities.load(cohort["image"]).ending
    chosen = {key: everything[key] for key in (*ALL, *source.SETTINGS)}
    for block, keys in getattr(source, "OF_BLOCK", {}).items():
        chosen[block] = {key: chosen[block][key] for key in keys}
    roles = of_run.get("asked_by", {})
    _check_columns(chosen["columns"], roles)
    if roles:
        chosen["asked_by"] = roles
    target = of_run.get("target", {"column": AGE})
    if target["column"] != AGE:  # of age nothing is asked that is not read in any case
        chosen["target"] = target
        chosen["columns"] = [*dict.fromkeys([*chosen["columns"], target["column"]])]
    elif "range" in target and list(target["range"] or ()) != [YOUNGEST, OLDEST]:
        chosen["age_range"] = target["range"]
    return chosen


def _check_columns(columns: Iterable[str], roles: Mapping[str, str]) -> None:
    """Refuse further columns of which the table of scans would have two, or lose one."""
    for name in columns:
        key = roles.get(name, "cohort.columns")
        free = OF_RESULTS if name in roles else ()
        if name in (AGE, *TAKEN) and name not in free:
            raise SettingsError(
                f"{key}: {name} is a column of the workflow's own tables; take it out, or rename "
                "yours"
            )


def read_cohort(settings: dict[str, Any]) -> Cohort:
    """List the scans of a cohort and what is left out.

    Parameters
    ----------
    settings : dict
        As `settings_of` returns it.

    Raises
    ------
    SettingsError
        If the folder or file is not there.
    TableError
        If a table cannot be used, or no scan is left.
    """
    name = settings["source"]
    source = sources.load(name)
    has_columns = getattr(source, "HAS_COLUMNS", True)
    if not has_columns:
        check_source(settings)
    if not has_columns and settings.get("columns"):
        _refuse_columns(name, settings)
    _check_path(name, getattr(source, "PATH", "folder"), settings)
    cohort = with_target(source.read(settings), settings)
    if not cohort.scans:
        reasons = "; ".join(f"{e.scan_id}: {e.reason}" for e in cohort.excluded[:3])
        raise TableError(f"{settings['path']}: no scan can be used ({reasons or 'empty table'})")
    return cohort


def _refuse_columns(source: str, settings: dict[str, Any]) -> None:
    """Raise `SettingsError` for a source without further columns."""
    for column, key in asked_by(settings).items():
        raise SettingsError(
            f"{key}: {source} has no column {column!r}; it has no others than session, age, sex "
            "and site"
        )
    raise SettingsError(f"cohort.columns: {source} has no further columns to keep; set it to []")


def _check_path(source: str, wanted: str | None, settings: dict[str, Any]) -> None:
    """Refuse a path that is no folder, or no file, where the source reads one."""
    if wanted == "folder" and not (settings["path"] and Path(settings["path"]).is_dir()):
        raise SettingsError(
            f"cohort.path: no folder {settings['path']!r}; give the one that holds the "
            f'{source} data, for example --config \'cohort={{"path": "/data/study"}}\''
        )
    if wanted == "file" and not (settings["path"] and Path(settings["path"]).is_file()):
        raise SettingsError(
            f"cohort.path: no file {settings['path']!r}; give the table of features, "
            'for example --config \'cohort={"path": "/data/features.csv"}\''
        )


def tables_of(settings: dict[str, Any], cohort: Cohort) -> list[str]:
    """Return the tables that a cohort's list of scans is made of, for the rule that writes it.

    Parameters
    ----------
    settings : dict
        As `settings_of` returns it.
    cohort : Cohort
        As `read_cohort` returned it.
    """
    source = sources.load(settings["source"])
    return source.tables(settings) if hasattr(source, "tables") else cohort.tables

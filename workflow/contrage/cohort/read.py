"""One entry to all sources of a cohort."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contrage import modalities
from contrage.cohort import sources
from contrage.cohort.scans import Cohort
from contrage.cohort.targets import check_source, with_target
from contrage.errors import SettingsError, TableError
from contrage.target import AGE

ALL = ("source", "columns")


def settings_of(cohort: dict[str, Any], **of_run: Any) -> dict[str, Any]:
    """Return what decides who is in a cohort, and nothing that decides later steps alone.

    Parameters
    ----------
    cohort : dict
        The `cohort` part of the configuration.
    **of_run
        `target` (the block of the configuration), `raw` (where the phantom lies),
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
    column = of_run["target"]["column"] if "target" in of_run else AGE
    if column != AGE:  # of age nothing is asked that is not read in any case
        chosen["target"] = of_run["target"]
        chosen["columns"] = [*dict.fromkeys([*chosen["columns"], column])]
    return chosen


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
        raise SettingsError(f"cohort.columns: {name} has no further columns to keep; set it to []")
    _check_path(name, getattr(source, "PATH", "folder"), settings)
    cohort = with_target(source.read(settings), settings)
    if not cohort.scans:
        reasons = "; ".join(f"{e.scan_id}: {e.reason}" for e in cohort.excluded[:3])
        raise TableError(f"{settings['path']}: no scan can be used ({reasons or 'empty table'})")
    return cohort


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

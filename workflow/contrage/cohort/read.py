"""One entry to all sources of a cohort."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contrage.cohort.scans import Cohort, Scan
from contrage.cohort.targets import check_source, with_target
from contrage.errors import SettingsError, TableError
from contrage.scan_ids import folder, scan_id
from contrage.target import AGE

ALL = ("source", "columns")
OF_SOURCE = {
    "phantom": ("phantom", "raw"),
    "table": ("path", "on_bad_scan", "age_unit", "table", "duplicates"),
    "mre134": ("path", "on_bad_scan", "age_unit"),
    "arrays": ("path", "on_bad_scan", "age_unit", "image"),
    "bids": (
        *("path", "on_bad_scan", "age_unit", "image", "maps", "anatomical", "entities"),
        *("needs_anatomical", "needs_mask", "needs_magnitude"),
    ),
}
OF_PHANTOM = ("participants", "seed")
"""Of its block: the rest decides how heads look, not who is there."""


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
        that is made of it.
    """
    everything = {**cohort, **of_run}
    chosen = {key: everything[key] for key in (*ALL, *OF_SOURCE[cohort["source"]])}
    column = of_run["target"]["column"] if "target" in of_run else AGE
    if column != AGE:  # of age nothing is asked that is not read in any case
        chosen["target"] = of_run["target"]
        chosen["columns"] = [*dict.fromkeys([*chosen["columns"], column])]
    if "phantom" in chosen:
        chosen["phantom"] = {key: chosen["phantom"][key] for key in OF_PHANTOM}
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
    source = settings["source"]
    check_source(settings)
    if settings.get("columns") and source in ("phantom", "mre134"):
        raise SettingsError(
            f"cohort.columns: {source} has no further columns to keep; set it to []"
        )
    if source == "phantom":
        cohort = Cohort(_phantom(settings))
    elif source == "table":
        cohort = _table(settings)
    else:
        if not settings["path"] or not Path(settings["path"]).is_dir():
            raise SettingsError(
                f"cohort.path: no folder {settings['path']!r}; give the one that holds the "
                f'{source} data, for example --config \'cohort={{"path": "/data/study"}}\''
            )
        if source == "mre134":
            from contrage.cohort.sources.mre134 import read
        elif source == "arrays":
            from contrage.cohort.sources.arrays import read
        else:
            from contrage.cohort.sources.bids import read
        cohort = read(settings)
    cohort = with_target(cohort, settings)
    if not cohort.scans:
        reasons = "; ".join(f"{e.scan_id}: {e.reason}" for e in cohort.excluded[:3])
        raise TableError(f"{settings['path']}: no scan can be used ({reasons or 'empty table'})")
    return cohort


def _table(settings: dict[str, Any]) -> Cohort:
    if not settings["path"] or not Path(settings["path"]).is_file():
        raise SettingsError(
            f"cohort.path: no file {settings['path']!r}; give the table of features, "
            'for example --config \'cohort={"path": "/data/features.csv"}\''
        )
    from contrage.cohort.sources.table import read

    return read(settings)


def _phantom(settings: dict[str, Any]) -> list[Scan]:
    from contrage.cohort.phantom.heads.plan import plan

    raw = Path(settings["raw"])
    truth = raw / "derivatives" / "truth"
    scans = []
    for person in plan(settings["phantom"]["participants"], settings["phantom"]["seed"]):
        scan = scan_id(person.participant_id, None)
        home = raw / folder(scan)
        scans.append(
            Scan(
                participant_id=person.participant_id,
                age=person.age,
                sex=person.sex,
                site=person.site,
                anatomical=str(home / "anat" / f"{scan}_T1w.nii.gz"),
                stiffness=str(home / "mre" / f"{scan}_stiffness.nii.gz"),
                mask=str(truth / folder(scan) / f"{scan}_desc-brain_mask.nii.gz"),
            )
        )
    return scans

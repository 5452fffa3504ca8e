"""Which scans an experiment uses, and why the others are left out."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from contrage.cohort.names import check_file, participant, quality_file
from contrage.errors import TableError
from contrage.files import failed, read_json, read_tsv, write_tsv

log = logging.getLogger(__name__)


def select(
    settings: dict[str, Any],
    *,
    scans: Path,
    excluded: Path,
    rows: Path,
    derivatives: Path,
    selected: Path,
    left_out: Path,
) -> None:
    """Write the scans of an experiment with their quality, and the full list of exclusions.

    Parameters
    ----------
    settings : dict
        `quality_action`: "list" or "exclude" the scans that fail a limit of quality; None for a
        table of features and for prepared arrays, which have no records of quality.
        `leave_out`: participant_id → reason.
    scans, excluded : Path
        The cohort's table, and what was left out of it before any image was read.
    rows : Path
        Which scan stands in which row of the array.
    derivatives : Path
        The folder with a record of quality per scan.
    selected : Path
        Output: scan_id, participant_id, session, age, sex, site, row, coverage, overlap,
        correlation, flagged, flag_reason (the last five only of images).
    left_out : Path
        Output: scan_id, participant_id, stage, reason.

    Raises
    ------
    TableError
        If no scan is left.
    """
    table = read_tsv(scans)
    row_of = read_tsv(rows).set_index("scan_id")["row"]
    kept, out = [], read_tsv(excluded).to_dict("records")
    unwanted = settings.get("leave_out", {})
    named = table["participant_id"].isin(list(unwanted))
    out += [
        _exclusion(name, "experiment", unwanted[participant(name)])
        for name in table.loc[named, "scan_id"]
    ]
    for record in table[~named].to_dict("records"):
        name = record["scan_id"]
        if settings["quality_action"] is None:
            if name in row_of.index:  # else among the excluded, with its reason
                kept.append({**record, "row": row_of[name]})
            continue
        quality = read_json(derivatives / quality_file(name))
        reason = failed(derivatives / quality_file(name))
        if reason is None and name in row_of.index:
            flags = "; ".join(quality["flag_reason"])
            if not (quality["flagged"] and settings["quality_action"] == "exclude"):
                kept.append(_row(record, row_of[name], quality, flags))
                continue
            stage, reason = "quality", flags
        else:
            stage = "check" if failed(derivatives / check_file(name)) else quality.get("stage")
        out.append(_exclusion(name, stage, reason or "not in the array"))
    if not kept:
        raise TableError(f"{left_out}: no scan is left; the reasons are listed there")
    columns = ["scan_id", "participant_id", "stage", "reason"]
    write_tsv(left_out, pd.DataFrame(out, columns=columns))
    write_tsv(selected, pd.DataFrame(kept))
    flagged = sum(row.get("flagged", False) for row in kept)
    log.info("%d scans used (%d of them flagged), %d left out", len(kept), flagged, len(out))
    for reason, count in Counter(unwanted[name] for name in table["participant_id"][named]).items():
        log.info("of these %d: %s", count, reason)


def _exclusion(scan: str, stage: str, reason: str) -> dict[str, Any]:
    return {
        "scan_id": scan,
        "participant_id": participant(scan),
        "stage": stage,
        "reason": reason,
    }


def _row(record: dict[str, Any], row: int, quality: dict[str, Any], flags: str) -> dict[str, Any]:
    measures = {name: quality.get(name) for name in ("coverage", "overlap", "correlation")}
    return {**record, "row": row, **measures, "flagged": quality["flagged"], "flag_reason": flags}

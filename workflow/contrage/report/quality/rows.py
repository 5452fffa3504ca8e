"""One row per scan: who it is, what was measured, what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from contrage.cohort.agreement import disagreements
from contrage.files import read_json
from contrage.layout import check_file, quality_file

FAILED = "failed"
STATUSES = ("misplaced", "flagged", FAILED, "ok")
WHO = ["scan_id", "participant_id", "session", "site", "age", "sex"]
JUDGED = ["status", "reason", "excluded"]
NOT_METRICS = ("status", "stage", "reason", "flagged", "flag_reason", "misplaced")


@dataclass(frozen=True)
class Metric:
    """How a metric of the quality record is shown: heading, explanation, digits."""

    label: str
    meaning: str = ""
    digits: int = 3


METRICS = {
    "coverage": Metric("coverage", "part of the template's brain in which the map has values"),
    "overlap": Metric("overlap", "Dice overlap of the brain mask with the template's brain"),
    "correlation": Metric("correlation", "of the image with the template, inside the brain"),
    "pose_degrees": Metric("rotation [°]", "of the head against the template", 1),
    "scale": Metric("scale", "of lengths, from the scan to the template"),
    "stretch": Metric("stretch", "largest over smallest scaling along the axes"),
    "signal": Metric("signal", "part of the brain in which the anatomical image is not dark"),
    "air": Metric("air", "intensity around the head over the brain's: ghosts"),
    "map_agreement": Metric("map overlap", "Dice of the map with its session's brain"),
    "map_shift_mm": Metric("map shift [mm]", "to where map and brain would agree best", 1),
    "map_degrees": Metric("map turn [°]", "to where map and brain would agree best", 1),
    "map_smoothness": Metric("smoothness", "correlation of neighbouring values of the map"),
    "magnitude_shift_mm": Metric("magnitude [mm]", "its shift to the anatomical image", 1),
    "magnitude_degrees": Metric("magnitude [°]", "its turn to the anatomical image", 1),
    "mask_dice": Metric("Dice, truth", "overlap of the brain mask with the phantom's true one"),
    "transform_error_mm": Metric("off by [mm]", "registration against the phantom's truth", 2),
    "coverage_error": Metric("coverage error", "measured minus true coverage of the phantom"),
    "bias_residual_sd": Metric("bias left", "what N4 left of the phantom's bias field (SD)"),
}


def metric(key: str) -> Metric:
    """Return how a metric is shown; one that is not known here has its key as heading."""
    return METRICS.get(key, Metric(key.replace("_", " ")))


def scan_rows(scans: pd.DataFrame, derivatives: Path, reader: Mapping[str, str]) -> pd.DataFrame:
    """Return the cohort's scans with their quality: misplaced, flagged, failed ones, then others.

    Parameters
    ----------
    scans : DataFrame
        The cohort's table: scan_id, participant_id, session, age, sex, site.
    derivatives : Path
        The folder with records of the first check and of quality per scan.
    reader : mapping of str to str
        scan_id → why the reader excludes it.

    Returns
    -------
    DataFrame
        `WHO`, `JUDGED` (status: ok, flagged, misplaced or failed; why; the reader's reason), then
        every number and truth value that any record holds, in the order in which they first occur.
    """
    lines, warned = [], doubts(scans["scan_id"], derivatives)
    for scan in scans.to_dict("records"):
        record = read_json(derivatives / quality_file(scan["scan_id"]))
        line = {key: scan.get(key) for key in WHO}
        line |= _judgement(record, warned.get(scan["scan_id"], []))
        line["excluded"] = reader.get(scan["scan_id"])
        lines.append(line | measured(record))
    table = pd.DataFrame(lines)
    rank = table["status"].map({status: place for place, status in enumerate(STATUSES)})
    order = pd.DataFrame({"rank": rank, "scan": table["scan_id"]}).sort_values(["rank", "scan"])
    metrics = [name for name in table if name not in (*WHO, *JUDGED)]
    table = table.loc[order.index, [*WHO, *JUDGED, *metrics]].reset_index(drop=True)
    return table.drop(columns=[name for name in metrics if table[name].isna().all()])


def doubts(scans: Iterable[str], derivatives: Path) -> dict[str, list[str]]:
    """Return what the first check did not refuse and found doubtful, of a scan or among scans."""
    files = {scan: derivatives / check_file(scan) for scan in scans}
    records = {scan: read_json(file) for scan, file in files.items() if file.is_file()}
    found = {scan: list(record.get("warnings", [])) for scan, record in records.items()}
    for scan, text in disagreements(records).items():
        found[scan].append(text)
    return found


def _judgement(record: dict[str, Any], warned: list[str]) -> dict[str, Any]:
    """Return status and reason; what was only doubtful stands with the reasons of a flag."""
    if record.get("status") == "failed":
        stage = record.get("stage")
        return {"status": "failed", "reason": f"{stage}: {record.get('reason')}"}
    elsewhere, flags = record.get("misplaced") or [], record.get("flag_reason") or []
    reason = "; ".join([*elsewhere, *flags, *warned]) or None
    status = "misplaced" if elsewhere else "flagged" if record.get("flagged") else "ok"
    return {"status": status, "reason": reason}


def measured(record: dict[str, Any], prefix: str = "") -> dict[str, float | bool | None]:
    """Return every number and truth value of a record; those of a nested one as "outer.inner"."""
    found: dict[str, float | bool | None] = {}
    for key, value in record.items():
        if not prefix and key in NOT_METRICS:
            continue
        if isinstance(value, dict):
            found |= measured(value, f"{prefix}{key}.")
        elif value is None or isinstance(value, bool | int | float):
            found[prefix + key] = value
    return found


def metric_names(table: pd.DataFrame) -> list[str]:
    """Return the columns of a table of `scan_rows` that are metrics."""
    return [name for name in table if name not in (*WHO, *JUDGED)]

"""Which scans an experiment uses, and why the others are left out."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd

from contrage.cohort.exclude import STAGE, read_exclusions, reason_told
from contrage.cohort.targets import why_without
from contrage.dataset.one_person import ids_in_experiment
from contrage.errors import TableError, few
from contrage.files import failed, read_json
from contrage.layout import check_file, quality_file
from contrage.scan_ids import participant
from contrage.settings.steps.dataset import SelectStep
from contrage.tables import read_tsv, write_tsv
from contrage.target import LimitedTarget

log = logging.getLogger(__name__)

MISPLACED = "an image does not lie where it ought to, so that its values mean nothing"


def select(
    settings: SelectStep,
    *,
    scans: Path,
    excluded: Path,
    rows: Path,
    derivatives: Path,
    selected: Path,
    left_out: Path,
    exclude: Path | None = None,
    same_person: Path | None = None,
    pretrained: Path | None = None,
) -> None:
    """Write the scans of an experiment with their quality, and the full list of exclusions.

    Parameters
    ----------
    settings : SelectStep
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
    exclude : Path, optional
        The reader's list of scans to leave out (`contrage.cohort.exclude`).
    same_person : Path, optional
        Pairs that may be one person (`contrage.dataset.same_person`), where something is done about
        them: who has another's id in `selected` keeps his or her own in scan_id.
    pretrained : Path, optional
        The scans of the pre-training, where its cohort was compared as well.

    Raises
    ------
    TableError
        If no scan is left, or the reader's list names one that the cohort does not have.
    LeakageError
        If two of those left may be one person, and the settings refuse that.
    """
    # As text: a label 01 of a further column is no number.
    table, before = read_tsv(scans, as_text=True), read_tsv(excluded)
    everyone = [*table["scan_id"], *before["scan_id"].dropna()]
    unwanted = _unwanted(table, settings.leave_out, exclude, everyone)
    unwanted |= _without_target(table, settings.target, unwanted)
    row_of = read_tsv(rows).set_index("scan_id")["row"]
    kept, out = [], [*before.to_dict("records"), *unwanted.values()]
    for record in table.to_dict("records"):
        name = record["scan_id"]
        if name in unwanted:
            continue
        if settings.quality_action is None:
            if name in row_of.index:  # else among the excluded, with its reason
                kept.append({**record, "row": row_of[name]})
            continue
        used = _judged(record, derivatives, row_of, settings.quality_action)
        (kept if "row" in used else out).append(used)
    if not kept:
        raise TableError(f"{left_out}: no scan is left; the reasons are listed there")
    if settings.same_person and same_person:
        _join(kept, same_person, settings.same_person, pretrained)
    columns = ["scan_id", "participant_id", "stage", "reason"]
    write_tsv(left_out, pd.DataFrame(out, columns=columns))
    write_tsv(selected, pd.DataFrame(kept))
    _tell_misplaced(out)
    flagged = sum(row.get("flagged", False) for row in kept)
    log.info("%d scans used (%d of them flagged), %d left out", len(kept), flagged, len(out))
    for reason, count in Counter(line["reason"] for line in unwanted.values()).items():
        log.info("of these %d: %s", count, reason)


def _join(kept: list[dict[str, Any]], pairs: Path, action: str, pretrained: Path | None) -> None:
    """Give those who are one person under two ids the first one's, in place."""
    people = [line["participant_id"] for line in kept]
    ids = ids_in_experiment(pairs, action, people, pretrained)
    others = sorted(person for person, own in ids.items() if own != person)
    for line in kept:
        line["participant_id"] = ids[line["participant_id"]]
    if others:
        log.warning("one person under two ids (cohort.same_person): %s", few(others))


def _unwanted(
    table: pd.DataFrame, people: dict[str, str], exclude: Path | None, everyone: list[str]
) -> dict[str, dict[str, Any]]:
    """Return who is left out whatever their quality: by the experiment, then by the reader."""
    by_reader = read_exclusions(exclude, everyone)
    found = {}
    for scan, person in zip(table["scan_id"], table["participant_id"], strict=True):
        if person in people:
            found[scan] = _exclusion(scan, "experiment", people[person])
        elif scan in by_reader:
            found[scan] = _exclusion(scan, STAGE, reason_told(by_reader[scan]))
    return found


def _without_target(
    table: pd.DataFrame, target: LimitedTarget | None, unwanted: Collection[str]
) -> dict[str, dict[str, Any]]:
    """Return who else is left out: scans that are in the cohort for another target alone."""
    if target is None:
        return {}
    cells = zip(table["scan_id"], table[target.column], strict=True)
    why = {scan: why_without(target, cell) for scan, cell in cells if scan not in unwanted}
    return {scan: _exclusion(scan, "table", reason) for scan, reason in why.items() if reason}


def _judged(
    record: dict[str, Any], derivatives: Path, row_of: pd.Series, action: str
) -> dict[str, Any]:
    """Return a scan's line among those used (it has a `row`), or among those left out."""
    name = record["scan_id"]
    quality = read_json(derivatives / quality_file(name))
    reason = failed(derivatives / quality_file(name))
    if reason is None and name in row_of.index:
        flags = "; ".join(quality["flag_reason"])
        if quality.get("misplaced") and action != "list":
            return _exclusion(name, "quality", f"{MISPLACED}: {'; '.join(quality['misplaced'])}")
        if quality["flagged"] and action == "exclude":
            return _exclusion(name, "quality", flags)
        return _row(record, row_of[name], quality, flags)
    stage = "check" if failed(derivatives / check_file(name)) else quality.get("stage")
    return _exclusion(name, stage, reason or "not in the array")


def _tell_misplaced(out: list[dict[str, Any]]) -> None:
    """Say how many scans are left out since an image of theirs lies elsewhere."""
    names = [line["scan_id"] for line in out if str(line["reason"]).startswith(MISPLACED)]
    if names:
        log.warning(
            "%d %s left out (%s): %s. Look at the quality page; preprocessing.quality.action: list "
            "keeps them",
            len(names),
            "scan is" if len(names) == 1 else "scans are",
            few(names),
            MISPLACED,
        )


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

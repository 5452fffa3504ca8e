"""The step that writes the cohort's table, before any image is read."""

from __future__ import annotations

import logging
from pathlib import Path

from contrage.cohort.read import read_cohort
from contrage.cohort.scans import FILES, Choice, Exclusion
from contrage.files import write_text
from contrage.scan_ids import participant
from contrage.settings.steps.cohort import CohortStep
from contrage.tables import write_rows, write_tsv

log = logging.getLogger(__name__)

COLUMNS = ["scan_id", "participant_id", "session", "age", "sex", "site"]


def register(
    settings: CohortStep,
    *,
    scans: Path,
    excluded: Path,
    choices: Path | None = None,
    notes: Path | None = None,
) -> None:
    """Write the scans of a cohort and what was left out.

    Parameters
    ----------
    settings : CohortStep
    scans : Path
        Output, one row per scan: scan_id, participant_id, session, age (years), sex, site, and
        the columns of `cohort.columns`.
    excluded : Path
        Output, one row per scan that is left out: scan_id, participant_id, stage, reason.
    choices : Path, optional
        Output, one row per image that was chosen among several: scan_id, image, taken, others.
    notes : Path, optional
        Output, what a reader of the tables should know: a line each, for the report.
    """
    import pandas as pd

    cohort = read_cohort(settings)
    rows = [
        {**{name: getattr(scan, name) for name in COLUMNS}, **scan.columns} for scan in cohort.scans
    ]
    columns = [*COLUMNS, *settings.columns]
    write_tsv(scans, pd.DataFrame(rows, columns=columns).sort_values("scan_id"))
    write_exclusions(excluded, cohort.excluded)
    if choices is not None:
        write_choices(choices, cohort.choices)
    if notes is not None:
        lines = [without_folder(note, settings) for note in cohort.notes]
        write_text(notes, "".join(f"{line}\n" for line in lines))
    for note in cohort.notes:
        log.warning("%s", note)
    for exclusion in cohort.excluded:
        if exclusion.stage == FILES:
            log.warning("%s: %s", exclusion.scan_id, exclusion.reason)
    without_image = sum(exclusion.stage == "import" for exclusion in cohort.excluded)
    log.info("%d scans, %d left out", len(cohort.scans), len(cohort.excluded))
    if without_image:
        log.warning("%d without a usable set of images or a row: see %s", without_image, excluded)


def without_folder(note: str, settings: CohortStep) -> str:
    """Return a note with paths as seen from the data, whose place is nobody's business."""
    folder = Path(settings.path or ".")
    base = folder if folder.is_dir() else folder.parent
    return note if str(base) == "." else note.replace(f"{base}/", "")


def write_choices(path: Path, choices: list[Choice]) -> None:
    """Write which images were chosen among several."""
    columns = ["scan_id", "image", "taken", "others"]
    rows = [{**vars(choice), "others": " ".join(choice.others)} for choice in choices]
    write_rows(path, columns, rows)


def write_exclusions(path: Path, exclusions: list[Exclusion]) -> None:
    """Write the table of what is left out, with its header even where it is empty."""
    import pandas as pd

    rows = [(e.scan_id, participant(e.scan_id), e.stage, e.reason) for e in exclusions]
    columns = ["scan_id", "participant_id", "stage", "reason"]
    write_tsv(path, pd.DataFrame(rows, columns=columns))

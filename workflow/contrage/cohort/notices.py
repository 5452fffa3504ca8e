"""What a run says of its cohort before the first job: nothing that was noticed is passed over."""

from __future__ import annotations

from pathlib import Path

from contrage.cohort.scans import FILES, Cohort
from contrage.errors import few
from contrage.run.left_behind import left_behind, message, told_in


def notices(cohort: Cohort, name: str, derivatives: Path | None = None) -> list[str]:
    """Return a line for each thing that a reader should know of a cohort.

    Parameters
    ----------
    cohort : Cohort
    name : str
        Of the cohort.
    derivatives : Path, optional
        Where what was made of its scans lies, if anything is made of single scans.
    """
    lines = [f"cohort {name}: {note}" for note in cohort.notes]
    closed = [f"{e.scan_id}: {e.reason}" for e in cohort.excluded if e.stage == FILES]
    if closed:
        what = "1 scan has" if len(closed) == 1 else f"{len(closed)} scans have"
        lines.append(f"cohort {name}: {what} files that cannot be used: {few(closed, '; ')}")
    absent = [f"{e.scan_id}: {e.reason}" for e in cohort.excluded if e.stage == "import"]
    if absent:
        what = "1 is" if len(absent) == 1 else f"{len(absent)} are"
        lines.append(f"cohort {name}: {what} left out for want of images or a row: "
                     f"{few(absent, '; ', most=3)}")  # fmt: skip
    if derivatives is not None:
        known = [scan.scan_id for scan in cohort.scans]
        known += [e.scan_id for e in cohort.excluded if e.stage != "import"]
        if gone := left_behind(derivatives, known):
            lines.append(f"cohort {name}: {message(derivatives, gone)}")
            if others := told_in(derivatives.parent.parent, gone):
                lines.append(
                    f"cohort {name}: tables of earlier runs have them until these run again: "
                    f"{few(others)}"
                )
    return lines

"""What the step that merges cohorts is asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MergeStep:
    """What the step merge is asked for.

    Attributes
    ----------
    members : tuple of str
        Names of the cohorts, in the order in which their files are given.
    same_ids : str
        What it means that a participant_id stands in two of them.
    columns : tuple of str
        Columns to keep beside age, sex and site, and beside `cohort`, which is always kept.
    on_bad_scan : str
        What to do with one array under two people of two cohorts: fail, or exclude.
    duplicates : str
        Whether that is one of two bad scans (refuse) or only named (keep).
    """

    members: tuple[str, ...]
    same_ids: str
    columns: tuple[str, ...]
    on_bad_scan: str
    duplicates: str

"""What was made of scans that are in the cohort no longer: named, and left to the user."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from pathlib import Path

from contrage.errors import few
from contrage.tables import read_table


def left_behind(derivatives: Path, scans: Iterable[str]) -> list[str]:
    """Return the folders of participants and sessions that no scan of the cohort belongs to.

    Parameters
    ----------
    derivatives : Path
        The cohort's derivatives.
    scans : iterable of str
        scan_id of all scans of the cohort, of those that are left out too: "sub-X" or
        "sub-X_ses-Y".

    Returns
    -------
    list of str
        "sub-X" or "sub-X/ses-Y".
    """
    sessions: dict[str, set[str]] = {}
    for scan in scans:
        person, _, session = scan.partition("_ses-")
        sessions.setdefault(person, set()).add(session and f"ses-{session}")
    gone = []
    for name in _folders(derivatives, "sub-"):
        if name not in sessions:
            gone.append(name)
        elif "" not in sessions[name]:
            there = _folders(derivatives / name, "ses-")
            gone += [f"{name}/{each}" for each in there if each not in sessions[name]]
    return gone


def told_in(results: Path, gone: list[str]) -> list[str]:
    """Return the experiments whose table of scans still has participants or sessions."""
    names = {name.replace("/ses-", "_ses-") for name in gone}
    found = []
    for table in sorted(results.glob("*/dataset/scans.tsv")):
        scans = (row["scan_id"] for row in read_table(table).rows)
        if any(scan in names or scan.partition("_ses-")[0] in names for scan in scans):
            found.append(table.parents[1].name)
    return found


def _folders(folder: Path, prefix: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(e.name for e in entries if e.name.startswith(prefix) and e.is_dir())
    except OSError:
        return []


def message(derivatives: Path, gone: list[str]) -> str:
    """Return who is gone and the command that deletes what was made of them."""
    root = shlex.quote(str(derivatives))
    roots = [root, f"{root}/logs/*", f"{root}/benchmarks/*"]
    files = " ".join(f"{place}/{shlex.quote(name)}" for name in gone for place in roots)
    are = "is" if len(gone) == 1 else "are"
    return (
        f"{few(gone)} {are} in the cohort no longer and will be in no table, array, split or page "
        f"of this run. What was made of the scans is left; to delete it: rm -rf {files}"
    )

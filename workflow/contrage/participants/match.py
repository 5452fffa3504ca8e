"""Labels that a spreadsheet has written otherwise than the folders: without zeros, in capitals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from contrage.errors import TableError, few
from contrage.scan_ids import bare


def match(
    told: Iterable[str], there: Iterable[str], table: Path, prefix: str = "sub-"
) -> dict[str, str]:
    """Return which label of the folders each of a table's labels means.

    A label that is there means itself. One that is not means the one that differs from it by zeros
    before a number or by capitals alone, if there is one only, which no other label means.

    Parameters
    ----------
    told : iterable of str
        The table's labels, without prefix.
    there : iterable of str
        Labels of folders or files, without prefix.
    table : Path
        Named in the error.
    prefix : str
        Of the names in the error: "sub-" or "ses-".

    Returns
    -------
    dict of str to str
        For labels whose meaning was found; one that has no like is not in it.

    Raises
    ------
    TableError
        If it cannot be told which is meant: both sides are named.
    """
    labels, folders = list(dict.fromkeys(told)), set(there)
    alike: dict[str, list[str]] = defaultdict(list)
    for name in sorted(folders):
        alike[bare(name)].append(name)
    meant = {label: label for label in labels if label in folders}
    lost = [label for label in labels if label not in folders and alike[bare(label)]]
    claims: dict[str, list[str]] = defaultdict(list)
    for label in labels:
        claims[bare(label)].append(label)
    unclear = [one for one in lost if len(alike[bare(one)]) > 1 or len(claims[bare(one)]) > 1]
    if unclear:
        key = bare(unclear[0])
        names = [f"{prefix}{name}" for name in alike[key]]
        raise TableError(
            f"{table}: {few(claims[key])} there, {few(names)} in the folder: which of them are "
            "the same? Write them alike, zeros and capitals too"
        )
    return meant | {label: alike[bare(label)][0] for label in lost}


OTHERWISE = "labels that differ by zeros or capitals from the folders were matched"


def told_otherwise(meant: dict[str, str], table: Path, prefix: str = "sub-") -> str | None:
    """Return which labels were matched though they differ, None where all stand as they are."""
    pairs = [f"{told} is {prefix}{there}" for told, there in meant.items() if told != there]
    if not pairs:
        return None
    return f"{table}: {few(pairs)}"


def check_ids(table: Path, ids: Iterable[str]) -> None:
    """Ask where two ids of a table differ by zeros or capitals alone: one person would be two.

    Raises
    ------
    TableError
        All such ids are named.
    """
    alike: dict[str, dict[str, None]] = defaultdict(dict)
    for name in (each.removeprefix("sub-") for each in ids):
        alike[bare(name)][name] = None
    several = [few(list(names)) for names in alike.values() if len(names) > 1]
    if several:
        raise TableError(
            f"{table}: ids that differ by zeros or capitals alone: {few(several, '; ')}. Write one "
            "person's alike, or set cohort.duplicates to keep where they are several people's"
        )

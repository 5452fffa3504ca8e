"""One scan under two ids: whoever it is, it would be learned from and tested on.

A split by participant cannot see it; equal voxels, or equal rows of a table, can be seen.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from contrage import modalities
from contrage.errors import few
from contrage.scan_ids import participant

if TYPE_CHECKING:
    import numpy as np

FEWEST_FEATURES = 3
SHOWN = 5
"""Names of others that a reason gives."""
CHANCE = 1e-3
"""Pairs of rows that would agree by chance, in the whole table: scores of few steps often do."""
ADVICE = "one person under two ids, or a file copied twice; keep one, or give both the same id"
REFUSE, KEEP = "refuse", "keep"
"""What is to be done with them (`cohort.duplicates`)."""


def same_file(records: Mapping[str, Mapping[str, Any]], image: str) -> dict[str, str]:
    """Return the scans of which another person has the same image, scan_id → reason.

    Parameters
    ----------
    records : mapping
        scan_id → record of `contrage.imaging.check`.
    image : str
        The one that is learned from, as `cohort.image` names it.
    """
    return _between_people(_groups(_digests(records, image)), f"the same {image} image")


def same_sessions(records: Mapping[str, Mapping[str, Any]], image: str) -> list[str]:
    """Return a sentence for each person of whom several sessions have the same image."""
    return _within_people(_groups(_digests(records, image)), f"the same {image} image")


def same_rows(
    scans: Sequence[str], values: Sequence[Sequence[float]] | np.ndarray
) -> dict[str, str]:
    """Return the rows of a table that another person has with equal features, scan_id → reason.

    Parameters
    ----------
    scans : sequence of str
        scan_id of each row.
    values : array-like of shape (rows, features)
        NaN where one is missing. Three features that vary must be known and the agreement must be
        none of chance: of scores with few steps many people have the same.
    """
    import numpy as np

    table = np.asarray(values, dtype=float) + 0.0  # -0 and 0 are equal
    table = np.ascontiguousarray(table[:, [_varies(column) for column in table.T]])
    known = np.isfinite(table).sum(axis=1) >= FEWEST_FEATURES
    digests = {
        scan: row.tobytes().hex() if enough else None
        for scan, row, enough in zip(scans, table, known, strict=True)
    }
    groups = _groups(digests)
    if not groups:
        return {}
    place = {scan: number for number, scan in enumerate(scans)}
    shared = _shared(table, [place[group[0]] for group in groups])
    groups = [
        group
        for group, counts in zip(groups, shared, strict=True)
        if not _by_chance(counts, len(group), len(table))
    ]
    return _between_people(groups, "the same features")


def same_arrays(digests: Mapping[str, str]) -> dict[str, str]:
    """Return the prepared arrays that another person has value by value, with the reason.

    Parameters
    ----------
    digests : mapping
        scan_id → `digest_of` its array.
    """
    return _between_people(_groups(digests), "the same array")


def digest_of(values: np.ndarray) -> str:
    """Return a text that two arrays have in common only if their values are equal."""
    return hashlib.sha256(values.tobytes()).hexdigest()


def _varies(column: np.ndarray) -> bool:
    import numpy as np

    known = column[np.isfinite(column)]
    return len(known) > 0 and bool(np.ptp(known) > 0)


def _shared(table: np.ndarray, rows: list[int]) -> np.ndarray:
    """Return how many rows have each value of some rows, 0 where it is missing."""
    import numpy as np

    counts = np.zeros((len(rows), table.shape[1]), dtype=int)
    for number, column in enumerate(table.T):
        _, place, count = np.unique(column, return_inverse=True, return_counts=True)
        counts[:, number] = count[place[rows]]
    return np.where(np.isfinite(table[rows]), counts, 0)


def _by_chance(counts: np.ndarray, equal: int, rows: int) -> bool:
    """Judge whether rows may be equal although people differ, by how common each value is.

    Parameters
    ----------
    counts : ndarray of shape (features,)
        How many rows have each of their values, 0 where it is missing.
    equal, rows : int
        How many are equal, and how many there are.
    """
    import numpy as np

    others = counts[counts > 0] - equal
    if (others == 0).sum() >= FEWEST_FEATURES:
        return False
    shares = np.log((others + 1) / rows).sum()
    return bool(2 * math.log(rows) - math.log(2) + shares > math.log(CHANCE))


def _digests(records: Mapping[str, Mapping[str, Any]], image: str) -> dict[str, str | None]:
    """Return what tells each scan's image from others; None of those that are bad anyway."""
    name = image if modalities.load(image).is_map else "anatomical"
    found = {}
    for scan, record in records.items():
        facts = record.get("inputs", {}).get(name, {})
        good = record.get("status") == "ok"
        found[scan] = (facts.get("voxels_sha256") or facts.get("sha256")) if good else None
    return found


def _groups(digests: Mapping[str, str | None]) -> list[list[str]]:
    found: dict[str, list[str]] = {}
    for scan, digest in digests.items():
        if digest is not None:
            found.setdefault(digest, []).append(scan)
    return [scans for scans in found.values() if len(scans) > 1]


def _between_people(groups: Iterable[list[str]], what: str) -> dict[str, str]:
    reasons = {}
    for scans in groups:
        of_person = {}
        for person, own in _by_person(scans).items():
            # no more than are shown: lists of all others, for everyone, would grow as the square
            shown = [*islice((each for each in scans if each not in own), SHOWN)]
            others = few(shown, most=SHOWN, count=len(scans) - len(own))
            of_person[person] = f"has {what} as {others}: {ADVICE}"
        if len(of_person) > 1:
            reasons |= {scan: of_person[participant(scan)] for scan in scans}
    return reasons


def _within_people(groups: Iterable[list[str]], what: str) -> list[str]:
    return [
        f"{few([*own])} have {what}: was a file copied twice?"
        for scans in groups
        for own in _by_person(scans).values()
        if len(own) > 1
    ]


def _by_person(scans: list[str]) -> dict[str, dict[str, None]]:
    """Return each participant's scans; in order, and quickly searched."""
    found: dict[str, dict[str, None]] = {}
    for scan in scans:
        found.setdefault(participant(scan), {})[scan] = None
    return found

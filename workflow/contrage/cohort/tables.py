"""The cohort as a table: who was scanned, how old, where the images lie, and who is left out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contrage.cohort.names import LABEL, scan_id
from contrage.errors import TableError, few

YOUNGEST, OLDEST = 0.0, 120.0


@dataclass(frozen=True)
class Scan:
    """One visit of one participant.

    Attributes
    ----------
    participant_id : str
        "sub-X".
    age : float
        Years.
    session : str or None
        Without "ses-"; None where there is only one.
    sex, site : str or None
        None where the table does not say.
    anatomical, stiffness, dampingratio, mask, magnitude : str or None
        Raw images (mask: a given brain mask of the anatomical image; magnitude: of the MRE).
    """

    participant_id: str
    age: float
    session: str | None = None
    sex: str | None = None
    site: str | None = None
    anatomical: str | None = None
    stiffness: str | None = None
    mask: str | None = None
    dampingratio: str | None = None
    magnitude: str | None = None

    @property
    def scan_id(self) -> str:
        """Return "sub-X" or "sub-X_ses-Y"."""
        return scan_id(self.participant_id, self.session)


@dataclass(frozen=True)
class Exclusion:
    """A scan or participant that is left out, at which stage and why."""

    scan_id: str
    stage: str
    reason: str


@dataclass
class Cohort:
    """The scans of a cohort and what was left out before any image was read."""

    scans: list[Scan]
    excluded: list[Exclusion] = field(default_factory=list)


def participant_label(value: object, table: Path, any_label: bool = False) -> str:
    """Return "sub-X" for a table's participant_id, given with or without the prefix.

    Parameters
    ----------
    value : object
        The id.
    table : Path
        Named in errors.
    any_label : bool
        Whether an id may have other characters than BIDS allows, where no file is named after it.

    Raises
    ------
    TableError
        If the id is missing or would not make a BIDS label (a path in it, say).
    """
    text = "" if value is None else str(value).strip()
    label = text.removeprefix("sub-")
    if any_label and label.isprintable() and label not in ("", "n/a"):
        return f"sub-{label}"
    if any_label:
        raise TableError(f"{table}: a row has no participant's id, or an unprintable one: {text!r}")
    if not LABEL.match(label):
        raise TableError(
            f"{table}: participant_id {text!r} must be letters and digits only (BIDS), "
            "with or without 'sub-' before it"
        )
    return f"sub-{label}"


def age_in_years(value: object) -> float:
    """Return an age as a number.

    Raises
    ------
    ValueError
        If it is missing, not a number or outside 0-120 years. The message says which.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)) or value == "":
        raise ValueError("age is missing")
    try:
        age = float(str(value))
    except ValueError:
        raise ValueError(f"age {value!r} is not a number") from None
    if not math.isfinite(age) or not YOUNGEST <= age <= OLDEST:
        raise ValueError(f"age {value} is outside {YOUNGEST:.0f}-{OLDEST:.0f} years")
    return age


def text_or_none(value: object) -> str | None:
    """Return a cell as text, None where it is empty or missing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return str(value).strip() or None


def check_unique(ids: Iterable[str], table: Path) -> None:
    """Raise `TableError` if an id stands twice."""
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            raise TableError(f"{table}: {name} stands there twice; keep one row per scan")
        seen.add(name)


def usable_rows(
    rows: Iterable[Mapping[str, Any]], table: Path, on_bad_scan: str, any_label: bool = False
) -> tuple[list[dict[str, Any]], list[Exclusion]]:
    """Check the participants of a table.

    Parameters
    ----------
    rows : iterable of mappings
        With participant_id and age; session is optional.
    table : Path
        Named in errors.
    on_bad_scan : {"fail", "exclude"}
        What to do with a row whose age cannot be used.
    any_label : bool
        Whether ids may be other than BIDS labels.

    Returns
    -------
    (rows, exclusions)
        The rows with participant_id as "sub-X" and age in years, and what was left out.

    Raises
    ------
    TableError
        For an unusable id, a duplicate, or (with "fail") ages that cannot be used: all are named.
    """
    good, excluded = [], []
    for row in rows:
        person = participant_label(row["participant_id"], table, any_label)
        row = {**row, "participant_id": person}
        scan = scan_id(row["participant_id"], text_or_none(row.get("session")))
        try:
            good.append({**row, "scan_id": scan, "age": age_in_years(row["age"])})
        except ValueError as error:
            excluded.append(Exclusion(scan, "table", str(error)))
    check_unique([row["scan_id"] for row in good] + [e.scan_id for e in excluded], table)
    if excluded and on_bad_scan == "fail":
        named = few([f"{e.scan_id}: {e.reason}" for e in excluded], "; ")
        raise TableError(f"{table}: {named}. Mend the table, or set cohort.on_bad_scan to exclude")
    return good, excluded

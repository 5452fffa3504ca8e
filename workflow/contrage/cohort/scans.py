"""The cohort as a table: who was scanned, how old, where the images lie, and who is left out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contrage.errors import TableError, few
from contrage.participants.ages import age_as_told, age_in_years, check_unique, text_or_none
from contrage.participants.described import Unit, check_ages
from contrage.scan_ids import LABEL, scan_id
from contrage.settings.steps.cohort import CohortStep

ADULT = 10.0
FILES = "files"
"""The stage of a scan whose files cannot be used: with `on_bad_scan` fail the gate names it."""


@dataclass(frozen=True)
class Scan:
    """One visit of one participant.

    Attributes
    ----------
    participant_id : str
        "sub-X".
    age : float or None
        Years; None where it is not told, or cannot be used, and another target is predicted.
    session : str or None
        Without "ses-"; None where there is only one.
    sex, site : str or None
        None where the table does not say.
    images : dict of str to str
        Name of a kind of data (`contrage.modalities`), or mask (a given brain mask of the
        anatomical image), to the raw file; without those that the scan has not.
    columns : dict of str to str or None
        What the tables say in the columns of `cohort.columns`.
    """

    participant_id: str
    age: float | None
    session: str | None = None
    sex: str | None = None
    site: str | None = None
    images: dict[str, str] = field(default_factory=dict)
    columns: dict[str, str | None] = field(default_factory=dict)

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


@dataclass(frozen=True)
class Choice:
    """An image that was chosen among several of a scan, by `cohort.entities`."""

    scan_id: str
    image: str
    taken: str
    others: list[str]


@dataclass
class Cohort:
    """The scans of a cohort and what was left out before any image was read.

    Attributes
    ----------
    scans : list of Scan
    excluded : list of Exclusion
    tables : list of str
        The files that this was read from, images aside.
    notes : list of str
        What a reader of the tables should know: one line each.
    choices : list of Choice
        Where a scan had more than one image of a kind.
    """

    scans: list[Scan]
    excluded: list[Exclusion] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)


def participant_label(
    value: object, table: Path, any_label: bool = False, line: int | None = None
) -> str:
    """Return "sub-X" for a table's participant_id, given with or without the prefix.

    Parameters
    ----------
    value : object
        The id.
    table : Path
        Named in errors.
    any_label : bool
        Whether an id may have other characters than BIDS allows, where no file is named after it.
    line : int, optional
        Where the id stands.

    Raises
    ------
    TableError
        If the id is missing or would not make a BIDS label (a path in it, say).
    """
    text = "" if value is None else str(value).strip()
    label = text.removeprefix("sub-")
    place = f"{table}: line {line}" if line else f"{table}"
    if text in ("", "n/a"):
        raise TableError(f"{place}: participant_id is missing: there is no participant's id")
    if any_label and label.isprintable() and label not in ("", "n/a"):
        return f"sub-{label}"
    if any_label:
        raise TableError(f"{place}: an unprintable participant's id: {text!r}")
    if '"' in label:
        raise TableError(
            f"{place}: participant_id {text!r} stands in quotation marks, which BIDS tables do not "
            "have; remove them, or put the header into some as well"
        )
    if not LABEL.match(label):
        raise TableError(
            f"{place}: participant_id {text!r} must be letters and digits only (BIDS), "
            "with or without 'sub-' before it"
        )
    return f"sub-{label}"


def age_limits(settings: CohortStep) -> tuple[float, float]:
    """Return the least and the largest age that can be: `target.range`, where that is of ages."""
    low, high = settings.age_range or (-math.inf, math.inf)
    return low, high


def usable_rows(
    rows: Iterable[Mapping[str, Any]],
    table: Path,
    on_bad_scan: str,
    limits: tuple[float, float],
    any_label: bool = False,
    unit: Unit = Unit(),  # noqa: B008 (frozen)
    needs_age: bool = True,
) -> tuple[list[dict[str, Any]], list[Exclusion]]:
    """Check the participants of a table.

    Parameters
    ----------
    rows : iterable of mappings
        With participant_id and age; optional are session, `unit` of the row's age, and `reason`
        of a row that is known to be unusable.
    table : Path
        Named in errors.
    on_bad_scan : {"fail", "exclude"}
        What to do with a row whose age cannot be used.
    limits : (float, float)
        The least and the largest age that can be, in years.
    any_label : bool
        Whether ids and sessions may be other than BIDS labels.
    unit : Unit
        Of the ages.
    needs_age : bool
        Whether an age is what is learned. Where it is not, one that cannot be used is None.

    Returns
    -------
    (rows, exclusions)
        The rows with participant_id as "sub-X" and age in years, and what was left out.

    Raises
    ------
    TableError
        For an unusable id, a duplicate, ages that cannot be years where no unit is said, or (with
        "fail") ages that cannot be used: all are named.
    """
    rows = list(rows)
    units = [row.get("unit", unit) for row in rows]
    for each in dict.fromkeys(units) if needs_age else ():
        ages = [
            age_as_told(row["age"]) for row, own in zip(rows, units, strict=True) if own == each
        ]
        check_ages(ages, each, table)
    adults = _are_adults(rows, units)
    good, excluded = [], []
    for row, own in zip(rows, units, strict=True):
        person = participant_label(row["participant_id"], table, any_label, row.get("line"))
        session = text_or_none(row.get("session"))
        scan = scan_id(person, session)
        try:
            if row.get("reason"):
                raise ValueError(row["reason"])
            if session and not any_label and not LABEL.match(session):
                raise ValueError(no_label(f"ses-{session}"))
            age = _age(row, own, adults, needs_age, limits)
            good.append({**row, "participant_id": person, "scan_id": scan, "age": age})
        except ValueError as error:
            excluded.append(Exclusion(scan, "table", str(error)))
    check_unique([row["scan_id"] for row in good] + [e.scan_id for e in excluded], table)
    if excluded and on_bad_scan == "fail":
        named = few([f"{e.scan_id}: {e.reason}" for e in excluded], "; ")
        raise TableError(f"{table}: {named}. Mend the table, or set cohort.on_bad_scan to exclude")
    return good, excluded


def _age(
    row: dict[str, Any], unit: Unit, adults: bool, needed: bool, limits: tuple[float, float]
) -> float | None:
    try:
        age = age_in_years(row["age"], unit, limits)
        if age == 0 and adults:
            raise ValueError("age 0 among adults: write n/a where it is not known")
    except ValueError:
        if needed:
            raise
        return None
    return age


def _are_adults(rows: list[dict[str, Any]], units: list[Unit]) -> bool:
    """Whether most of those whose age is told are no infants: 0 then stands for a missing age."""
    told = [age_as_told(row["age"]) / own.per_year for row, own in zip(rows, units, strict=True)]
    known = sorted(age for age in told if math.isfinite(age))
    return bool(known) and known[len(known) // 2] > ADULT


def no_label(name: str) -> str:
    """Return the reason why a participant's or session's name cannot be used."""
    return f"{name} is no BIDS label (letters and digits only); rename it"

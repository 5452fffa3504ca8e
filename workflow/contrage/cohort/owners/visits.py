"""From visits to the clinic to a scan's diagnosis and a person's group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from contrage.cohort.owners.days import YEAR

Seen = TypeVar("Seen")

HC, MCI, AD = "HC", "MCI", "AD"
"""What a visit finds: cognitively normal, mildly impaired, demented (by Alzheimer's disease)."""
STABLE, PROGRESSIVE, CENSORED, REVERTED = "sMCI", "pMCI", "MCI-censored", "MCI-reverted"
NOT_SHOWN = (CENSORED, REVERTED)
"""Groups that are in no table by group."""


@dataclass(frozen=True)
class ClinicVisit:
    """A visit to the clinic.

    Attributes
    ----------
    day : int
        Of any calendar in which the scans stand as well.
    state : str or None
        HC, MCI, AD, or an owner's further word; None where what the visit says cannot be used.
    wrong : str
        Why not; empty where it can.
    """

    day: int
    state: str | None
    wrong: str = ""


def of_days(visits: Iterable[ClinicVisit]) -> list[ClinicVisit]:
    """Return visits in the order of days, one a day: two states on one day are of no use."""
    found: dict[int, ClinicVisit] = {}
    for visit in sorted(visits, key=lambda each: each.day):
        other = found.setdefault(visit.day, visit)
        if other.wrong or other.state == visit.state:
            continue
        wrong = visit.wrong or f"two diagnoses on one day: {other.state} and {visit.state}"
        found[visit.day] = ClinicVisit(visit.day, None, wrong)
    return list(found.values())


def nearest(visits: Sequence[ClinicVisit], day: int, window: int) -> ClinicVisit | None:
    """Return the visit that is nearest to a day, the earlier of two; None beyond the window."""
    return near([(visit.day, visit) for visit in visits], day, window)


def near(rows: Iterable[tuple[int, Seen]], day: int, window: int) -> Seen | None:
    """Return what was seen on the nearest day, the earlier of two; None beyond the window."""
    within = [each for each in rows if abs(each[0] - day) <= window]
    _, found = min(within, key=lambda each: (abs(each[0] - day), each[0]), default=(day, None))
    return found


def group_of(
    visits: Sequence[ClinicVisit], first: int, window: int, months: float
) -> tuple[str | None, str]:
    """Return a person's group by the whole follow-up, or None and why there is none.

    HC is healthy at every visit, AD demented at the first scan and at every visit thereafter. Of
    those who are impaired at the first scan, pMCI is demented within the months, sMCI never, and
    seen without dementia after them; MCI-reverted is healthy later on, MCI-censored neither.

    Parameters
    ----------
    visits : sequence of ClinicVisit
        One a day.
    first : int
        The day of the first scan.
    window : int
        How many days a visit may lie from it.
    months : float
        From it.
    """
    if visits and all(visit.state == HC for visit in visits):
        return HC, ""
    at_first = nearest(visits, first, window)
    if at_first is None or at_first.state is None:
        return None, "without a diagnosis at the first scan"
    later = [visit for visit in visits if visit.day > at_first.day]
    if at_first.state == AD:
        stays = all(visit.state == AD for visit in later)
        return (AD, "") if stays else (None, "demented at the first scan, and not later on")
    if at_first.state != MCI:
        word = "healthy" if at_first.state == HC else at_first.state
        return None, f"{word} at the first scan, and not healthy at every visit"
    return _of_impaired(later, first + months * YEAR / 12), ""


def _of_impaired(later: Sequence[ClinicVisit], end: float) -> str:
    demented = [visit.day for visit in later if visit.state == AD]
    if any(day <= end for day in demented):
        return PROGRESSIVE
    if any(visit.state == HC for visit in later):
        return REVERTED
    seen = any(visit.day >= end and visit.state == MCI for visit in later)
    return STABLE if seen and not demented else CENSORED

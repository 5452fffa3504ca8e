"""People who are seen again: a diagnosis for each scan, a group for each person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from contrage.cohort.owners.visits import NOT_SHOWN, ClinicVisit, group_of, nearest, of_days
from contrage.errors import few

COLUMNS = ("diagnosis", "group")


@dataclass(frozen=True)
class FollowUp:
    """What visits say of a cohort's people.

    Attributes
    ----------
    visits : dict of str to list of ClinicVisit
        By the owner's id, one a day.
    groups : dict of str to str or None
    window : int
        How many days a diagnosis may lie from a scan.
    """

    visits: dict[str, list[ClinicVisit]]
    groups: dict[str, str | None]
    window: int

    def diagnosis(self, person: str, day: int) -> str | None:
        """Return the diagnosis of the nearest visit, None beyond the window."""
        visit = nearest(self.visits.get(person, []), day, self.window)
        return visit.state if visit else None

    def apart(self, person: str, day: int) -> str:
        """Return why the nearest visit says nothing that could be used, empty where it does."""
        visit = nearest(self.visits.get(person, []), day, self.window)
        return visit.wrong if visit else ""


def follow_up(
    visits: Mapping[str, Iterable[ClinicVisit]],
    scans: Mapping[str, Sequence[int]],
    window: int,
    months: float,
    notes: list[str],
) -> FollowUp:
    """Return what visits say of the people who were scanned.

    Parameters
    ----------
    visits : mapping
        By the owner's id.
    scans : mapping
        Person → days of the scans.
    window : int
        How many days a visit may lie from a scan.
    months : float
        See `contrage.cohort.owners.visits.group_of`.
    notes : list of str
        Gets a line on scans without a diagnosis, and on people in no group, by the reason.
    """
    ordered = {person: of_days(visits.get(person, ())) for person in scans}
    lacking = [
        f"{person} ({len(days)})" for person, days in _beyond(ordered, scans, window).items()
    ]
    count = sum(len(days) for days in _beyond(ordered, scans, window).values())
    if lacking:
        notes.append(
            f"scans without a diagnosis within {window} days, whose column diagnosis is empty "
            f"({count}): {few(lacking)}"
        )
    groups: dict[str, str | None] = {}
    without: dict[str, list[str]] = {}
    for person, days in scans.items():
        group, reason = group_of(ordered[person], min(days), window, months)
        groups[person] = group
        if group is None or group in NOT_SHOWN:
            without.setdefault(group or reason, []).append(person)
    for reason, people in without.items():
        notes.append(f"people in no table by group ({len(people)}), {reason}: {few(people)}")
    return FollowUp(ordered, groups, window)


def _beyond(
    visits: Mapping[str, Sequence[ClinicVisit]], scans: Mapping[str, Sequence[int]], window: int
) -> dict[str, list[int]]:
    """Return the days of scans without a visit within the window, by person."""
    found = {
        person: [day for day in days if nearest(visits[person], day, window) is None]
        for person, days in scans.items()
    }
    return {person: days for person, days in found.items() if days}

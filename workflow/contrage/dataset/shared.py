"""Whether two sets of people have somebody in common. Light: a plan asks this as well."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from contrage.dataset.roles import CHOSEN_BY, LEARNED_FROM, PLAYED
from contrage.scan_ids import bare

COUNTED = (LEARNED_FROM, CHOSEN_BY)
"""Roles that decide an encoder's weights."""
UNSEEN = tuple(role for role in PLAYED if role not in COUNTED)
"""Roles whose errors are told: nobody in them may have been learned from before."""


class Somebody(NamedTuple):
    """Somebody of a cohort; in another one an equal id may be somebody else's."""

    cohort: str
    participant_id: str


def person(participant_id: str, cohort: str, members: Iterable[str] = ()) -> Somebody:
    """Return whose id it is; in a merged cohort ids begin with the name of the member.

    Parameters
    ----------
    participant_id : str
    cohort : str
        Its name.
    members : iterable of str
        Names of the cohorts of which it is merged, if it is.
    """
    for name in sorted(members, key=len, reverse=True):  # of "a" and "a-b" the longer one
        if participant_id.startswith(f"sub-{name}-"):
            return Somebody(name, f"sub-{participant_id.removeprefix(f'sub-{name}-')}")
    return Somebody(cohort, participant_id)


def in_both(
    tested: Iterable[Somebody], learned: Iterable[Somebody], same_people: bool
) -> list[str]:
    """Return the ids of those tested who are among those learned from.

    Within a cohort ids are taken to the letter. In two cohorts equal ids, and such as differ by
    zeros or capitals alone, are one person's where `same_people` says so: it is the safe side.
    """
    found = set(learned)
    alike: dict[str, set[str]] = {}
    for each in found if same_people else ():
        alike.setdefault(bare(each.participant_id), set()).add(each.cohort)
    return sorted(
        each.participant_id
        for each in set(tested)
        if each in found or alike.get(bare(each.participant_id), set()) - {each.cohort}
    )

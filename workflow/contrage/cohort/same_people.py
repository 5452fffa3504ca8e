"""Who of several cohorts are one person, by their ids, and what everybody's id is in all of them.

Ids are compared as pre-training compares them: zeros before numbers and capitals aside.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from contrage.errors import SettingsError, few
from contrage.scan_ids import bare, participant, scan_id

KEY = "merge.same_ids"
REFUSE, OTHER = "refuse", "other-people"


@dataclass(frozen=True)
class Renamed:
    """What ids and labels of a cohort are in a merged one.

    Attributes
    ----------
    cohort : str
        Its name.
    ids : dict of str to str
        participant_id there → participant_id in the merged cohort: "sub-<cohort>-X", of a person
        of an earlier cohort as well the one that begins with that one's name.
    """

    cohort: str
    ids: dict[str, str]

    def person(self, name: str) -> str:
        """Return a participant's id; of one who only stands among the excluded, with the prefix."""
        return self.ids.get(name) or prefixed(self.cohort, name)

    def session(self, name: str, session: str | None) -> str | None:
        """Return a session's label; of somebody who has another cohort's id, with the prefix.

        One label may be of two visits where two cohorts have scanned one person.
        """
        if self.person(name) == prefixed(self.cohort, name):
            return session
        return f"{self.cohort}-{session}" if session else self.cohort

    def scan(self, name: str) -> str:
        """Return a scan's id."""
        person = participant(name)
        session = name.removeprefix(person).removeprefix("_ses-") or None
        return scan_id(self.person(person), self.session(person, session))

    def site(self, name: str | None) -> str | None:
        """Return a site's name: those of two cohorts are two sites, whatever they are called."""
        return f"{self.cohort}-{name}" if name else None


def prefixed(cohort: str, person: str) -> str:
    """Return "sub-<cohort>-X" for "sub-X"."""
    return f"sub-{cohort}-{person.removeprefix('sub-')}"


def rename(people: Mapping[str, Iterable[str]], same_ids: str) -> list[Renamed]:
    """Return the ids that people of several cohorts have in a merged one.

    Parameters
    ----------
    people : mapping
        Cohort → participant_id of everyone in it, in the order in which they are merged.
    same_ids : {"refuse", "same-people", "other-people"}
        What an id means that stands in two of them.

    Raises
    ------
    SettingsError
        With refuse if there is one; with same-people if it cannot be told whose it is; if ids of
        two people would be equal.
    """
    found = {name: {each: prefixed(name, each) for each in own} for name, own in people.items()}
    _check_names(list(found))
    if same_ids != OTHER:
        alike = [each for each in _alike(found).values() if len(each) > 1]
        if alike and same_ids == REFUSE:
            raise SettingsError(
                f"{KEY}: {few([_told(each) for each in alike], '; ', most=3)}: is it one person? "
                "Set it to same-people, or to other-people where cohorts number alike"
            )
        for group in alike:
            _join(group, found)
    _check_distinct(found)
    return [Renamed(name, ids) for name, ids in found.items()]


def told_joined(renamed: Iterable[Renamed]) -> list[str]:
    """Return a line on those who have one id since they are in several cohorts."""
    of_id: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for each in renamed:
        for person, name in each.ids.items():
            of_id[name][each.cohort] = [person]
    joined = [_told(own) for own in of_id.values() if len(own) > 1]
    if not joined:
        return []
    are = "1 person is" if len(joined) == 1 else f"{len(joined)} people are"
    return [f"{are} in several cohorts ({KEY}): {few(joined, '; ', most=3)}"]


def _check_names(cohorts: list[str]) -> None:
    for name in cohorts:
        if "_ses-" in name:
            raise SettingsError(
                f"cohort.name: {name}: ids of merged people begin with it, and in an id _ses- "
                "comes before a session; give the cohort another name"
            )


def _alike(found: Mapping[str, Iterable[str]]) -> dict[str, dict[str, list[str]]]:
    """Return what of an id is compared → cohort → the ids there that are alike in it."""
    groups: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for cohort, people in found.items():
        for person in people:
            groups[bare(person)].setdefault(cohort, []).append(person)
    return groups


def _join(group: Mapping[str, list[str]], found: dict[str, dict[str, str]]) -> None:
    """Give one person's ids the first cohort's; several ids alike in a cohort count to the letter.

    Raises
    ------
    SettingsError
        One of them is in no other cohort to the letter: whose it is cannot be told.
    """
    if all(len(own) == 1 for own in group.values()):
        keys = {person: "" for own in group.values() for person in own}
    else:
        keys = {person: person for own in group.values() for person in own}
        alone = [person for person in keys if sum(person in own for own in group.values()) == 1]
        if alone:
            raise SettingsError(
                f"{KEY}: {_told(group)}: which are one person? Write a person's ids alike, "
                "zeros and capitals too"
            )
    first: dict[str, str] = {}
    for cohort, own in group.items():
        for person in own:
            found[cohort][person] = first.setdefault(keys[person], found[cohort][person])


def _told(group: Mapping[str, list[str]]) -> str:
    return ", ".join(f"{' and '.join(own)} of {cohort}" for cohort, own in group.items())


def _check_distinct(found: Mapping[str, Mapping[str, str]]) -> None:
    """Refuse names of cohorts by which two people would have one id: 1-2 of a, 2 of a-1."""
    owner: dict[str, tuple[str, str]] = {}
    for cohort, ids in found.items():
        for person, name in ids.items():
            if name != prefixed(cohort, person):
                continue
            other = owner.setdefault(name, (cohort, person))
            if other != (cohort, person):
                raise SettingsError(
                    f"cohort.name: {other[1]} of {other[0]} and {person} of {cohort} would both be "
                    f"{name}; give one of the cohorts another name"
                )

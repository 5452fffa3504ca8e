"""Whom `dataset.leave_out` means: ids as people write them, found in the cohort."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from contrage.scan_ids import bare

_BOTH = "also in the cohort "


@dataclass(frozen=True)
class LeftOut:
    """Who is left out of an experiment.

    Attributes
    ----------
    reasons : dict
        participant_id, "sub-X" → reason, the first where there are two.
    unknown : list of str
        Ids that the cohort does not have, as they were written.
    ambiguous : dict
        Numbers that several participants have (7: sub-7, sub-07) → these.
    twice : dict
        participant_id → the ids by which they are named, with more than one reason.
    otherwise : dict
        Ids of another cohort → participants whose ids differ by zeros or capitals alone.
    """

    reasons: dict[str, str]
    unknown: list[str]
    ambiguous: dict[str, list[str]]
    twice: dict[str, list[str]] = field(default_factory=dict)
    otherwise: dict[str, list[str]] = field(default_factory=dict)


def of_both(cohort: str) -> str:
    """Return the reason to leave out who is in another cohort as well; `find` knows it."""
    return f"{_BOTH}{cohort}, whose ages are predicted"


def find(asked: Mapping[object, str], known: Iterable[str]) -> LeftOut:
    """Find the participants that are to be left out.

    Parameters
    ----------
    asked : mapping
        Id → reason. The id with or without "sub-"; a number is also found where the cohort's has
        zeros before it. With "sub-" it is taken to the letter. With the reason `of_both` it is an
        id of another cohort, which need not be here: everyone is meant whose id differs from it
        by zeros or capitals alone.
    known : iterable of str
        participant_id, "sub-X", of everyone in the cohort.
    """
    people = set(known)
    others = {str(key): reason for key, reason in asked.items() if _is_of_both(reason)}
    named = {key: reason for key, reason in asked.items() if not _is_of_both(reason)}
    reasons, otherwise = _also_here(others, people)
    unknown: list[str] = []
    ambiguous: dict[str, list[str]] = {}
    by_number = _by_number(people) if any(_is_number(key) for key in named) else {}
    keys: dict[str, dict[str, str]] = {}
    for key, reason in named.items():
        text = str(key).strip()
        exact = f"sub-{text.removeprefix('sub-')}"
        alike = by_number.get(int(text), []) if _is_number(text) else []
        if exact in people or len(alike) == 1:
            meant = exact if exact in people else alike[0]
            keys.setdefault(meant, {})[text] = reason
            reasons.setdefault(meant, reason)
        elif alike:
            ambiguous[text] = alike
        else:
            unknown.append(text)
    twice = {person: [*found] for person, found in keys.items() if len(set(found.values())) > 1}
    return LeftOut(reasons, unknown, ambiguous, twice, otherwise)


def _is_of_both(reason: object) -> bool:
    return str(reason).startswith(_BOTH)


def _also_here(
    others: Mapping[str, str], people: set[str]
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return who of another cohort may be here, with the reasons, and whose ids are not equal.

    It is the safe side: of sub-1 there both sub-01 and sub-001 are left out here.
    """
    if not others:
        return {}, {}
    alike: dict[str, list[str]] = {}
    for person in sorted(people):
        alike.setdefault(bare(person), []).append(person)
    reasons: dict[str, str] = {}
    otherwise: dict[str, list[str]] = {}
    for name, reason in others.items():
        for person in alike.get(bare(name), []):
            if person == name:
                reasons[person] = reason
            elif person not in others:
                reasons.setdefault(person, f"{reason} ({name} there)")
                otherwise.setdefault(name, []).append(person)
    return reasons, otherwise


def _is_number(key: object) -> bool:
    text = str(key).strip()
    return text.isascii() and text.isdigit()


def _by_number(people: set[str]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for person in sorted(people):
        label = person.removeprefix("sub-")
        if _is_number(label):
            found.setdefault(int(label), []).append(person)
    return found

"""Whom `dataset.leave_out` means: ids as people write them, found in the cohort."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True)
class LeftOut:
    """Who is left out of an experiment.

    Attributes
    ----------
    reasons : dict
        participant_id, "sub-X" → reason.
    unknown : list of str
        Ids that the cohort does not have, as they were written.
    ambiguous : dict
        Numbers that several participants have (7: sub-7, sub-07) → these.
    """

    reasons: dict[str, str]
    unknown: list[str]
    ambiguous: dict[str, list[str]]


def find(asked: Mapping[object, str], known: Iterable[str]) -> LeftOut:
    """Find the participants that are to be left out.

    Parameters
    ----------
    asked : mapping
        Id → reason. The id with or without "sub-"; a number is also found where the cohort's has
        zeros before it. With "sub-" it is taken to the letter.
    known : iterable of str
        participant_id, "sub-X", of everyone in the cohort.
    """
    people = set(known)
    reasons: dict[str, str] = {}
    unknown: list[str] = []
    ambiguous: dict[str, list[str]] = {}
    by_number = _by_number(people) if any(_is_number(key) for key in asked) else {}
    for key, reason in asked.items():
        text = str(key).strip()
        exact = f"sub-{text.removeprefix('sub-')}"
        alike = by_number.get(int(text), []) if _is_number(text) else []
        if exact in people:
            reasons[exact] = reason
        elif len(alike) == 1:
            reasons[alike[0]] = reason
        elif alike:
            ambiguous[text] = alike
        else:
            unknown.append(text)
    return LeftOut(reasons, unknown, ambiguous)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the id that is most like one, None where none is."""
    wanted = f"sub-{name.removeprefix('sub-')}"
    return next(iter(get_close_matches(wanted, list(known), n=1, cutoff=0.6)), None)


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

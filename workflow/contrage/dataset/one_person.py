"""What becomes of pairs that are one person under two ids (`cohort.same_person`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from contrage.errors import LeakageError, few
from contrage.tables import read_tsv

COLUMNS = (
    "scan_id",
    "participant_id",
    "other_scan_id",
    "other_participant_id",
    "correlation",
)
WARN, SAME, FAIL = "warn", "same", "fail"


def ids_in_experiment(pairs: Path, action: str, people: Sequence[str]) -> dict[str, str]:
    """Return participant → the id that he or she has in the experiment.

    Parameters
    ----------
    pairs : Path
        What `contrage.dataset.same_person` listed.
    action : {"same", "fail"}
    people : sequence of str
        The experiment's participants, in its order; others have no part in it.

    Raises
    ------
    LeakageError
        With fail, if two of them are in a pair.
    """
    lines = read_tsv(pairs, as_text=True)
    known = set(people)
    both = zip(lines["participant_id"], lines["other_participant_id"], strict=True)
    found = [(one, other) for one, other in both if one in known and other in known]
    if found and action == FAIL:
        told = [f"{one} and {other}" for one, other in dict.fromkeys(found)]
        raise LeakageError(
            f"cohort.same_person: {few(told, '; ', most=3)} may be one person under two ids; look "
            "at the quality page, then leave one out (cohort.exclude), or set it to same, or to "
            "warn where they are two people"
        )
    return joined(found, people)


def joined(pairs: Iterable[tuple[str, str]], people: Sequence[str]) -> dict[str, str]:
    """Return participant → the first, in the order of `people`, of those tied by pairs."""
    place = {person: at for at, person in enumerate(dict.fromkeys(people))}
    first = {person: person for person in place}

    def root(person: str) -> str:
        while first[person] != person:
            person = first[person]
        return person

    for one, other in pairs:
        ends = sorted((root(one), root(other)), key=place.__getitem__)
        first[ends[1]] = ends[0]
    return {person: root(person) for person in place}

"""What becomes of pairs that are one person under two ids (`cohort.same_person`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from contrage.errors import LeakageError, few
from contrage.tables import read_tsv

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "scan_id",
    "participant_id",
    "other_scan_id",
    "other_participant_id",
    "other_cohort",
    "correlation",
)
"""Of the table of pairs; other_cohort is told where that is the cohort of a pre-training."""
WARN, SAME, FAIL = "warn", "same", "fail"


def ids_in_experiment(
    pairs: Path, action: str, people: Sequence[str], before: Path | None = None
) -> dict[str, str]:
    """Return participant → the id that he or she has in the experiment.

    Parameters
    ----------
    pairs : Path
        What `contrage.dataset.same_person` listed.
    action : {"same", "fail"}
    people : sequence of str
        The experiment's participants, in its order; others have no part in it.
    before : Path, optional
        The scans of the pre-training.

    Raises
    ------
    LeakageError
        With fail, if two of them are in a pair; in any case if one of them is in a pair with
        somebody of the pre-training, from whom no split can part them.
    """
    lines = read_tsv(pairs, as_text=True)
    known = set(people)
    if before is not None:
        _refuse_pretrained(lines, known, read_tsv(before, as_text=True))
    lines = lines[lines["other_cohort"].isna()]
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


def _refuse_pretrained(lines: pd.DataFrame, known: set[str], before: pd.DataFrame) -> None:
    """Raise `LeakageError` where somebody of the experiment is in the pre-training as well."""
    is_there = lines["other_cohort"].notna() & lines["other_scan_id"].isin(before["scan_id"])
    found = lines[is_there & lines["participant_id"].isin(known)]
    if len(found):
        told = [
            f"{line.participant_id} and {line.other_participant_id} of {line.other_cohort}"
            for line in found.drop_duplicates(
                ["participant_id", "other_participant_id"]
            ).itertuples()
        ]
        raise LeakageError(
            f"cohort.same_person: {few(told, '; ', most=3)} may be one person, from whom the "
            "pre-training learns; look at the experiment's same_person.html, then leave the latter "
            "out there (pretraining.dataset.leave_out), or set it to warn where they are two people"
        )


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

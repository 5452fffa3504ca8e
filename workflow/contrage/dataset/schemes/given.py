"""A split that somebody else has made: a column says who plays which part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from contrage.dataset.apart import check_sites
from contrage.dataset.roles import (
    EXTERNAL,
    MISSING,
    NONE,
    TEST,
    TRAIN,
    Parts,
    Visit,
    check_leakage,
    said,
)
from contrage.dataset.shares import Training
from contrage.errors import SettingsError, few
from contrage.settings.blocks.split import SplitSettings
from contrage.target import Target

DRAWN = False
IGNORES = {"new_split_per_seed": False, "stratify_by_age": False}


def folds(visits: Sequence[Visit], split: SplitSettings, seed: int) -> list[Parts]:
    """Give everyone the part that the column says, in one fold.

    Raises
    ------
    SettingsError
        If a value has no role, nobody is learned from or tested on, or people of role external
        come from sites that are learned from.
    LeakageError
        If a participant has two roles.
    """
    parts = Parts("given", _roles(visits, split))
    people = _people(visits, parts.roles, split)
    for role, purpose in ((TRAIN, "to learn from"), (TEST, "to report")):
        if role not in people:
            raise SettingsError(
                f"dataset.split.roles: no scan has the role {role}, so that there is nothing "
                f"{purpose}; column {split.column} has {_counts(visits, split.column)}"
            )
    if not split.allow_shared_sites:
        learned, apart = (
            [e for e in visits if parts.roles[e.scan_id] == r] for r in (TRAIN, EXTERNAL)
        )
        check_sites(learned, apart)
    return [parts]


def place(
    others: Sequence[Visit], made: Sequence[Parts], split: SplitSettings, seed: int
) -> dict[str, int]:
    """Give all who are not learned from to the one fold, unless they have no part in anything.

    Raises
    ------
    LeakageError
        If the column gives one of them two roles, although they are predicted alone.
    """
    roles = _roles(others, split)
    _people(others, roles, split)
    return {scan: 0 for scan, role in roles.items() if role != NONE}


def _people(
    visits: Sequence[Visit], roles: Mapping[str, str], split: SplitSettings
) -> dict[str, set[str]]:
    """Return role → its participants; refuse a participant in two."""
    people: dict[str, set[str]] = {}
    for each in visits:
        people.setdefault(roles[each.scan_id], set()).add(each.participant_id)
    people.pop(NONE, None)
    check_leakage(people, f"dataset.split.column: {split.column}: ")
    return people


def count(visits: Sequence[Visit], split: SplitSettings) -> int:
    """Return how many folds there are."""
    return 1


def at_best(visits: Sequence[Visit], split: SplitSettings, target: Target) -> Training:
    """Return what is learned from."""
    learned = _learned(visits, split)
    target.check_varies([each.target for each in learned], "in the training part (fold 0)")
    each = Counter(one.participant_id for one in learned)
    return Training(len(each), len(learned), tuple(sorted(each.values())))


def most(visits: Sequence[Visit], split: SplitSettings, held_out: float) -> int:
    """Return how many scans can be learned from."""
    learned = _learned(visits, split)
    return len(learned) - round(held_out * len({one.participant_id for one in learned}))


def _roles(visits: Sequence[Visit], split: SplitSettings) -> dict[str, str]:
    """Return scan_id → the role that its value has."""
    role_of = {said(value): role for value, role in split.roles.items()}
    _check_values(visits, split.column, role_of)
    return {each.scan_id: role_of[_value(each, split.column)] for each in visits}


def _learned(visits: Sequence[Visit], split: SplitSettings) -> list[Visit]:
    (parts,) = folds(visits, split, 0)
    return [each for each in visits if parts.roles[each.scan_id] == TRAIN]


def _value(visit: Visit, column: str) -> str:
    return visit.columns[column] or MISSING


def _check_values(visits: Sequence[Visit], column: str, roles: Mapping[str, str]) -> None:
    """Refuse a value without a role, and cells that say nothing unless "n/a" has one."""
    if not roles:
        raise SettingsError(
            "dataset.split.roles: scheme given needs a role for each value of column "
            f"{column}, which has {_counts(visits, column)}"
        )
    without = [each for each in visits if _value(each, column) not in roles]
    if not without:
        return
    first = _value(without[0], column)
    names = few([each.scan_id for each in without if _value(each, column) == first], most=3)
    raise SettingsError(
        f"dataset.split.roles: no role for {first!r} of column {column} ({names}); there are "
        f"{few(list(roles))}. Name one, none for people without a part"
    )


def _counts(visits: Sequence[Visit], column: str) -> str:
    counts = Counter(_value(each, column) for each in visits)
    return few([f"{value} ({number})" for value, number in sorted(counts.items())])

"""Which part everyone plays: who is learned from, chosen by, reported, or only predicted.

Nothing else knows what a role is for. Light: a plan asks this before its first job.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contrage.errors import LeakageError, SettingsError, few
from contrage.settings.blocks.roles import RolesSettings, SubsetSettings
from contrage.settings.blocks.split import SplitSettings

TRAIN, VAL, TEST, EXTERNAL, PREDICT, NONE = "train", "val", "test", "external", "predict", "none"
LEARNED_FROM = TRAIN
"""Whose images and targets weights, statistics, penalties and baselines come from, alone."""
CHOSEN_BY = VAL
"""Whose errors an early stop may choose the epoch by; never reported as a test."""
REPORTED = TEST
"""Whose errors stand in the tables and figures of the comparison, alone."""
APART = EXTERNAL
"""Whose errors stand in a table of their own."""
UNSCORED = PREDICT
"""Who is predicted, and of whom no error is told as that of a row."""
ALWAYS = (TRAIN, TEST)
"""Roles that every fold of a split file has; it has the others where somebody plays them."""
PLAYED = (TRAIN, VAL, TEST, EXTERNAL, PREDICT)
"""Roles with a line in predictions, in the order of the lines; "none" has no part in anything."""
SCALED_WITH = (TRAIN, VAL, TEST)
"""Whose voxels count with `dataset.normalisation: cohort`."""
ROLES = (*PLAYED, NONE)

OF_SCANS = ("participant_id", "session", "age", "sex", "site")
"""Columns that every table of scans has: they are not asked of the cohort's tables."""
MISSING = "n/a"


@dataclass(frozen=True)
class Visit:
    """What of a scan decides its role.

    Attributes
    ----------
    scan_id, participant_id : str
    site : str or None
    target : float
        What is predicted, in its unit.
    columns : mapping of str to str or None
        Cells of the columns that the settings name; None where the cell is missing.
    """

    scan_id: str
    participant_id: str
    site: str | None
    target: float
    columns: Mapping[str, str | None]


@dataclass(frozen=True)
class Parts:
    """One fold: its name, and who plays which part (scan_id → role)."""

    name: str
    roles: Mapping[str, str]

    def scans(self, *roles: str) -> list[str]:
        """Return scan_id of all who play one of some roles."""
        return [scan for scan, role in self.roles.items() if role in roles]


def tested_on(name: str, visits: Iterable[Visit], people: set[str]) -> Parts:
    """Return the fold in which these participants are tested on, the others learned from."""
    return Parts(
        name,
        {each.scan_id: TEST if each.participant_id in people else TRAIN for each in visits},
    )


def state(split: SplitSettings, seed: int) -> int:
    """Return the seed of a split that is drawn; the training's has a part in it where asked."""
    return split.seed + (seed if split.new_split_per_seed else 0)


def columns(dataset: RolesSettings) -> dict[str, str]:
    """Return the columns that roles are read from and that not every table of scans has.

    Each is given with the configuration's key that asks for it.
    """
    return {name: key for name, key in _read(dataset).items() if name not in OF_SCANS}


def _read(dataset: RolesSettings) -> dict[str, str]:
    found: dict[str, str] = {}
    if dataset.split.scheme == "given":
        found[dataset.split.column] = "dataset.split.column"
    for name in dataset.learn_from:
        found.setdefault(name, "dataset.learn_from")
    for name in dataset.external:
        found.setdefault(name, "dataset.external")
    if strata := dataset.subset.stratify:
        found.setdefault(strata, "dataset.subset.stratify")
    return found


def visit(scan: Mapping[str, Any], dataset: RolesSettings, target: float) -> Visit:
    """Return what of a scan, as a line of a table, decides its role.

    Raises
    ------
    SettingsError
        If it has not the columns that roles are read from.
    """
    for name in _read(dataset):
        if name not in scan:
            raise SettingsError(
                f"cohort.columns: the scans have no column {name!r}, which {_read(dataset)[name]} "
                "names; add it"
            )
    cells = {name: cell(scan[name]) for name in _read(dataset)}
    return Visit(scan["scan_id"], scan["participant_id"], cell(scan.get("site")), target, cells)


def cell(value: Any) -> str | None:
    """Return a cell as text, None where it is missing."""
    return None if value is None or str(value).strip() in ("", MISSING) else str(value).strip()


def said(value: Any) -> str:
    """Return a value of the configuration as it stands in a table: 1 for 1.0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def learners(visits: Sequence[Visit], learn_from: Mapping[str, Sequence[Any]]) -> set[str]:
    """Return the participants who may be learned from: those all of whose scans match.

    Raises
    ------
    SettingsError
        If nobody has one of the values, or nobody is left.
    """
    people = matching(visits, learn_from, "dataset.learn_from")
    if not people:
        raise SettingsError(
            f"dataset.learn_from: nobody matches it with all scans ({told_values(learn_from)}), so "
            "that there is nobody to learn from"
        )
    return people


def matching(visits: Sequence[Visit], wanted: Mapping[str, Sequence[Any]], key: str) -> set[str]:
    """Return the participants all of whose scans have one of the values in each column.

    Raises
    ------
    SettingsError
        If nobody has one of the values.
    """
    people = {each.participant_id for each in visits}
    for column, values in wanted.items():
        asked = {said(value) for value in values}
        there = {each.columns[column] for each in visits}
        if unknown := sorted(asked - there):
            told = few(sorted(each for each in there if each is not None))
            raise SettingsError(
                f"{key}.{column}: no scan has {few([repr(v) for v in unknown])}; "
                f"there are {told or 'no values'}"
            )
        people -= {each.participant_id for each in visits if each.columns[column] not in asked}
    return people


def check_learners(scans: int, learn_from: Mapping[str, Any], batch_size: int) -> None:
    """Raise `SettingsError` if fewer scans than a batch are left to learn from."""
    if learn_from and scans < batch_size:
        raise SettingsError(
            f"dataset.learn_from: {told_values(learn_from)} leaves {scans} scans to learn from, "
            f"fewer than a batch (training.batch_size: {batch_size})"
        )


def told_values(wanted: Mapping[str, Sequence[Any]]) -> str:
    """Return columns with values as a sentence names them."""
    return ", ".join(f"{name}: {few(list(map(said, of)))}" for name, of in wanted.items())


def outside(value: float, gaps: Iterable[Sequence[float]]) -> bool:
    """Return whether a target lies in none of the half-open intervals `missing_targets`."""
    return not any(low <= value < high for low, high in gaps)


def subset(strata: Mapping[str, str | None], chosen: SubsetSettings) -> set[str]:
    """Return the participants that a nested subset keeps.

    Of each stratum the first ⌈f·n⌉ in an order that follows from the seed and the ids alone: a
    smaller fraction keeps some of the same people, another one who joins or leaves keeps the order.

    Parameters
    ----------
    strata : mapping of str to str or None
        Training participants, each with the stratum.
    chosen : SubsetSettings
    """
    order = sorted(strata, key=lambda person: _chance("subset", chosen.seed, person))
    groups: dict[str | None, list[str]] = {}
    for person in order:
        groups.setdefault(strata[person], []).append(person)
    return {
        person
        for group in groups.values()
        for person in group[: at_most(len(group), chosen.fraction)]
    }


def at_most(people: int, fraction: float) -> int:
    """Return ⌈f·n⌉; 0.1 of 30 people are three, whatever the rounding of 0.1."""
    return math.ceil(round(fraction * people, 9))


def dealt(others: Iterable[str], folds: int, seed: int) -> dict[str, int]:
    """Deal participants who are not learned from to folds, each by a draw of their own.

    The draw follows from the seed and the id alone: nobody who joins or leaves moves anyone else.
    """
    return {person: int(_chance("others", seed, person) * folds) for person in others}


def _chance(layer: str, seed: int, person: str) -> float:
    """Return a number from 0 to below 1; Python promises the same one for the same text."""
    return random.Random(f"{layer}/{seed}/{person}").random()


def check_leakage(roles: Mapping[str, Iterable[str]], where: str = "") -> None:
    """Raise `LeakageError` if a participant has two roles.

    Parameters
    ----------
    roles : mapping of str to iterable of str
        Role → its participants.
    where : str
        The file and fold, or the key, for the message.
    """
    before: dict[str, str] = {}
    for role, people in roles.items():
        both: dict[str, list[str]] = {}
        for person in sorted(set(people)):
            first = before.setdefault(person, role)
            if first != role:
                both.setdefault(first, []).append(person)
        for other, names in both.items():
            raise LeakageError(
                f"{where}{few(names)} in {_word(other)} and in {_word(role)}; a split must go by "
                "participant"
            )


def _word(role: str) -> str:
    return "training" if role == TRAIN else role

"""Everyone is tested once, by a model of the other folds."""

from __future__ import annotations

from collections.abc import Sequence

from contrage.dataset.roles import Parts, Visit, dealt, state, tested_on
from contrage.dataset.schemes import _shuffled
from contrage.dataset.shares import Training
from contrage.settings.blocks.split import SplitSettings
from contrage.target import Target

DRAWN = True
IGNORES = {"column": "split", "roles": {}, "allow_shared_sites": False}


def folds(visits: Sequence[Visit], split: SplitSettings, seed: int) -> list[Parts]:
    """Test on each of the shuffled folds in turn."""
    dealt = _shuffled.test_sets(visits, split, seed, split.folds)
    return [tested_on("kfold", visits, tested) for tested in dealt]


def place(
    others: Sequence[Visit], made: Sequence[Parts], split: SplitSettings, seed: int
) -> dict[str, int]:
    """Deal those who are not learned from to the folds, after these were made."""
    fold = dealt({each.participant_id for each in others}, len(made), state(split, seed))
    return {each.scan_id: fold[each.participant_id] for each in others}


def count(visits: Sequence[Visit], split: SplitSettings) -> int:
    """Return how many folds there are."""
    return split.folds


def at_best(visits: Sequence[Visit], split: SplitSettings, target: Target) -> Training:
    """Return the smallest training part, at best."""
    parts = split.folds
    asked = f"dataset.split.folds: {parts} folds"
    return _shuffled.at_best(visits, split, parts, asked, tested=parts)


def most(visits: Sequence[Visit], split: SplitSettings, held_out: float) -> int:
    """Return how many scans the largest training part can have."""
    return _shuffled.most(visits, split.folds, held_out)

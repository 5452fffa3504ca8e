"""One part in so many is tested on, the others are learned from: the authors' way."""

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
    """Test on the first of the 1/test_fraction shuffled folds."""
    tested = _shuffled.test_sets(visits, split, seed, _parts(split))[0]
    return [tested_on("holdout", visits, tested)]


def place(
    others: Sequence[Visit], made: Sequence[Parts], split: SplitSettings, seed: int
) -> dict[str, int]:
    """Deal those who are not learned from to the folds, after these were made."""
    fold = dealt({each.participant_id for each in others}, len(made), state(split, seed))
    return {each.scan_id: fold[each.participant_id] for each in others}


def count(visits: Sequence[Visit], split: SplitSettings) -> int:
    """Return how many folds there are."""
    return 1


def at_best(visits: Sequence[Visit], split: SplitSettings, target: Target) -> Training:
    """Return what can be learned from, at best."""
    parts = _parts(split)
    asked = f"dataset.split.test_fraction: {split.test_fraction} is one of {parts} parts, which"
    return _shuffled.at_best(visits, split, parts, asked, tested=1)


def most(visits: Sequence[Visit], split: SplitSettings, held_out: float) -> int:
    """Return how many scans can be learned from."""
    return _shuffled.most(visits, _parts(split), held_out)


def _parts(split: SplitSettings) -> int:
    return round(1 / split.test_fraction)

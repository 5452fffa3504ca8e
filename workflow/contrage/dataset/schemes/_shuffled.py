"""Participants dealt to folds by chance, as scikit-learn does, in groups of the target or not."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from contrage.dataset.roles import Visit, state
from contrage.dataset.shares import Training, count_age_bins
from contrage.errors import SettingsError
from contrage.settings.blocks.split import SplitSettings


def test_sets(
    visits: Sequence[Visit], split: SplitSettings, seed: int, count: int
) -> list[set[str]]:
    """Return the participants of each of `count` parts.

    Raises
    ------
    SettingsError
        If there are too few participants.
    """
    import pandas as pd
    from sklearn.model_selection import KFold, StratifiedKFold

    table = pd.DataFrame(
        {
            "person": [visit.participant_id for visit in visits],
            "target": [visit.target for visit in visits],
        }
    )
    people = table.groupby("person", sort=True)["target"].mean()
    if len(people) < count:
        raise SettingsError(
            f"dataset.split: {count} folds need {count} participants, there are {len(people)}"
        )
    names = people.index.to_numpy()
    chance = {"shuffle": True, "random_state": state(split, seed)}
    if not split.stratify_by_age:
        parts = KFold(count, **chance).split(names)
    else:
        bins = count_age_bins(len(people), count)
        ranks = people.rank(method="first").to_numpy() - 1
        labels = (ranks * bins // len(people)).astype(int)
        parts = StratifiedKFold(count, **chance).split(names, labels)
    return [set(names[test]) for _, test in parts]


def at_best(
    visits: Sequence[Visit], split: SplitSettings, count: int, asked: str, tested: int
) -> Training:
    """Return the smallest training part of `count` folds, of which all or one are tested on.

    Parameters
    ----------
    visits, split
        As of a scheme.
    count : int
    asked : str
        What of the settings asks for so many, for the message.
    tested : int
        How many of the folds are tested on.
    """
    smallest = tuple(sorted(Counter(visit.participant_id for visit in visits).values()))
    people = len(smallest)
    if people < count:
        raise SettingsError(f"{asked} need {count} participants, there are {people}")
    if split.stratify_by_age:
        count_age_bins(people, count)
    out = math.ceil(people / count)
    # Where each is tested on, the one with most scans has its share of them at least.
    fewest = math.ceil(len(visits) / count) if tested == count else 0
    fewest = max(fewest, sum(smallest[:out]))
    return Training(people - out, len(visits) - fewest, smallest)


def most(visits: Sequence[Visit], count: int, held_out: float) -> int:
    """Return how many scans a training part can have at most."""
    people = len({visit.participant_id for visit in visits})
    tested = people // count
    return len(visits) - tested - round(held_out * (people - tested))

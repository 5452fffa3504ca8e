"""Areas under ROC curves of gaps, which the tables of areas and of their differences share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from contrage.evaluation.elements._gaps import GapsOfCohort, first_of_each
from contrage.evaluation.elements._groups import control_of
from contrage.evaluation.statistics.roc import Areas, areas
from contrage.settings.blocks.evaluations import GroupsSettings

AGE = "age"
OLDER, YOUNGER = "higher", "lower"
"""Which age is told as a patient's: the side on which patients are."""


@dataclass(frozen=True)
class Sides:
    """Scores of the first scan of each person, seed by seed.

    Attributes
    ----------
    scores : dict of str to ndarray of shape (seeds, people)
        Of age with its sign turned where patients are younger, so that its area is .5 or more.
    is_positive : ndarray of bool, shape (people,)
    participants : tuple of str
    left : int
        People who are not in every seed, and not here.
    age : str
        `OLDER` or `YOUNGER`.
    """

    scores: dict[str, np.ndarray]
    is_positive: np.ndarray
    participants: tuple[str, ...]
    left: int
    age: str

    def mean_areas(self) -> Areas:
        """Return the mean over seeds of each score's area: each seed's errors count, no average."""
        return mean_areas(list(self.scores.values()), self.is_positive)


def mean_areas(scores: Sequence[np.ndarray], is_positive: np.ndarray) -> Areas:
    """Return the mean over seeds of the area of each score (seeds, people)."""
    starts = np.cumsum([0, *(len(each) for each in scores)])
    places = [range(*pair) for pair in pairwise(starts)]
    return areas(np.concatenate(scores), is_positive).means(places)


def sides(
    found: GapsOfCohort, kinds: Sequence[str], positive: Sequence[str], groups: GroupsSettings
) -> Sides:
    """Return the scores of the patients of some groups and of the controls; age is one as well."""
    first = [first_of_each(scans) for _, scans in found.scans.groupby("seed")]
    seeds = [each[each["group"].isin([*positive, control_of(groups)])] for each in first]
    everyone = {person for seed in seeds for person in seed["participant_id"]}
    people = sorted(everyone.intersection(*(set(seed["participant_id"]) for seed in seeds)))
    lines = [seed.set_index("participant_id").loc[people] for seed in seeds]
    shown = [kind for kind in kinds if kind not in found.refused]
    columns = {**{kind: kind for kind in shown}, AGE: "target"}
    empty = np.empty((1, len(people)))
    scores = {
        name: np.stack([line[column].to_numpy(float) for line in lines]) if lines else empty
        for name, column in columns.items()
    }
    group = lines[0]["group"] if lines else pd.Series(dtype=object)
    is_positive = group.isin(positive).to_numpy(bool)
    age = YOUNGER if mean_areas([scores[AGE]], is_positive).auc[0] < 0.5 else OLDER
    # Whoever may look at ages may also take the younger for patients: what a gap has to beat.
    scores[AGE] = -scores[AGE] if age == YOUNGER else scores[AGE]
    return Sides(scores, is_positive, tuple(people), len(everyone) - len(people), age)

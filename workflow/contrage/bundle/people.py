"""People of an experiment in numbers: counted, and how far off they were predicted.

Nothing here tells of one person: bins are of round numbers, and who is alone in one is counted with
neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contrage.bundle.facts import BinFacts, GroupFacts
from contrage.dataset.roles import LEARNED_FROM
from contrage.evaluation.held_out import RESIDUAL
from contrage.evaluation.held_out import held_out as of_evaluation
from contrage.evaluation.predictions import PREDICTED, TRUE, of_role
from contrage.evaluation.statistics.conformal import SITE, without_each, without_each_site
from contrage.target_words import TargetInWords

Floats = NDArray[np.float64]

FEWEST, OF_A_SITE = 3, 5
"""People of a bin, and of a site, that is told by itself."""
WIDTH, BAND, MANY = 5, 10, 60
"""Width of a bin, and of a band of errors, in `target.bin`; how many there may be."""


@dataclass(frozen=True)
class HeldOut:
    """People whom the trainings that predict them have not seen: one scan each.

    Attributes
    ----------
    people : DataFrame
        As `contrage.evaluation.held_out.held_out` returns them, and baseline: the mean of the
        targets that whoever predicts learned from.
    """

    people: pd.DataFrame

    @property
    def residuals(self) -> Floats:
        """Return predicted minus true of each."""
        return (self.people[PREDICTED] - self.people[TRUE]).to_numpy(float)

    @property
    def sites_are_new(self) -> bool:
        """Return whether nobody of their sites was learned from by who predicts them."""
        return bool((self.people["site"].notna() & ~self.people["seen"].astype(bool)).all())

    def sites(self) -> dict[str, Floats]:
        """Return site → residuals of its people, sorted; sites of few people have a number."""
        counts = self.people["site"].value_counts().sort_index()
        small = [name for name, count in counts.items() if count < OF_A_SITE]
        told = {name: f"({number})" for number, name in enumerate(small, 1)}
        return {
            str(told.get(name, name)): np.sort(
                self.residuals[(self.people["site"] == name).to_numpy()]
            )
            for name in counts.index
        }

    def covered(self, level: float, interval: str) -> Floats:
        """Return whether each one's target lies in the interval that others make (NaN: none).

        Where there are several sites, the others are the people of other sites.

        Parameters
        ----------
        level : float
        interval : {"people", "site"}
        """
        people = self.people
        if people["site"].nunique() > 1:
            people = people[people["site"].notna()]
            widths = without_each_site(people[RESIDUAL], people["site"], level, interval)
        elif interval == SITE:
            widths = np.full(len(people), np.inf)
        else:
            widths = without_each(people[RESIDUAL], level)
        found = np.where(np.isfinite(widths), people[RESIDUAL] <= widths, np.nan)
        return pd.Series(found, people.index).reindex(self.people.index).to_numpy(float)


def held_out(of_seeds: Sequence[pd.DataFrame], scans: pd.DataFrame) -> HeldOut:
    """Return the people of role test.

    Parameters
    ----------
    of_seeds : sequence of DataFrame
        Predictions of each seed, as `contrage.evaluation.predictions.read` reads them.
    scans : DataFrame
        The table of scans.
    """
    found = of_evaluation(of_seeds, scans)
    means = of_evaluation([_training_mean(frame) for frame in of_seeds], scans)
    return HeldOut(found.assign(baseline=means[PREDICTED]))


def _training_mean(frame: pd.DataFrame) -> pd.DataFrame:
    """Return lines that predict the mean of what their fold learned from."""
    train = of_role(frame, LEARNED_FROM)
    return frame.assign(**{PREDICTED: frame["fold"].map(train.groupby("fold")[TRUE].mean())})


def learned(of_seeds: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the scans that any training learned from: one line each."""
    lines = pd.concat([of_role(frame, LEARNED_FROM) for frame in of_seeds])
    return lines.drop_duplicates("scan_id").reset_index(drop=True)


def edges(values: Floats, target: TargetInWords, width: int, least: int) -> list[float]:
    """Return the edges of bins that hold all values, each with so many of them at least.

    Edges are multiples of the width, in the target's bins.
    """
    step = width * target.bin
    while (values.max() - values.min()) / step > MANY:
        step *= 2
    low, high = math.floor(values.min() / step), math.floor(values.max() / step) + 1
    every = [round(step * number, 9) for number in range(low, high + 1)]
    kept = [every[0]]
    for end in every[1:]:
        inside = ((values >= kept[-1]) & (values < end)).sum()
        left = (values >= end).sum()
        if end == every[-1] or (inside >= least and left >= least):
            kept.append(end)
    return kept


def bins(
    values: Floats,
    target: TargetInWords,
    width: int,
    errors: Floats | None = None,
    covered: Floats | None = None,
) -> tuple[BinFacts, ...]:
    """Return how many people there are by the target, and how far off they were predicted."""
    if target.is_binary:
        parts = [(side, side, values == side) for side in (0.0, 1.0)]
    else:
        ends = edges(values, target, width, FEWEST)
        parts = [(a, b, (values >= a) & (values < b)) for a, b in pairwise(ends)]
    return tuple(
        BinFacts(low, high, int(inside.sum()), _mean(errors, inside), _mean(covered, inside))
        for low, high, inside in parts
    )


def groups(
    sites: Iterable[object], errors: Floats | None = None, covered: Floats | None = None
) -> tuple[GroupFacts, ...]:
    """Return how many people there are of each site; those of few people are told together."""
    names = pd.Series(list(sites), dtype=object).fillna("").astype(str)
    counts = names.value_counts()
    large = {name for name, count in counts.items() if count >= OF_A_SITE and name}
    told = names.where(names.isin(large), "").to_numpy(str)
    return tuple(_group(str(name), told == name, errors, covered) for name in sorted(set(told)))


def _group(
    name: str, inside: NDArray[np.bool_], errors: Floats | None, covered: Floats | None
) -> GroupFacts:
    """Return how many there are; of fewer than `FEWEST` nothing else, which would be a person's."""
    count = int(inside.sum())
    if count < FEWEST:
        return GroupFacts(name, count, None, None)
    return GroupFacts(name, count, _mean(errors, inside), _mean(covered, inside))


def _mean(values: Floats | None, inside: NDArray[np.bool_]) -> float | None:
    """Return the mean over those inside who have a value, if there are any."""
    if values is None or not np.isfinite(values[inside]).any():
        return None
    return float(np.nanmean(values[inside]))


def sexes(told: Iterable[object]) -> dict[str, int]:
    """Return sex → people, as the tables say it; of few people, together with unknown ones."""
    names = pd.Series(list(told), dtype=object).fillna("n/a").astype(str)
    counts = names.value_counts()
    rare = [name for name, count in counts.items() if count < FEWEST]
    found = names.where(~names.isin(rare), "n/a").value_counts()
    return {str(name): int(count) for name, count in sorted(found.items())}

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
from contrage.dataset.roles import LEARNED_FROM, REPORTED
from contrage.evaluation.predictions import of_role
from contrage.evaluation.statistics.conformal import PEOPLE, without_each, without_each_site
from contrage.evaluation.statistics.people import first_scans
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
        participant_id, site (missing where not known), target, predicted (the seeds' mean),
        baseline (of the training mean) and new_site (whether who predicted has seen nobody of it).
    """

    people: pd.DataFrame

    @property
    def residuals(self) -> Floats:
        """Return predicted minus true of each."""
        return (self.people["predicted"] - self.people["target"]).to_numpy(float)

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

    def covered(self, level: float) -> NDArray[np.float64]:
        """Return whether each one's target lies in the interval that the others make (NaN: none).

        Where there are several sites, the others are those of other sites.
        """
        errors, sites = np.abs(self.residuals), self.people["site"].fillna("").to_numpy(str)
        if len(self.sites()) > 1:
            widths = without_each_site(errors, sites, level, PEOPLE)
        else:
            widths = without_each(errors, level)
        return np.where(np.isfinite(widths), errors <= widths, np.nan)


def held_out(of_seeds: Sequence[pd.DataFrame], target: TargetInWords) -> HeldOut:
    """Return the people of role test.

    Parameters
    ----------
    of_seeds : sequence of DataFrame
        Predictions of each seed, as `contrage.evaluation.predictions.read` reads them.
    target : TargetInWords
    """
    tested = [_of_seed(frame) for frame in of_seeds]
    every = pd.concat(tested)
    by_scan = every.groupby("scan_id", sort=True)
    scans = by_scan[["participant_id", "site", "target"]].first()
    means = by_scan[["predicted", "baseline"]].mean()
    found = scans.join(means).join(by_scan["new_site"].all())
    times = found["target"] if target.is_age else np.zeros(len(found))
    first = first_scans(found["participant_id"], times)
    return HeldOut(found.iloc[first].reset_index(drop=True))


def _of_seed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a seed's lines of role test with the training mean, and whether a site is new."""
    train, test = of_role(frame, LEARNED_FROM), of_role(frame, REPORTED).copy()
    test["baseline"] = test["fold"].map(train.groupby("fold")["target"].mean())
    seen = set(zip(train["fold"], train["site"].fillna(""), strict=True))
    own = zip(test["fold"], test["site"].fillna(""), strict=True)
    test["new_site"] = [pair not in seen and pair[1] != "" for pair in own]
    return test


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

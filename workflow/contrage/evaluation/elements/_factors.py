"""The factors of every row, which the tables of them, of people and of draws share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from contrage.dataset.roles import REPORTED
from contrage.evaluation import predictions as table
from contrage.evaluation.alpha import Features
from contrage.evaluation.elements._first import one_each
from contrage.evaluation.given import Given
from contrage.evaluation.statistics.lipschitz import RowOnTest, bootstrapped_gaps, factors, gaps
from contrage.learning.folds import read_scans
from contrage.settings.blocks.evaluations import LipschitzSettings
from contrage.settings.blocks.statistics import StatisticsSettings
from contrage.settings.build import build


@dataclass(frozen=True)
class FactorsOfRow:
    """The factors of a row's test people, seed by seed.

    Attributes
    ----------
    row : str
    seeds : list of RowOnTest
    people : DataFrame
        seed (its place), fold, participant_id, scan_id, factor: a line for each person and seed.
    """

    row: str
    seeds: list[RowOnTest]
    people: pd.DataFrame


def asked_of(given: Given) -> LipschitzSettings:
    """Return which row others are compared with, and how many draws."""
    return build(LipschitzSettings, given.told["evaluations.lipschitz"])


def factors_of_rows(given: Given) -> Iterator[FactorsOfRow]:
    """Yield the factors of every row: of the first test scan of each person, fold by fold."""
    assert given.scans is not None
    everyone = read_scans(given.scans, given.target)
    splits = [list(table.folds(split, everyone)) for split in given.splits]
    for row in given.rows:
        files = iter(given.features[row])
        seeds, people = [], []
        for seed, (parts, frame) in enumerate(zip(splits, given.frames(row), strict=True)):
            tested = frame[frame["split"] == REPORTED].set_index("scan_id")
            found = []
            for part in parts:
                own, features = one_each(part.test), Features(next(files))
                lines = {
                    "seed": seed,
                    "fold": part.number,
                    "participant_id": own.participants,
                    "scan_id": own.ids,
                    "factor": factors(features.of(own), own.targets),
                    "target": own.targets,
                }
                found.append(pd.DataFrame(lines))
            whole = pd.concat(found, ignore_index=True)
            whole["predicted"] = tested["predicted"].reindex(whole["scan_id"]).to_numpy()
            seeds.append(_tested(whole))
            people.append(whole.drop(columns=["target", "predicted"]))
        yield FactorsOfRow(row, seeds, pd.concat(people, ignore_index=True))


def _tested(lines: pd.DataFrame) -> RowOnTest:
    columns = (lines[name].to_numpy(float) for name in ("factor", "target", "predicted"))
    return RowOnTest(*columns, lines["fold"].to_numpy(int))


def gaps_to_reference(
    given: Given, rows: list[FactorsOfRow]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return row → Z and the gap in r of each seed (seeds, 2), and means over seeds of the draws.

    Of the draws (draws, 2): people are drawn, and all seeds see the same. Nothing where there is no
    reference.
    """
    asked = asked_of(given)
    drawn = build(StatisticsSettings, given.told["statistics"])
    reference = next((each for each in rows if each.row == asked.reference), None)
    found = {}
    for own in rows if reference else ():
        if own is reference:
            continue
        pairs = list(zip(reference.seeds, own.seeds, strict=True))
        at = np.array([gaps(*pair) for pair in pairs])
        draws = [bootstrapped_gaps(*pair, asked.draws, drawn.seed) for pair in pairs]
        found[own.row] = at, np.mean(draws, axis=0)
    return found

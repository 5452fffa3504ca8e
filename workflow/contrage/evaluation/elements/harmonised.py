"""Rows read by a probe after ComBat, fitted on training rows alone, beside the same without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from contrage.dataset.normalise import standardise
from contrage.dataset.roles import LEARNED_FROM, REPORTED
from contrage.evaluation import ridge
from contrage.evaluation.alpha import Features, candidates
from contrage.evaluation.given import Given
from contrage.evaluation.harmonise import combat, known_sites
from contrage.evaluation.held_out import held_out
from contrage.evaluation.predictions import PREDICTED, TRUE, Fold, folds
from contrage.evaluation.statistics.site_offset import at_same_target, shrunken
from contrage.evaluation.statistics.summary import against, mae_table
from contrage.files import open_array, read_json
from contrage.learning.folds import Scans, read_scans
from contrage.settings.blocks.probe import ProbeSettings
from contrage.settings.blocks.statistics import StatisticsSettings
from contrage.settings.build import build
from contrage.tables import read_tsv

TITLE = "With sites taken out"
NEEDS = ("predictions", "features", "metrics", "splits", "scans", "array", "number")
SETTINGS = ("evaluations.harmonised", "probe", "statistics")
COLUMNS = {}  # the page has its table, see contrage.report.elements.told
NONE, COMBAT = "none", "combat"
TABLE = "ridge-features"
"""The features of a table themselves, as the baseline of this name reads them."""
Reader = Callable[[Scans], np.ndarray]
IN_FILE = ("row", "correction", "mae_mean", "mae_sd", "n_seeds", "n_participants", "ci_low")
IN_FILE += ("ci_high", "difference", "difference_low", "difference_high", "between")
IN_FILE += ("n_left_out", "note")
NOBODY = "no test person is of a site with enough training scans, or there is one such site alone"


def evaluate(given: Given) -> pd.DataFrame:
    """Compare each row's probe on features as they are, and after ComBat, on the same people.

    Test people of sites that ComBat does not know from training rows are in neither: what it would
    do to them, nobody can say.

    Returns
    -------
    DataFrame
        With columns row, correction (none, combat), mae_mean, mae_sd, n_seeds, n_participants,
        ci_low, ci_high; difference (combat minus none) with its interval; between (the SD between
        sites of the signed error at the same target, as `site_offset` has it); n_left_out (test
        scans of all seeds that are in neither); note.
    """
    assert given.scans is not None and given.array is not None
    drawn = build(StatisticsSettings, given.told["statistics"])
    asked = build(ProbeSettings, given.told["probe"])
    everyone, scans = read_scans(given.scans, given.target), read_tsv(given.scans)
    rows = list(given.rows) + [TABLE] * (not given.form.has_channels)
    lines: list[dict[str, Any]] = []
    for row in rows:
        frames: dict[str, list[pd.DataFrame]] = {NONE: [], COMBAT: []}
        left_out = 0
        for place, split in enumerate(given.splits):
            parts = list(folds(split, everyone))
            alphas = _alphas(given, row, place, len(parts))
            found, out = _of_seed(parts, _readers(given, row, place, parts), alphas, asked)
            left_out += out
            for name, frame in found.items():
                frames[name].append(frame)
        lines += _lines(row, frames, scans, drawn, left_out)
    return pd.DataFrame(lines, columns=list(IN_FILE))


def _readers(given: Given, row: str, place: int, parts: Sequence[Fold]) -> list[Reader]:
    """Return what reads the features (n, d) of some scans, for each fold of a seed."""
    if row == TABLE:
        assert given.array is not None
        table = open_array(given.array)
        return [_of_table(table, part.entry) for part in parts]
    files = given.features[row][place * len(parts) : (place + 1) * len(parts)]
    return [Features(file).of for file in files]


def _alphas(given: Given, row: str, place: int, number: int) -> list[float | None]:
    """Return the penalty that the run's own probe has in each fold of a seed.

    None where there is no such probe: of a table itself, and of rows that a head predicts.
    """
    files = given.metrics.get(row, [])
    found = read_json(files[place]).get("alpha") if files else None
    return [None] * number if found is None else list(found)


def _of_table(table: np.ndarray, entry: dict[str, Any]) -> Reader:
    return lambda scans: standardise(np.array(table[scans.rows]), entry).astype(float)


def _of_seed(
    parts: Sequence[Fold],
    readers: Sequence[Reader],
    alphas: Sequence[float | None],
    asked: ProbeSettings,
) -> tuple[dict[str, pd.DataFrame], int]:
    """Return the predictions of a seed by correction, and how many test scans are in neither."""
    lines: dict[str, list[pd.DataFrame]] = {NONE: [], COMBAT: []}
    left_out = 0
    for part, read, alpha in zip(parts, readers, alphas, strict=True):
        chosen = candidates(asked) if alpha is None else (alpha,)
        known = known_sites(part.train.sites)
        train, test = _of_sites(part.train, known), _of_sites(part.test, known)
        if len(known) < 2 or not len(test.ids):
            left_out += len(part.test.ids)
            continue
        left_out += len(part.test.ids) - len(test.ids)
        plain = read(train), read(test)
        sites = [[str(site) for site in scans.sites] for scans in (train, test)]
        corrected = combat(plain[0], sites[0], plain[1], sites[1])
        for name, (learned, new) in ((NONE, plain), (COMBAT, corrected)):
            fitted = ridge.fit(learned, train.targets, train.participants, chosen, asked.folds)
            lines[name] += [
                _frame(train, fitted.predict(learned), LEARNED_FROM, part.number),
                _frame(test, fitted.predict(new), REPORTED, part.number),
            ]
    return {name: pd.concat(each) for name, each in lines.items() if each}, left_out


def _of_sites(scans: Scans, known: set[str]) -> Scans:
    return scans.take(np.flatnonzero([site in known for site in scans.sites]))


def _frame(scans: Scans, predicted: np.ndarray, role: str, fold: int) -> pd.DataFrame:
    """Return predictions as those of a probe are read."""
    return pd.DataFrame(
        {
            "participant_id": scans.participants,
            "scan_id": scans.ids,
            "site": scans.sites,
            TRUE: scans.targets,
            PREDICTED: predicted,
            "split": role,
            "fold": fold,
        }
    )


def _lines(
    row: str,
    frames: dict[str, list[pd.DataFrame]],
    scans: pd.DataFrame,
    drawn: StatisticsSettings,
    left_out: int,
) -> Iterator[dict[str, Any]]:
    """Yield a row's two lines; one that says why where there is nothing to compare."""
    told = {"row": row, "n_left_out": left_out}
    if not frames[NONE]:
        yield told | {"note": NOBODY}
        return
    table = mae_table(frames, drawn).rename(columns={"loss": "correction"})
    apart = against({row: frames[COMBAT]}, {row: frames[NONE]}, drawn).iloc[0]
    differences = {
        "difference": apart["diff_to_null"],
        "difference_low": apart["null_ci_low"],
        "difference_high": apart["null_ci_high"],
    }
    for line in table.to_dict("records"):
        own = {name: line[name] for name in IN_FILE if name in line}
        people = held_out(frames[line["correction"]], scans)  # as `site_offset` counts them
        between = {"between": _between(people, drawn.confidence)}
        yield told | own | between | (differences if line["correction"] == COMBAT else {})


def _between(people: pd.DataFrame, confidence: float) -> float | None:
    """Return the SD between sites of what is added to predictions, at the same target."""
    error = (people[PREDICTED] - people[TRUE]).to_numpy()
    found = shrunken(
        at_same_target(error, people[TRUE], people["site"]), people["site"], confidence
    )
    return None if found is None else found.between

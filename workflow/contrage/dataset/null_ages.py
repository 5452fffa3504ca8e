"""Targets permuted among the training participants: what is left to learn is nothing."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from contrage.files import read_json
from contrage.settings.steps.dataset import NullAgesStep
from contrage.tables import read_table, read_tsv, write_rows

log = logging.getLogger(__name__)

LAYER = 99
"""Sets these draws apart from those of splits and searches with the same seed."""


def null_ages(settings: NullAgesStep, *, scans: Path, split: Path, fold: int, output: Path) -> None:
    """Write the experiment's scans with the targets of a fold's training participants permuted.

    Whoever is tested on keeps the target, so that the error of what is learned from this table is
    that of an encoder and a probe that had nothing to learn: the bar of chance.

    Parameters
    ----------
    settings : NullAgesStep
    scans, split : Path
        The experiment's scans, the folds of this seed.
    fold : int
        Number of the fold.
    output : Path
        Output TSV: the lines of `scans` as they stand, but for the targets of training scans.
    """
    entry = next(each for each in read_json(split)["folds"] if each["fold"] == fold)
    chance = np.random.default_rng([LAYER, settings.seed, fold])
    name = settings.target.column
    training = set(entry["train"])
    if settings.target.is_binary:
        drawn = permuted_sides(read_tsv(scans, as_text=True), training, chance, name)
    else:
        drawn = permuted(read_tsv(scans), training, chance, name)
    whole = read_table(scans)
    rows = [{**row, name: drawn.get(row["scan_id"], row[name])} for row in whole.rows]
    write_rows(output, whole.columns, rows)
    log.info("fold %d: the targets of %d training scans are permuted", fold, len(drawn))


def permuted_sides(
    table: pd.DataFrame, training: set[str], chance: np.random.Generator, column: str
) -> dict[str, str]:
    """Return scan_id → cell of a binary target for the training scans, permuted.

    Each participant gets the side of another's first scan, for all scans.

    Parameters
    ----------
    table, training, chance, column
        As of `permuted`; cells as text.
    """
    part = table[table["scan_id"].isin(training)]
    sides = part.groupby("participant_id", sort=True)[column].first()
    drawn = dict(zip(sides.index, chance.permutation(sides.to_numpy()), strict=True))
    return dict(zip(part["scan_id"], part["participant_id"].map(drawn), strict=True))


def permuted(
    table: pd.DataFrame, training: set[str], chance: np.random.Generator, column: str
) -> dict[str, float]:
    """Return scan_id → target for the training scans, each participant with that of another.

    A participant gets the mean target of the one drawn; the scans of one stay as far apart as they
    were, so that they stay one person's. With a scan each it is a permutation of the targets.

    Parameters
    ----------
    table : DataFrame
        scan_id, participant_id and the target's column.
    training : set of str
        scan_id of those whose targets are permuted.
    chance : numpy.random.Generator
    column : str
        The target's.
    """
    part = table[table["scan_id"].isin(training)]
    means = part.groupby("participant_id", sort=True)[column].mean()
    drawn = dict(zip(means.index, chance.permutation(means.to_numpy()), strict=True))
    own = part["participant_id"].map(means)
    values = part["participant_id"].map(drawn) + (part[column] - own)
    return dict(zip(part["scan_id"], values.tolist(), strict=True))

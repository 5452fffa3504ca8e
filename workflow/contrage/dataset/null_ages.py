"""Ages permuted among the training participants: what is left to learn is nothing."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contrage.files import read_json
from contrage.tables import read_table, read_tsv, write_rows

log = logging.getLogger(__name__)

LAYER = 99
"""Sets these draws apart from those of splits and searches with the same seed."""


def null_ages(
    settings: dict[str, Any], *, scans: Path, split: Path, fold: int, output: Path
) -> None:
    """Write the experiment's scans with the ages of a fold's training participants permuted.

    Whoever is tested on keeps the age, so that the error of what is learned from this table is
    that of an encoder and a probe that had nothing to learn: the bar of chance.

    Parameters
    ----------
    settings : dict
        `seed` of the training.
    scans, split : Path
        The experiment's scans, the folds of this seed.
    fold : int
        Number of the fold.
    output : Path
        Output TSV: the lines of `scans` as they stand, but for the ages of training scans.
    """
    entry = next(each for each in read_json(split)["folds"] if each["fold"] == fold)
    chance = np.random.default_rng([LAYER, settings["seed"], fold])
    ages = permuted(read_tsv(scans), set(entry["train"]), chance)
    whole = read_table(scans)
    rows = [{**row, "age": ages.get(row["scan_id"], row["age"])} for row in whole.rows]
    write_rows(output, whole.columns, rows)
    log.info("fold %d: the ages of %d training scans are permuted", fold, len(ages))


def permuted(
    table: pd.DataFrame, training: set[str], chance: np.random.Generator
) -> dict[str, float]:
    """Return scan_id → age for the training scans, each participant with the age of another.

    A participant gets the mean age of the one drawn; between the scans of one lie the years that
    did, so that they stay one person's. With a scan each it is a permutation of the ages.

    Parameters
    ----------
    table : DataFrame
        scan_id, participant_id, age.
    training : set of str
        scan_id of those whose ages are permuted.
    chance : numpy.random.Generator
    """
    part = table[table["scan_id"].isin(training)]
    means = part.groupby("participant_id", sort=True)["age"].mean()
    drawn = dict(zip(means.index, chance.permutation(means.to_numpy()), strict=True))
    own = part["participant_id"].map(means)
    ages = part["participant_id"].map(drawn) + (part["age"] - own)
    return dict(zip(part["scan_id"], ages.tolist(), strict=True))

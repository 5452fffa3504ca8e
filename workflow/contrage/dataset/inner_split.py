"""A split inside the training split: what settings, or the probe's penalty, are chosen on.

No test scan is in it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from contrage.dataset.dominance import warn
from contrage.dataset.hold_out import hold_out
from contrage.dataset.load import open_images
from contrage.dataset.roles import CHOSEN_BY, LEARNED_FROM, REPORTED
from contrage.dataset.split import check_sides, content, read_targets
from contrage.errors import SettingsError
from contrage.files import read_json, write_json
from contrage.settings.steps.dataset import InnerSplitStep
from contrage.tables import read_table, write_rows

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Purpose:
    """What an inner split is for.

    Attributes
    ----------
    key : str
        The setting that says which part is held out.
    learner : str
        Who learns from the other part, for a message.
    layer : tuple of int
        Sets its draws apart from those of other purposes.
    """

    key: str
    learner: str
    layer: tuple[int, ...] = ()


PURPOSES = {
    "search": Purpose("search.validation_fraction", "the search"),
    "unseen": Purpose(
        "probe.unseen.fraction", "the encoder that the penalty is chosen with", (98,)
    ),
}


def inner_split(
    settings: InnerSplitStep,
    *,
    scans: Path,
    array: Path,
    split: Path,
    fold: int,
    inner_scans: Path,
    output: Path,
) -> None:
    """Divide the training scans of one fold once more, by participant.

    Statistics follow the experiment's normalisation as in `contrage.dataset.split`, from the inner
    training scans alone; with "cohort" from all scans of the fold's training split. Where the fold
    has scans of role val they have that role here too, for an early stop. Nobody else of the fold
    is in either output, so that nothing that reads these can see a test scan.

    Parameters
    ----------
    settings : InnerSplitStep
    scans, array, split : Path
        The experiment's scans, the cohort's images or features, the folds of one seed.
    fold : int
        Number of the fold.
    inner_scans : Path
        Output TSV: the lines of `scans` that the fold trains on, or chooses an epoch by.
    output : Path
        Output JSON: a split file with this fold alone, under its own number; `test` are the scans
        to validate on.

    Raises
    ------
    SettingsError
        If either side has fewer than two participants, or a batch is larger than what is learned
        from.
    """
    whole = next(entry for entry in read_json(split)["folds"] if entry["fold"] == fold)
    chosen_by = set(whole.get(CHOSEN_BY, []))
    keep_lines(scans, {*whole[LEARNED_FROM], *chosen_by}, inner_scans)
    table = read_targets(inner_scans, settings.target)
    beside = table["scan_id"].isin(chosen_by)
    purpose = PURPOSES[settings.purpose]
    chance = np.random.default_rng([*purpose.layer, settings.seed, fold])
    people = table.loc[~beside, "participant_id"]
    drawn = hold_out(people, settings.fraction, chance, purpose.key)
    validated = table["participant_id"].isin(drawn)
    parts = {
        LEARNED_FROM: table[~validated & ~beside],
        REPORTED: table[validated],
        CHOSEN_BY: table[beside],
    }
    train = parts[LEARNED_FROM]
    if len(train) < settings.batch_size:
        raise SettingsError(
            f"training.batch_size: {settings.batch_size} is more than the {len(train)} scans "
            f"that {purpose.learner} learns from in fold {fold}; make the batch or {purpose.key} "
            "smaller"
        )
    check_sides(train["target"], fold, settings.target)
    images = open_images(array, settings.form)
    entry = {
        "fold": fold,
        "name": settings.purpose,
        **content(images, parts, settings.target, settings),
    }
    warn([entry])
    write_json(output, {"scheme": settings.purpose, "seed": settings.seed, "folds": [entry]})
    judged = len(parts[REPORTED])
    log.info("fold %d: %d scans to learn from, %d to validate", fold, len(train), judged)


def keep_lines(table: Path, scans: set[str], output: Path) -> None:
    """Copy a table's head and the lines of some scans as they stand, digit by digit."""
    whole = read_table(table)
    write_rows(output, whole.columns, [row for row in whole.rows if row["scan_id"] in scans])

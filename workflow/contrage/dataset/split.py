"""Who is learned from and who is tested on: by participant, never by scan."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contrage.dataset.dominance import dominant, warn
from contrage.dataset.load import open_images
from contrage.dataset.normalise import feature_statistics, statistics_and_shares
from contrage.dataset.parts import make_folds
from contrage.dataset.roles import (
    ALWAYS,
    LEARNED_FROM,
    PLAYED,
    SCALED_WITH,
    Visit,
    check_leakage,
    check_learners,
    visit,
)
from contrage.errors import SettingsError
from contrage.files import write_json
from contrage.form import Form
from contrage.tables import read_table, read_tsv
from contrage.target import Target

log = logging.getLogger(__name__)


def split(settings: dict[str, Any], *, scans: Path, array: Path, output: Path) -> None:
    """Write the folds of one seed with the statistics that normalisation needs.

    Parameters
    ----------
    settings : dict
        `split`, `learn_from`, `subset`, `missing_targets` of `dataset` (`make_folds`), `target`,
        `seed` (of the training), `normalisation`, `field_of_view`, `form` (see
        `contrage.dataset.load.open_images`), `batch_size`.
    scans : Path
        The experiment's scans.
    array : Path
        All images, shape (scans, channels, …), or a table's features, shape (scans, features).
    output : Path
        JSON: scheme, seed and folds, each with train and test (scan_id) and, where somebody plays
        these parts, val, external and predict; train_rows (of the array), mean and sd of each
        channel (of each feature, with its median), dominant (scans that bring too much of the SD,
        each with its share of the squares), <target>_mean and <target>_sd of the training scans.

    Raises
    ------
    SettingsError
        If there are too few participants for the folds or scans for a batch, or a setting of
        roles cannot be followed.
    LeakageError
        If a participant has two roles.
    """
    table, images = read_targets(scans, settings), open_images(array, settings)
    visits = read_visits(scans, table, settings)
    folds = []
    for number, made in enumerate(make_folds(visits, settings, settings["seed"])):
        parts = {role: table[table["scan_id"].isin(made.scans(role))] for role in PLAYED}
        _check_size(len(parts[LEARNED_FROM]), number, settings)
        check_sides(parts[LEARNED_FROM]["target"], number, Target(**settings["target"]))
        folds.append({"fold": number, "name": made.name, **content(images, parts, settings)})
        counts = ", ".join(f"{len(part)} {role}" for role, part in parts.items() if len(part))
        log.info("fold %d, scans by role: %s", number, counts)
    warn(folds)
    scheme = settings["split"]["scheme"]
    write_json(output, {"scheme": scheme, "seed": settings["seed"], "folds": folds})


def read_targets(scans: Path, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Read a table of scans, with the target's numbers as a further column `target`.

    Raises
    ------
    TableError
        If a scan has none.
    """
    table, target = read_tsv(scans), Target(**settings["target"])
    values = target.of(table.to_dict("records"), scans)
    # pandas' own reading of the numbers, where they are some: it rounds the last digit otherwise.
    return table.assign(target=values if target.is_binary else table[target.column])


def read_visits(scans: Path, table: pd.DataFrame, settings: Mapping[str, Any]) -> list[Visit]:
    """Return what decides the roles of an experiment's scans, with the targets of `table`.

    Cells are taken as text: 01 is a label, no number.
    """
    rows, targets = read_table(scans).rows, table["target"].tolist()
    return [visit(row, settings, value) for row, value in zip(rows, targets, strict=True)]


def _check_size(scans: int, number: int, settings: Mapping[str, Any]) -> None:
    """Refuse a training part that holds no batch."""
    check_learners(scans, settings["learn_from"], settings["batch_size"])
    if scans < settings["batch_size"]:
        left = [*["missing_targets"] * bool(settings["missing_targets"])]
        left += ["subset"] * (settings["subset"]["fraction"] < 1)
        by = f" that dataset.{' and dataset.'.join(left)} left" if left else ""
        raise SettingsError(
            f"training.batch_size: {settings['batch_size']} is more than the {scans} "
            f"training scans{by} of fold {number}; make the batch smaller"
        )


def check_sides(values: pd.Series, number: int, target: Target) -> None:
    """Raise `SettingsError` if a fold would learn a binary target from one of its sides alone."""
    if target.is_binary and values.nunique() == 1:
        raise SettingsError(
            f"dataset.split: all {len(values)} training scans of fold {number} have the "
            f"{target.column} {target.said(values.iloc[0])}, so there is "
            "nothing to learn; split otherwise, or add people"
        )


def content(
    images: np.ndarray, parts: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a split file says of a fold beside its number and name.

    Parameters
    ----------
    images : ndarray of shape (scans, channels, …) or (scans, features)
        Of the whole cohort.
    parts : mapping of str to DataFrame
        Role → scan_id, participant_id, row, target of its scans.
    settings : mapping
        `target`, `normalisation`, `field_of_view` and `form`.

    Raises
    ------
    LeakageError
        If a participant has two roles.
    SettingsError
        If everybody that is learned from has one and the same target.
    """
    check_leakage({role: part["participant_id"] for role, part in parts.items()})
    train, target = parts[LEARNED_FROM], Target(**settings["target"])
    check_varies(train["target"], target)
    return {
        **{
            role: part["scan_id"].tolist()
            for role, part in parts.items()
            if len(part) or role in ALWAYS
        },
        "train_rows": train["row"].astype(int).tolist(),
        **_statistics(images, parts, settings),
        target.mean_key: float(train["target"].mean()),
        target.sd_key: float(train["target"].std(ddof=0)),
    }


def _statistics(
    images: np.ndarray, parts: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what normalisation needs to know; of a table's features, from training rows alone."""
    training = parts[LEARNED_FROM]["row"].to_numpy(int)
    form = Form(**settings["form"])
    if not form.has_channels:
        return feature_statistics(images, training)
    counted = pd.concat([part for role, part in parts.items() if role in SCALED_WITH])
    name_of = dict(zip(counted["row"].astype(int), counted["scan_id"], strict=True))
    everyone = np.array(sorted(name_of))
    used = training if settings["normalisation"] == "train" else everyone
    mean, sd, shares = statistics_and_shares(
        images, used, training, settings["field_of_view"], form.background
    )
    scaled_alike = settings["normalisation"] != "image"  # else each image has an SD of its own
    found = dominant([name_of[row] for row in used], shares) if scaled_alike else []
    return {"mean": mean, "sd": sd, "dominant": found}


def check_varies(values: pd.Series, target: Target) -> None:
    """Raise `SettingsError` if all that is learned from has one and the same target."""
    if values.nunique() == 1:
        raise SettingsError(
            f"dataset.split: all {len(values)} scans of a training part have the {target.column} "
            f"{values.iloc[0]:g}, so there is nothing to learn; split otherwise, or add people"
        )

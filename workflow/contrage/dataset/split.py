"""Who is learned from and who is tested on: by participant, never by scan."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contrage.dataset.dominance import dominant, warn
from contrage.dataset.load import open_images
from contrage.dataset.normalise import feature_statistics, statistics_and_shares
from contrage.dataset.shares import count_age_bins
from contrage.errors import LeakageError, SettingsError
from contrage.files import write_json
from contrage.form import Form
from contrage.tables import read_tsv
from contrage.target import Target

log = logging.getLogger(__name__)


def split(settings: dict[str, Any], *, scans: Path, array: Path, output: Path) -> None:
    """Write the folds of one seed with the statistics that normalisation needs.

    Parameters
    ----------
    settings : dict
        `split` (scheme, test_fraction, folds, seed, new_split_per_seed, stratify_by_age),
        `target`, `seed` (of the training), `normalisation`, `field_of_view`, `form` (see
        `contrage.dataset.load.open_images`), `batch_size`.
    scans : Path
        The experiment's scans.
    array : Path
        All images, shape (scans, channels, …), or a table's features, shape (scans, features).
    output : Path
        JSON: scheme, seed and folds, each with train and test (scan_id), train_rows (of the
        array), mean and sd of each channel (of each feature, with its median), dominant (scans that
        bring too much of the SD, each with its share of the squares), <target>_mean and
        <target>_sd of the training scans.

    Raises
    ------
    SettingsError
        If there are too few participants for the folds or scans for a batch.
    """
    table = read_targets(scans, settings)
    images = open_images(array, settings)
    folds = []
    for number, (train, test) in enumerate(make_folds(table, settings["split"], settings["seed"])):
        if len(train) < settings["batch_size"]:
            raise SettingsError(
                f"training.batch_size: {settings['batch_size']} is more than the {len(train)} "
                f"training scans of fold {number}; make the batch smaller"
            )
        name = _fold_name(test, settings["split"]["scheme"])
        folds.append({"fold": number, "name": name, **content(images, train, test, settings)})
        log.info("fold %d: %d training and %d test scans", number, len(train), len(test))
    warn(folds)
    scheme = settings["split"]["scheme"]
    write_json(output, {"scheme": scheme, "seed": settings["seed"], "folds": folds})


def read_targets(scans: Path, settings: dict[str, Any]) -> pd.DataFrame:
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


def content(
    images: np.ndarray, train: pd.DataFrame, test: pd.DataFrame, settings: dict[str, Any]
) -> dict[str, Any]:
    """Return what a split file says of a fold beside its number and name.

    Parameters
    ----------
    images : ndarray of shape (scans, channels, …) or (scans, features)
        Of the whole cohort.
    train, test : DataFrame
        scan_id, participant_id, target, row.
    settings : dict
        `target`, `normalisation`, `field_of_view` and `form`.

    Raises
    ------
    LeakageError
        If a participant is in both.
    SettingsError
        If everybody that is learned from has one and the same target.
    """
    check_leakage(train["participant_id"], test["participant_id"])
    target = Target(**settings["target"])
    check_varies(train["target"], target)
    rows = train["row"].to_numpy(int)
    return {
        "train": train["scan_id"].tolist(),
        "test": test["scan_id"].tolist(),
        "train_rows": rows.tolist(),
        **_statistics(images, train, test, settings),
        target.mean_key: float(train["target"].mean()),
        target.sd_key: float(train["target"].std(ddof=0)),
    }


def _statistics(
    images: np.ndarray, train: pd.DataFrame, test: pd.DataFrame, settings: dict[str, Any]
) -> dict[str, Any]:
    """Return what normalisation needs to know; of a table's features, from training rows alone."""
    training = train["row"].to_numpy(int)
    form = Form(**settings["form"])
    if not form.has_channels:
        return feature_statistics(images, training)
    both = pd.concat([train, test])
    name_of = dict(zip(both["row"].astype(int), both["scan_id"], strict=True))
    everyone = np.array(sorted(name_of))
    used = training if settings["normalisation"] == "train" else everyone
    mean, sd, shares = statistics_and_shares(
        images, used, training, settings["field_of_view"], form.background
    )
    scaled_alike = settings["normalisation"] != "image"  # else each image has an SD of its own
    found = dominant([name_of[row] for row in used], shares) if scaled_alike else []
    return {"mean": mean, "sd": sd, "dominant": found}


def make_folds(
    table: pd.DataFrame, settings: dict[str, Any], seed: int
) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    """Divide the scans into training and test, by participant.

    Parameters
    ----------
    table : DataFrame
        scan_id, participant_id, target, site.
    settings : dict
        The `dataset.split` part of the configuration.
    seed : int
        The training's seed; it changes the split only with `new_split_per_seed`.

    Returns
    -------
    list of (train, test)
        One pair for "holdout" (the first of the 1/test_fraction shuffled folds, as the authors
        do), `folds` for "kfold", one per site for "leave-site-out". In the last two every scan is
        tested exactly once.
    """
    people = table.groupby("participant_id", sort=True).agg(
        target=("target", "mean"), site=("site", "first"), sites=("site", "nunique")
    )
    if settings["scheme"] == "leave-site-out":
        test_sets = _sites(people)
    else:
        count = settings["folds"]
        if settings["scheme"] == "holdout":
            count = round(1 / settings["test_fraction"])
        state = settings["seed"] + (seed if settings["new_split_per_seed"] else 0)
        test_sets = _shuffled(people, count, state, settings["stratify_by_age"])
        if settings["scheme"] == "holdout":
            test_sets = test_sets[:1]
    pairs = []
    for names in test_sets:
        tested = table["participant_id"].isin(names)
        pairs.append((table[~tested], table[tested]))
    return pairs


def check_leakage(train: Iterable[str], test: Iterable[str]) -> None:
    """Raise `LeakageError` if a participant is in both sets."""
    both = sorted(set(train) & set(test))
    if both:
        raise LeakageError(
            f"{', '.join(both[:5])} in training and in test; a split must go by participant"
        )


def check_varies(values: pd.Series, target: Target) -> None:
    """Raise `SettingsError` if all that is learned from has one and the same target."""
    if values.nunique() == 1:
        raise SettingsError(
            f"dataset.split: all {len(values)} scans of a training part have the {target.word} "
            f"{values.iloc[0]:g}, so there is nothing to learn; split otherwise, or add people"
        )


def _shuffled(people: pd.DataFrame, count: int, state: int, stratify: bool) -> list[set[str]]:
    from sklearn.model_selection import KFold, StratifiedKFold

    if len(people) < count:
        raise SettingsError(
            f"dataset.split: {count} folds need {count} participants, there are {len(people)}"
        )
    names = people.index.to_numpy()
    if not stratify:
        parts = KFold(count, shuffle=True, random_state=state).split(names)
    else:
        bins = count_age_bins(len(people), count)
        ranks = people["target"].rank(method="first").to_numpy() - 1
        labels = (ranks * bins // len(people)).astype(int)
        parts = StratifiedKFold(count, shuffle=True, random_state=state).split(names, labels)
    return [set(names[test]) for _, test in parts]


def _sites(people: pd.DataFrame) -> list[set[str]]:
    if people["site"].isna().any():
        name = people.index[people["site"].isna()][0]
        raise SettingsError(f"dataset.split.scheme: leave-site-out, but {name} has no site")
    if (people["sites"] > 1).any():
        name = people.index[people["sites"] > 1][0]
        raise LeakageError(f"{name} was scanned at several sites: leave-site-out cannot part them")
    groups = people.groupby("site").groups
    if len(groups) < 2:
        raise SettingsError("dataset.split.scheme: leave-site-out needs two sites or more")
    return [set(names) for _, names in sorted(groups.items())]


def _fold_name(test: pd.DataFrame, scheme: str) -> str:
    return str(test["site"].iloc[0]) if scheme == "leave-site-out" else scheme

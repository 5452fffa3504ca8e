"""Plans that the table of participants alone shows to be impossible, told before the first job.

Counted are the scans that the table has: bad ones may yet be left out, and `contrage.dataset.split`
asks again. So what is refused here could not work with any of them left out either.
"""

from __future__ import annotations

from typing import Any

from contrage.cohort import leave_out
from contrage.cohort.scans import Cohort, Scan
from contrage.cohort.targets import of_scan
from contrage.dataset.roles import CHOSEN_BY
from contrage.dataset.shares import Training, count_held_out
from contrage.errors import SettingsError, few
from contrage.learning.batch import check_batch
from contrage.plan import folds, refuse_rows
from contrage.plan import rows as experiment
from contrage.tables import nearest


def check_plan(config: dict[str, Any], cohort: Cohort, trains: bool = True) -> None:
    """Raise for what cannot work with these participants.

    Parameters
    ----------
    config : dict
        The whole configuration; of a pre-training, its own.
    cohort : Cohort
        As the table has it.
    trains : bool
        Whether the run goes on to trainings; whoever only has images prepared may have few people.

    Raises
    ------
    SettingsError, LeakageError
        In a sentence that begins with the key.
    """
    _check_left_out(config, cohort)
    if not trains:
        return
    scans = experiment.used_scans(config, cohort)
    _check_varies(config, scans)
    training = config["training"]
    check_batch(training["batch_size"], training["gpus_per_job"])
    smallest = folds.smallest_training(config, cohort)
    folds.check_left(config, cohort)
    _check_training(config, smallest)
    for row in [row for row in experiment.plain_rows(config) if row in config["rows"]]:
        _check_row(config, cohort, row)


def _check_row(config: dict[str, Any], cohort: Cohort, row: str) -> None:
    """Refuse settings of a row's own training that these people are too few for."""
    search, probe = config["search"], config["probe"]
    own = {
        **config,
        "training": experiment.training_of(config, row),
        "search": {**search, "rows": {k: v for k, v in search["rows"].items() if k == row}},
    }
    if experiment.is_staged(config, row):  # nobody is held out for the penalty of its probe
        own["probe"] = {**probe, "alpha": "training"}
    try:
        folds.check_left(own, cohort)
        _check_training(own, folds.smallest_training(own, cohort))
    except SettingsError as error:
        key, said = refuse_rows.place(config, row), str(error)
        began = f"{key}." if said.startswith("training.") else f"{key}.batch_size: "
        raise SettingsError(f"{began}{said.removeprefix('training.')}") from None


def _check_left_out(config: dict[str, Any], cohort: Cohort) -> None:
    """Refuse to leave out whom the cohort does not have: a typo would leave out nobody."""
    key, known = "dataset.leave_out", experiment.known_people(cohort)
    found = leave_out.find(config["dataset"]["leave_out"], known)
    for name, meant in found.ambiguous.items():
        raise SettingsError(f"{key}: {name} may be {few(meant, ' or ')}; write which")
    for person, names in found.twice.items():
        raise SettingsError(
            f"{key}: {' and '.join(names)} are one person, {person}, with different reasons; keep "
            "one"
        )
    if found.unknown:
        near = nearest(f"sub-{found.unknown[0].removeprefix('sub-')}", known)
        raise SettingsError(
            f"{key}: nobody in the cohort {config['cohort']['name']} has the id "
            f"{few([repr(name) for name in found.unknown])}"
            f"{f' (did you mean {near}?)' if near else ''}; mend or remove it"
        )


def left_out_otherwise(config: dict[str, Any], cohort: Cohort) -> list[str]:
    """Return a line on people of another cohort who have an id that is not quite theirs here."""
    asked = config["dataset"]["leave_out"]
    found = leave_out.find(asked, experiment.known_people(cohort)).otherwise
    if not found:
        return []
    pairs = [f"{name} is {' and '.join(here)}" for name, here in found.items()]
    return [
        f"cohort {config['cohort']['name']}: ids that differ by zeros or capitals alone are taken "
        f"for one person's, who is left out of the pre-training: {few(pairs)}"
    ]


def _check_varies(config: dict[str, Any], scans: list[Scan]) -> None:
    target = experiment.stated_target(config)
    if not target.is_age:
        target.check_varies([of_scan(scan, target) for scan in scans], "that are used")
        return
    if len({scan.age for scan in scans}) > 1:
        return
    key = "cohort.table.age" if config["cohort"]["source"] == "table" else "cohort"
    raise SettingsError(
        f"{key}: all {len(scans)} scans that are used have the age {scans[0].age:g}, so there is "
        "nothing to learn; look at the ages in the table"
    )


def _check_training(config: dict[str, Any], training: Training) -> None:
    """Refuse a training part that is too small to learn from, or to hold a part of it out."""
    _check_one(config, training, "for training")
    for key, fraction, purpose in _held_out_parts(config):
        count = count_held_out(training.people, fraction, key)
        _check_one(config, training.without(count), purpose)


def _held_out_parts(config: dict[str, Any]) -> list[tuple[str, float, str]]:
    """Return what is held out of training parts: key, fraction, and what the rest is for."""
    parts = []
    if config["search"]["rows"]:
        fraction = config["search"]["validation_fraction"]
        parts.append(("search.validation_fraction", fraction, "for the search to learn from"))
    if config["probe"]["alpha"] == "unseen":
        fraction = config["probe"]["unseen"]["fraction"]
        parts.append(("probe.unseen.fraction", fraction, "to learn from for the probe's penalty"))
    return parts


def _check_one(config: dict[str, Any], training: Training, purpose: str) -> None:
    size, stop = config["training"]["batch_size"], config["training"]["early_stop"]
    if stop and stop["on"] != CHOSEN_BY:
        count = count_held_out(training.people, stop["fraction"], "training.early_stop.fraction")
        training = training.without(count)
    if training.scans < size:
        raise SettingsError(
            f"training.batch_size: {size}, but no more than {training.scans} scans are {purpose}; "
            "make the batch smaller"
        )

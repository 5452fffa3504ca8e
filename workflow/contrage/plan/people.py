"""Plans that the table of participants alone shows to be impossible, told before the first job.

Counted are the scans that the table has: bad ones may yet be left out, and `contrage.dataset.split`
asks again. So what is refused here could not work with any of them left out either.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

from contrage.cohort import leave_out
from contrage.cohort.scans import Cohort, Scan
from contrage.cohort.targets import of_scan
from contrage.dataset.shares import count_age_bins, count_held_out
from contrage.errors import ContrageError, LeakageError, SettingsError, few
from contrage.learning.batch import check_batch
from contrage.plan import pretraining
from contrage.plan import rows as experiment
from contrage.tables import nearest
from contrage.target import Target


@dataclass(frozen=True)
class Training:
    """The training part of one fold, at best.

    Attributes
    ----------
    people : int
    scans : int
        At most.
    smallest : tuple of int
        How many scans each participant of the cohort has, in ascending order.
    """

    people: int
    scans: int
    smallest: tuple[int, ...]

    def without(self, count: int) -> Training:
        """Return what is left where so many participants are held out of it."""
        return Training(self.people - count, self.scans - sum(self.smallest[:count]), self.smallest)


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
        In a sentence that begins with the key; with `pretraining.` before it where the
        configuration is that of a pre-training.
    """
    is_pretraining = bool(pretraining.stage(config))
    try:
        _check_left_out(config, cohort)
        if not trains:
            return
        scans = experiment.used_scans(config, cohort)
        _check_varies(config, scans)
        training = config["training"]
        check_batch(training["batch_size"], training["gpus_per_job"])
        split, target = config["dataset"]["split"], Target(**config["target"])
        _check_training(config, smallest_training(split, scans, target))
    except ContrageError as error:
        raise type(error)(f"{pretraining.HERE}.{error}" if is_pretraining else str(error)) from None


def smallest_training(split: dict[str, Any], scans: list[Scan], target: Target) -> Training:
    """Return the training part of the fold that has the smallest one.

    Raises
    ------
    SettingsError, LeakageError
        If the folds cannot be made.
    """
    each = Counter(scan.participant_id for scan in scans)
    smallest, people = tuple(sorted(each.values())), len(each)
    if split["scheme"] == "leave-site-out":
        _check_sites(scans)
        site_of = {scan.participant_id: scan.site for scan in scans if scan.site}
        people_at = Counter(site_of.values())
        scans_at = Counter(site_of[scan.participant_id] for scan in scans)
        _check_other_sites(scans, site_of, target)
        return Training(
            people - max(people_at.values()), len(scans) - max(scans_at.values()), smallest
        )
    folds = split["folds"]
    if split["scheme"] == "holdout":
        folds = round(1 / split["test_fraction"])
    if people < folds:
        raise SettingsError(f"{_asked(split, folds)}, there are {people}")
    if split["stratify_by_age"]:
        count_age_bins(people, folds)
    tested = math.ceil(people / folds)
    # Of several folds the one with most scans has its share of them at least.
    fewest = math.ceil(len(scans) / folds) if split["scheme"] == "kfold" else 0
    fewest = max(fewest, sum(smallest[:tested]))
    return Training(people - tested, len(scans) - fewest, smallest)


def _asked(split: dict[str, Any], folds: int) -> str:
    if split["scheme"] == "kfold":
        return f"dataset.split.folds: {folds} folds need {folds} participants"
    return (
        f"dataset.split.test_fraction: {split['test_fraction']} is one of {folds} parts, which "
        f"need {folds} participants"
    )


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
    target = Target(**config["target"])
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


def _check_sites(scans: list[Scan]) -> None:
    """Refuse what has no site, two sites, or one site only; as `contrage.dataset.split` does."""
    key = "dataset.split.scheme: leave-site-out"
    sites: dict[str, set[str]] = {}
    for scan in scans:
        sites.setdefault(scan.participant_id, set()).update({scan.site} if scan.site else ())
    without = [person for person, found in sites.items() if not found]
    if without and len(without) == len(sites):
        raise SettingsError(f"{key} needs two sites or more, and the table names none")
    if without:
        raise SettingsError(
            f"{key}, but {few(without)} {'has' if len(without) == 1 else 'have'} no site"
        )
    several = [person for person, found in sites.items() if len(found) > 1]
    if several:
        raise LeakageError(
            f"{key}, but {few(several)} {'was' if len(several) == 1 else 'were'} scanned at "
            "several sites, which cannot be parted"
        )
    everywhere = sorted(set().union(*sites.values()))
    if len(everywhere) < 2:
        raise SettingsError(f"{key} needs two sites or more, there is one ({everywhere[0]})")


def _check_other_sites(scans: list[Scan], site_of: dict[str, str | None], target: Target) -> None:
    """Refuse a site without which everybody has one and the same target."""
    values: dict[float, set[str | None]] = {}
    for scan in scans:
        values.setdefault(of_scan(scan, target), set()).add(site_of[scan.participant_id])
    for site in sorted({str(site) for site in site_of.values()}):
        left = [value for value, sites in values.items() if sites != {site}]
        if len(left) == 1:
            raise SettingsError(
                f"dataset.split.scheme: leave-site-out, but without {site} everybody has the "
                f"{target.word} {left[0]:g}, so there is nothing to learn"
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
    if stop:
        count = count_held_out(training.people, stop["fraction"], "training.early_stop.fraction")
        training = training.without(count)
    if training.scans < size:
        raise SettingsError(
            f"training.batch_size: {size}, but no more than {training.scans} scans are {purpose}; "
            "make the batch smaller"
        )

"""How many folds there are, and how many scans can be learned from in them: of the tables alone.

Counted are the scans that the tables have; bad ones may yet be left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from contrage.cohort.scans import Cohort, Scan
from contrage.cohort.targets import of_scan
from contrage.dataset import schemes
from contrage.dataset.apart import check_sites
from contrage.dataset.parts import divide, left_of, make_folds
from contrage.dataset.roles import (
    APART,
    CHOSEN_BY,
    LEARNED_FROM,
    Visit,
    check_learners,
    columns,
    visit,
)
from contrage.dataset.shares import Training
from contrage.errors import SettingsError
from contrage.plan import evaluations
from contrage.plan.rows import stated_target, used_scans
from contrage.settings.blocks.roles import RolesSettings
from contrage.settings.build import as_plain, build, fields_of

PART_OF = "part_of"
"""Key of a configuration as it is on a member of a merged cohort: the merged cohort's name."""


def fold_numbers(config: dict[str, Any], cohort: Cohort) -> list[int]:
    """Return the numbers of the folds that each seed trains."""
    split = roles_of(config).split
    return list(range(schemes.load(split.scheme).count(_matching(config, cohort), split)))


def _matching(config: dict[str, Any], cohort: Cohort) -> Iterator[Visit]:
    """Yield the scans that may be learned from; nothing is read of them before the first."""
    yield from divide(visits(config, cohort), roles_of(config))[0]


def roles_of(config: dict[str, Any]) -> RolesSettings:
    """Return what decides everyone's role."""
    keys = fields_of(RolesSettings)
    return build(RolesSettings, {key: config["dataset"][key] for key in keys})


def visits(config: dict[str, Any], cohort: Cohort) -> list[Visit]:
    """Return what decides the roles of the scans that an experiment uses."""
    target, asked = stated_target(config), roles_of(config)
    return [visit(_line(scan), asked, of_scan(scan, target)) for scan in used_scans(config, cohort)]


def _line(scan: Scan) -> dict[str, Any]:
    """Return a scan as its line of the table of scans."""
    own = ("scan_id", "participant_id", "session", "age", "sex", "site")
    return {**{name: getattr(scan, name) for name in own}, **scan.columns}


def carried_columns(config: dict[str, Any]) -> list[str]:
    """Return the columns that the cohort keeps: `cohort.columns`, and those that are asked for.

    A member of a merged cohort is asked for what stands in its own block alone.
    """
    own = list(config["cohort"]["columns"])
    return own if PART_OF in config else list(dict.fromkeys([*own, *_asked(config)]))


def asked_by(config: dict[str, Any]) -> dict[str, str]:
    """Return the columns that roles and evaluations read, with the key that asks for each."""
    carried = carried_columns(config)
    return {name: key for name, key in _asked(config).items() if name in carried}


def _asked(config: dict[str, Any]) -> dict[str, str]:
    return {**evaluations.columns(config), **columns(roles_of(config))}


def search_seeds(config: dict[str, Any]) -> list[int]:
    """Return the seeds whose splits are searched on: those that have a split of their own."""
    return list(dict.fromkeys(search_seed(config, seed) for seed in config["training"]["seeds"]))


def search_seed(config: dict[str, Any], seed: int) -> int:
    """Return on which seed's split the settings of this training seed are searched.

    Where all seeds share a split, one search is for all of them.
    """
    split = roles_of(config).split
    own = split.new_split_per_seed and schemes.load(split.scheme).DRAWN
    return seed if own else config["training"]["seeds"][0]


def most_training_scans(config: dict[str, Any], cohort: Cohort, held_out: float = 0.0) -> int:
    """Return how many scans the largest training part can hold, were no scan bad.

    A search holds a fraction of its participants out.
    """
    dataset, everyone = roles_of(config), visits(config, cohort)
    scheme = schemes.load(dataset.split.scheme)
    most = scheme.most(divide(everyone, dataset)[0], dataset.split, held_out)
    left = max((scans for _, scans in _left(everyone, dataset)), default=most)
    return min(most, left)


def smallest_training(config: dict[str, Any], cohort: Cohort) -> Training:
    """Return the training part of the fold that has the smallest one.

    Raises
    ------
    SettingsError, LeakageError
        If the folds cannot be made, or somebody cannot be given a role.
    """
    everyone = visits(config, cohort)
    part = _at_best(config, everyone)
    _check_roles(config, everyone)
    for people, scans in _left(everyone, roles_of(config)):
        part = part.at_most(people, scans)
    return part


def _at_best(config: dict[str, Any], everyone: Sequence[Visit]) -> Training:
    """Return the smallest training part that the scheme makes, before settings take from it."""
    dataset, size = roles_of(config), config["training"]["batch_size"]
    own, others, _ = divide(everyone, dataset)
    check_learners(len(own), dataset.learn_from, size)
    scheme = schemes.load(dataset.split.scheme)
    part = scheme.at_best(own, dataset.split, stated_target(config))
    check_learners(part.scans, dataset.learn_from if others else {}, size)
    return part


def check_left(config: dict[str, Any], cohort: Cohort) -> None:
    """Raise `SettingsError` for settings that leave less than a batch, and a subset of everybody.

    `missing_targets` comes first: a subset is drawn of what it leaves.
    """
    dataset, everyone = roles_of(config), visits(config, cohort)
    size, chosen = config["training"]["batch_size"], dataset.subset
    left = _left(everyone, dataset)
    if not left or _at_best(config, everyone).scans < size:
        return
    before = _counted(everyone, replace(dataset, subset=replace(chosen, fraction=1)))
    fewest, gaps = min(scans for _, scans in left), dataset.missing_targets
    if fewest < size:
        by_gaps = gaps and min(scans for _, scans in before) < size
        key = (
            f"missing_targets: {as_plain(gaps)}"
            if by_gaps
            else f"subset.fraction: {chosen.fraction}"
        )
        raise SettingsError(
            f"dataset.{key} leaves {fewest} scans to learn from, fewer than a batch "
            f"(training.batch_size: {size})"
        )
    if chosen.fraction < 1 and left == before:
        each = f" in each {chosen.stratify}" if chosen.stratify else ""
        raise SettingsError(
            f"dataset.subset.fraction: {chosen.fraction} of the people{each}, rounded up, is "
            "everybody; make it smaller, stratify by less, or remove the subset"
        )


def _check_roles(config: dict[str, Any], everyone: Sequence[Visit]) -> None:
    """Refuse roles that cannot be given, and a role that is asked for and that nobody has."""
    dataset, stop = roles_of(config), config["training"]["early_stop"]
    if schemes.load(dataset.split.scheme).DRAWN:
        own, _, external = divide(everyone, dataset)
        if not dataset.split.allow_shared_sites:
            check_sites(own, external)
        return
    made = make_folds(everyone, dataset, 0)
    if stop and stop["on"] == CHOSEN_BY and not all(parts.scans(CHOSEN_BY) for parts in made):
        raise SettingsError(
            f"training.early_stop.on: {CHOSEN_BY}, but no scan has that role "
            "(dataset.split.roles); set it to inner"
        )


def _left(everyone: Sequence[Visit], dataset: RolesSettings) -> list[tuple[int, int]]:
    """Return participants and scans that settings leave of each training part, at most.

    Nothing where no setting leaves any out; where folds are drawn, of all of them together.
    """
    if not dataset.missing_targets and dataset.subset.fraction == 1:
        return []
    return _counted(everyone, dataset)


def _counted(everyone: Sequence[Visit], dataset: RolesSettings) -> list[tuple[int, int]]:
    if schemes.load(dataset.split.scheme).DRAWN:
        return [_count(left_of(divide(everyone, dataset)[0], dataset))]
    of_id = {each.scan_id: each for each in everyone}
    made = make_folds(everyone, dataset, 0)
    return [_count([of_id[scan] for scan in parts.scans(LEARNED_FROM)]) for parts in made]


def _count(scans: Sequence[Visit]) -> tuple[int, int]:
    return len(Counter(each.participant_id for each in scans)), len(scans)


def has_external(config: dict[str, Any]) -> bool:
    """Return whether the configuration asks for a table of people of other sites."""
    split = roles_of(config).split
    named = split.scheme == "given" and APART in split.roles.values()
    return named or bool(roles_of(config).external)


def check_split(config: dict[str, Any]) -> None:
    """Raise `SettingsError` for settings of roles that contradict each other or do nothing."""
    dataset, stop = roles_of(config), config["training"]["early_stop"]
    split = dataset.split
    for key, nothing in schemes.load(split.scheme).IGNORES.items():
        if key == "allow_shared_sites" and dataset.external:
            continue
        if getattr(split, key) != nothing:
            raise SettingsError(
                f"dataset.split.{key}: does nothing with scheme {split.scheme}; remove it, or "
                "choose another scheme"
            )
    for low, high in dataset.missing_targets:
        if not low < high:
            raise SettingsError(
                f"dataset.missing_targets: [{low:g}, {high:g}] holds no number; the smaller one "
                "comes first"
            )
    given = split.scheme == "given"
    if given and dataset.external and APART in split.roles.values():
        raise SettingsError(
            f"dataset.external: dataset.split.roles names people of role {APART} too; keep one of "
            "the two"
        )
    if stop and stop["on"] == CHOSEN_BY and not (given and CHOSEN_BY in split.roles.values()):
        raise SettingsError(
            f"training.early_stop.on: {CHOSEN_BY}, but no value has that role "
            "(dataset.split.roles, with scheme given); set it to inner"
        )

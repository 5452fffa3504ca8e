"""From whom an encoder has learned before, and that none of them is tested on.

Names are compared with the standard library, before anything is trained.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contrage.dataset.roles import CHOSEN_BY
from contrage.dataset.shared import COUNTED, UNSEEN, Somebody, in_both, person
from contrage.errors import LeakageError, SettingsError
from contrage.learning.checkpoint import read_model
from contrage.learning.folds import read_fold
from contrage.settings.steps.learning import StageStart, TrainStageStep, TrainStep
from contrage.tables import read_table

logger = logging.getLogger(__name__)

ANCESTORS = "learned_from"
"""Key of a model file: from whom the trainings before this one have learned."""


UNKNOWN = ""
"""Name of a cohort that an older model file does not say: its ids are compared as another one's."""


@dataclass(frozen=True)
class Lineage:
    """What an encoder comes from.

    Attributes
    ----------
    people : tuple of Somebody
        From whom the trainings before this one have learned, in order.
    epoch : int or None
        Of a stage's start, that of its weights: with an early stop the best.
    """

    people: tuple[Somebody, ...]
    epoch: int | None = None

    @property
    def told(self) -> dict[str, int]:
        """What stands beside the features, for the report."""
        return {} if self.epoch is None else {"start_epoch": self.epoch}

    @property
    def kept(self) -> dict[str, Any]:
        """What stands in the model file, for trainings that start from it."""
        return {**self.told, ANCESTORS: [list(each) for each in self.people]}


def trace(
    settings: TrainStageStep,
    fold: int,
    *,
    scans: Path,
    split: Path,
    model: Path,
    start_scans: Path,
    start_split: Path,
) -> Lineage:
    """Return what a stage starts from.

    Parameters
    ----------
    settings : TrainStageStep
    fold : int
    scans, split : Path
        Of the stage.
    model, start_scans, start_split : Path
        Of the training that it starts from.

    Raises
    ------
    SettingsError
        If the weights are to be those that people of role val chose, and are not; if ids are said
        to be other people's, and both cohorts are one.
    LeakageError
        If somebody from whom that, or a training before it, has learned is tested or predicted.
    """
    start, saved = settings.start, read_model(model)
    logger.info("%s starts from %s: %s", settings.row, said(start), _weights(saved))
    _check_chosen(settings.row, start, saved)
    cohort = _cohort_of(saved)
    if not start.same_people:
        _check_other_people(settings, cohort, model)
    found = _ancestors(saved)
    found |= people_of(start_scans, start_split, start.fold, COUNTED, cohort or UNKNOWN)
    tested = {role: people_of(scans, split, fold, (role,), settings.cohort) for role in UNSEEN}
    for role, people in tested.items():
        shared = in_both(people, found, start.same_people)
        _refuse(shared, split, fold, role, f"{said(start)}, from which {settings.row} starts, or a")
    return Lineage(tuple(sorted(found)), saved["epoch"])


def after_pretraining(
    settings: TrainStep,
    fold: int,
    *,
    scans: Path,
    split: Path,
    model: Path,
    start_scans: Path,
    start_split: Path,
) -> Lineage:
    """Return what a training comes from that starts from a pre-training, which has one fold.

    Equal ids in two cohorts are the same people's.

    Raises
    ------
    LeakageError
        If somebody is tested or predicted from whom the pre-training has learned.
    """
    saved = read_model(model)
    cohort = _cohort_of(saved) or UNKNOWN
    learned = _ancestors(saved) | people_of(start_scans, start_split, 0, COUNTED, cohort)
    for role in UNSEEN:
        shared = in_both(people_of(scans, split, fold, (role,), settings.cohort), learned, True)
        who = f"the pre-training, from which {settings.row} starts, or a"
        _refuse(shared, split, fold, role, who)
    return Lineage(tuple(sorted(learned)))


def inherited(model: Path) -> Lineage | None:
    """Return from whom trainings before a model file have learned, as far as it says so."""
    people = _ancestors(read_model(model))
    return Lineage(tuple(sorted(people))) if people else None


def _ancestors(saved: Mapping[str, Any]) -> set[Somebody]:
    return {Somebody(*each) for each in saved.get(ANCESTORS, ())}


def _cohort_of(saved: Mapping[str, Any]) -> str | None:
    """Return the cohort that a model has learned from; None of a file of older versions."""
    found = saved["settings"].get("cohort")
    return None if found is None else str(found)


def _check_other_people(settings: TrainStageStep, cohort: str | None, model: Path) -> None:
    """Refuse to take people for others where both cohorts are one, or may be."""
    key = f"rows.{settings.row}.from.same_ids: other-people, but"
    if cohort is None:
        raise SettingsError(
            f"{key} {model} does not say from which cohort it has learned; train it again"
        )
    if cohort == settings.cohort:
        raise SettingsError(f"{key} both learn from the cohort {cohort}; remove it")


def _refuse(shared: Sequence[str], split: Path, fold: int, role: str, who: str) -> None:
    if shared:
        raise LeakageError(
            f"{split}: {shared[0]} ({len(shared)} in all) has the role {role} in fold {fold}, and "
            f"{who} training before it has learned from the same person: no error of it would mean "
            "anything"
        )


def _weights(saved: Mapping[str, Any]) -> str:
    """Say of which epoch weights are."""
    asked = saved["settings"]["training"]
    best = f", the best of at most {asked['epochs']}" if asked["early_stop"] else ""
    return f"weights of epoch {saved['epoch']}{best}"


def _check_chosen(row: str, start: StageStart, saved: Mapping[str, Any]) -> None:
    stop = saved["settings"]["training"]["early_stop"]
    if start.checkpoint == "best" and not (stop and stop["on"] == CHOSEN_BY):
        raise SettingsError(
            f"rows.{row}.from.checkpoint: best is the epoch that people of role {CHOSEN_BY} chose, "
            f"and {said(start)} was trained without an early stop on them; set it to last"
        )


def said(start: StageStart) -> str:
    """Name a start in a sentence."""
    return f"{start.row} of {start.experiment} (seed {start.seed}, fold {start.fold})"


def people_of(
    scans: Path, split: Path, fold: int, roles: Iterable[str], cohort: str
) -> set[Somebody]:
    """Return who has one of these roles in a fold."""
    entry = read_fold(split, fold)
    wanted = {scan for role in roles if role in entry for scan in entry[role]}
    lines = read_table(scans).rows
    members = _members(lines)
    return {
        person(line["participant_id"], cohort, members)
        for line in lines
        if line["scan_id"] in wanted
    }


def _members(lines: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the cohorts of which a table is merged: then all ids begin with one of their names."""
    names = {line["cohort"] for line in lines if line.get("cohort")}
    begin = tuple(f"sub-{name}-" for name in names)
    return names if all(line["participant_id"].startswith(begin) for line in lines) else set()

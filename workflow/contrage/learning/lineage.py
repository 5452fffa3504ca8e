"""From whom a stage's encoder has learned before, and that none of them is tested on.

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
from contrage.settings.steps.learning import StageStart, TrainStageStep
from contrage.tables import read_table

logger = logging.getLogger(__name__)

ANCESTORS = "learned_from"
"""Key of a stage's model file: from whom the trainings before it have learned."""


@dataclass(frozen=True)
class Lineage:
    """What a stage's encoder comes from.

    Attributes
    ----------
    start : StageStart
    epoch : int
        Of its weights: with an early stop that of the best.
    people : tuple of Somebody
        From whom the trainings before this one have learned, in order.
    """

    start: StageStart
    epoch: int
    people: tuple[Somebody, ...]

    @property
    def told(self) -> dict[str, int]:
        """What stands beside the features, for the report."""
        return {"start_epoch": self.epoch}

    @property
    def kept(self) -> dict[str, Any]:
        """What stands in the model file, for trainings that start from it."""
        return {"start_epoch": self.epoch, ANCESTORS: [list(each) for each in self.people]}


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
        If the weights are to be those that people of role val chose, and are not.
    LeakageError
        If somebody from whom that, or a training before it, has learned is tested or predicted.
    """
    start, saved = settings.start, read_model(model)
    logger.info("%s starts from %s: %s", settings.row, said(start), _weights(saved))
    _check_chosen(settings.row, start, saved)
    before = {Somebody(*each) for each in saved.get(ANCESTORS, ())}
    cohort = start.cohort or ""
    found = before | people_of(start_scans, start_split, start.fold, COUNTED, cohort)
    tested = {role: people_of(scans, split, fold, (role,), settings.cohort) for role in UNSEEN}
    for role, people in tested.items():
        shared = in_both(people, found, start.same_people)
        _refuse(shared, split, fold, role, f"{said(start)}, from which {settings.row} starts, or a")
    return Lineage(start, saved["epoch"], tuple(sorted(found)))


def check_people(
    row: str, fold: int, *, scans: Path, split: Path, start_scans: Path, start_split: Path
) -> None:
    """Raise `LeakageError` if somebody is tested from whom a pre-training has learned.

    Its cohort is another one, in which equal ids are the same people's; it has one fold.
    """
    learned = people_of(start_scans, start_split, 0, COUNTED, "of the pre-training")
    for role in UNSEEN:
        shared = in_both(people_of(scans, split, fold, (role,), "own"), learned, True)
        _refuse(shared, split, fold, role, f"the pre-training, from which {row} starts, or a")


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

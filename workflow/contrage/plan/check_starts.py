"""What stages cannot start from, told before the first job: circles, encoders, shared people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from contrage.dataset.parts import make_folds
from contrage.dataset.roles import CHOSEN_BY, PLAYED, Parts
from contrage.dataset.shared import COUNTED, UNSEEN, Somebody, in_both, person
from contrage.errors import LeakageError, SettingsError, few
from contrage.files import read_json
from contrage.plan import folds, pretraining, rows, starts
from contrage.plan.experiment import Experiment
from contrage.plan.kinds import image_seen
from contrage.plan.starts import Start
from contrage.plan.together import differences
from contrage.scan_ids import participant
from contrage.settings.build import as_plain


class PlannedTraining(NamedTuple):
    """One training of the plan."""

    experiment: str
    row: str
    seed: int
    fold: int


def check_starts(experiments: Sequence[Experiment]) -> None:
    """Raise for stages that cannot start from what they name.

    Parameters
    ----------
    experiments : sequence of Experiment
        Of the whole plan; a start in none of them is a finished one.

    Raises
    ------
    SettingsError
        In a sentence that begins with the key.
    LeakageError
        If somebody from whom the start has learned is tested or predicted.
    """
    known = {each.config["experiment"]: each for each in experiments}
    several = sum(bool(each.config["rows"]) for each in experiments) > 1
    for of in experiments:
        with _told(of, several):
            for row, start in _starts(of):
                if start.experiment in known:
                    _check_row(of, row, start, known[start.experiment])
                else:
                    _check_finished(of, row, start)
    _check_circles(known)
    splits = _Splits(known)
    for of in experiments:
        with _told(of, several):
            for row, start in _starts(of):
                if start.experiment in known:
                    _check_fit(of, row, start, known[start.experiment])
                    _check_people(of, row, start, splits)


@contextmanager
def _told(of: Experiment, several: bool) -> Iterator[None]:
    """Say in sentences about one of several experiments which it is."""
    try:
        yield
    except (SettingsError, LeakageError) as error:
        if not several:
            raise
        raise type(error)(f"{error} (experiment {of.config['experiment']})") from None


def _starts(of: Experiment) -> Iterator[tuple[str, Start]]:
    for row in rows.staged_rows(of.config):
        if start := starts.of_row(of.config, row):
            yield row, start


def _check_row(of: Experiment, row: str, start: Start, other: Experiment) -> None:
    """Refuse a row that is not trained there, and seeds and folds that it has none of."""
    key = f"rows.{row}.from"
    if start.row not in other.all_rows:
        raise SettingsError(
            f"{key}.row: {start.experiment} does not train {start.row} (benchmark.losses); there "
            f"are {', '.join(other.all_rows)}"
        )
    for name, asked, own, there in (
        ("seed", start.seed, of.seeds, other.seeds),
        ("fold", start.fold, of.folds, other.folds),
    ):
        wanted = own if asked is None else [asked]
        if lacking := [str(each) for each in wanted if each not in there]:
            raise SettingsError(
                f"{key}.{name}: {start.row} of {start.experiment} has no {name} {few(lacking)}; "
                f"there are {', '.join(map(str, there))}"
            )


def _check_finished(of: Experiment, row: str, start: Start) -> None:
    """Refuse an experiment that is neither in the plan nor finished."""
    needed = [start.scans]
    for seed in of.seeds:
        needed += [start.split(seed), *(start.model(seed, fold) for fold in of.folds)]
    if lacking := [file for file in dict.fromkeys(needed) if not Path(file).is_file()]:
        raise SettingsError(
            f"rows.{row}.from.experiment: {start.experiment} is not in this plan, and there is no "
            f"file {lacking[0]} of a finished one ({len(lacking)} of {len(set(needed))} are "
            "lacking); run it first, or name another row, seed or fold"
        )
    if start.fold is None:
        _check_finished_folds(of, row, start)


def _check_finished_folds(of: Experiment, row: str, start: Start) -> None:
    """Refuse the same fold where that of a finished experiment is of other people.

    Folds are made again of the scans that came through there: bad ones are not known here.
    """
    visits, asked = folds.visits(of.config, of.cohort), folds.roles_of(of.config)
    for seed in of.seeds:
        there = [
            {scan: role for role in PLAYED for scan in entry.get(role, ())}
            for entry in read_json(Path(start.split(seed)))["folds"]
        ]
        left = [each for each in visits if any(each.scan_id in fold for fold in there)]
        made = make_folds(left, asked, folds.search_seed(of.config, seed)) if left else []
        here = [{scan: parts.roles[scan] for scan in parts.scans(*PLAYED)} for parts in made]
        if here != there:
            raise SettingsError(
                f"rows.{row}.from.fold: same needs equal splits, and {start.split(seed)} has other "
                "folds than this experiment; give the number of a fold (fold: 0), of an encoder "
                "that learned from other people"
            )


def _check_circles(known: dict[str, Experiment]) -> None:
    """Refuse rows that start from each other."""
    before: dict[tuple[str, str], tuple[str, str]] = {
        (name, row): (start.experiment, start.row)
        for name, of in known.items()
        for row, start in _starts(of)
    }
    for first in before:
        way = [first]
        while (way[-1]) in before:
            way.append(before[way[-1]])
            if way[-1] in way[:-1]:
                circle = " from ".join(f"{row} of {name}" for name, row in way)
                raise SettingsError(f"rows.{first[1]}.from: a circle: {circle}; break it")


def _check_fit(of: Experiment, row: str, start: Start, other: Experiment) -> None:
    """Refuse weights that do not fit, a checkpoint that is not there, and unequal splits."""
    key, whose = f"rows.{row}.from", f"{start.row} of {start.experiment}"
    for words, own, there in (
        ("the encoder", *(each.config["training"]["encoder"] for each in (of, other))),
        ("a grid of", *(f"{each.config['dataset']['voxel_mm']} mm" for each in (of, other))),
        ("channels and shape", *(image_seen(each.config) for each in (of, other))),
    ):
        if own != there:
            raise SettingsError(
                f"{key}: {whose} has {words} {there}, and here it is {own}; weights pass only "
                "between equal encoders on equal grids and channels"
            )
    stop = rows.training_of(other.config, start.row)["early_stop"]
    if start.checkpoint == "best" and not (stop and stop["on"] == CHOSEN_BY):
        raise SettingsError(
            f"{key}.checkpoint: best is the epoch that people of role {CHOSEN_BY} chose, and "
            f"{whose} has no early stop on them (training.early_stop.on); set it to last"
        )
    unlike = list(differences(_decides_folds(of), _decides_folds(other)))
    if start.fold is None and unlike:
        name, own, there = unlike[0]
        raise SettingsError(
            f"{key}.fold: same needs equal splits, and {name} is {there} in {start.experiment}, "
            f"here {own}; give the number of a fold (fold: 0), of an encoder that learned from "
            "other people"
        )


def _decides_folds(of: Experiment) -> dict[str, Any]:
    """Return what decides who is in which fold, as a configuration nests it."""
    config = of.config
    roles = as_plain(folds.roles_of(config))
    return {
        "cohort": {key: config["cohort"][key] for key in ("name", "exclude")},
        "target": as_plain(of.target.limited),
        "dataset": {**roles, "leave_out": config["dataset"]["leave_out"]},
    }


class _Splits:
    """Who plays which part in the folds of the plan's experiments; each is made once."""

    def __init__(self, known: dict[str, Experiment]) -> None:
        self.known = known
        self.made: dict[tuple[str, int], list[Parts]] = {}

    def people(self, training: PlannedTraining, *roles: str) -> set[Somebody]:
        """Return who plays one of these roles in the fold of a training."""
        config = self.known[training.experiment].config
        key = training.experiment, folds.search_seed(config, training.seed)
        if key not in self.made:
            visits = folds.visits(config, self.known[training.experiment].cohort)
            self.made[key] = make_folds(visits, folds.roles_of(config), key[1])
        scans = self.made[key][training.fold].scans(*roles)
        cohort = config["cohort"]["name"], _members(config)
        return {person(participant(scan), *cohort) for scan in scans}

    def before(self, training: PlannedTraining) -> Iterator[tuple[PlannedTraining, bool]]:
        """Yield the trainings of the plan that one comes from, the nearest first.

        With each whether an id of its cohort and of another one may be one person's.
        """
        config = self.known[training.experiment].config
        start = starts.of_row(config, training.row)
        if start is not None:
            seed, fold = start.seed_for(training.seed), start.fold_for(training.fold)
            nearest = PlannedTraining(start.experiment, start.row, seed, fold)
            same_people = True
        elif pretraining.starts_there(config, training.row):
            seed, row = pretraining.seed_for(config, training.seed), config["pretraining"]["loss"]
            nearest = PlannedTraining(pretraining.experiment_name(config), row, seed, 0)
            same_people = not pretraining.are_other_people(config)
        else:
            return
        if nearest.experiment in self.known:
            yield nearest, same_people
            yield from ((each, same_people and also) for each, also in self.before(nearest))


def _members(config: dict[str, Any]) -> list[str]:
    """Return the names of the cohorts of which an experiment's cohort is merged, if it is."""
    cohort = config["cohort"]
    return [each["name"] for each in cohort["members"]] if cohort["source"] == "merged" else []


def _check_people(of: Experiment, row: str, start: Start, splits: _Splits) -> None:
    """Refuse to test whom the start, or what that starts from, has learned from."""
    names = {each.config["cohort"]["name"] for each in (of, splits.known[start.experiment])}
    if len(names) == 1 and not start.same_people:
        raise SettingsError(
            f"rows.{row}.from.same_ids: other-people, but both learn from the cohort "
            f"{names.pop()}; remove it"
        )
    for seed, fold in product(of.seeds, of.folds):
        training = PlannedTraining(of.config["experiment"], row, seed, fold)
        for earlier, may_be in splits.before(training):
            learned, same_people = splits.people(earlier, *COUNTED), start.same_people and may_be
            for role in UNSEEN:
                shared = in_both(splits.people(training, role), learned, same_people)
                if shared:
                    raise LeakageError(
                        f"rows.{row}.from: {shared[0]} ({len(shared)} in all) has the role {role} "
                        f"in fold {fold}, and {earlier.row} of {earlier.experiment} (seed "
                        f"{earlier.seed}, fold {earlier.fold}) has learned from the same person; "
                        "start from a fold that left them out (fold: same, with equal splits), or "
                        "leave them out there (dataset.leave_out)"
                    )

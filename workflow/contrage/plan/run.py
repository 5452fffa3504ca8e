"""A run is a plan: cohorts, and experiments on them, each a module of the workflow.

One configuration is a plan of one cohort and one experiment; a study's are several. What another
experiment's result is an input of makes it more: a pre-training adds an experiment. Experiments on
a cohort of one name share its module. Nothing else in the workflow knows how many there are.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from contrage.cohort.notices import notices
from contrage.errors import LeakageError, SettingsError
from contrage.plan import cohort as cohorts
from contrage.plan import (
    dataset_settings,
    merged,
    model,
    phantoms,
    pretraining,
    refuse,
    rows,
    together,
)
from contrage.plan.check_starts import check_starts
from contrage.plan.experiment import Experiment
from contrage.plan.folds import PART_OF
from contrage.plan.people import check_plan, left_out_otherwise
from contrage.run import place

COHORT, MERGED = "cohort.smk", "merged.smk"
EXPERIMENT, START = "experiment.smk", "start.smk"
"""Files of modules; a start is an experiment whose report nobody asks for."""


class Module(NamedTuple):
    """A part of the workflow, loaded once.

    Attributes
    ----------
    slug : str
        Its name, an identifier.
    alias : str
        Names of its rules; "*" stands for the names that they have in their file.
    file : str
        Beside workflow/Snakefile.
    config : dict
        The whole configuration.
    """

    slug: str
    alias: str
    file: str
    config: dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What a run consists of.

    Attributes
    ----------
    experiments : tuple of Experiment
        Those that are reported first, then those that only others start from.
    reported : int
        How many are reported.
    cohorts : tuple of FoundCohort
        Of all experiments, each once, in their order.
    modules : tuple of Module
        Cohorts before the experiments on them.
    notices : tuple of str
        What a reader should know before the first job.
    """

    experiments: tuple[Experiment, ...]
    reported: int
    cohorts: tuple[cohorts.FoundCohort, ...]
    modules: tuple[Module, ...]
    notices: tuple[str, ...]

    @property
    def results(self) -> list[str]:
        """Return everything that a run makes for its reader."""
        own, is_compared = self.experiments[: self.reported], dataset_settings.array_before
        names = {each.config["cohort"]["name"] for each in own}
        scanned = [each for each in self.cohorts if each.has_scans]
        pages = [each.derivatives.quality_page for each in scanned if each.name in names]
        tables = [each.results.table(name) for each in own for name in each.tables]
        return [
            *(each.results.page for each in own),
            *pages,
            *tables,
            *(each.results.figures for each in own),
            *(each.results.exported for each in own),
            *(each.results.same_person_page for each in own if is_compared(each.config)),
            *(each.derivatives.description for each in scanned),
        ]


def read(
    configs: Sequence[dict[str, Any]],
    schema: dict[str, Any],
    *,
    is_first: bool,
    keeps: bool,
    trains: bool,
    is_study: bool = False,
    beside: Sequence[dict[str, Any]] = (),
) -> Plan:
    """Read the plan of some configurations, and refuse what cannot work before the first job.

    Parameters
    ----------
    configs : sequence of dict
        Whole configurations, one for each experiment that is reported.
    schema : dict
    is_first, keeps : bool
        As for `contrage.plan.cohort.read`. Only a first process looks at people and tells notices.
    trains : bool
        Whether the run goes on to trainings.
    is_study : bool
        Whether every rule is called by its experiment or cohort; several are in any case.
    beside : sequence of dict
        Of experiments that this run leaves out: cohorts carry what these ask for as well, so that
        a part of a study and the whole of it repeat nothing of each other.

    Raises
    ------
    SettingsError, TableError, LeakageError
    """
    named = is_study or len(configs) > 1
    configs = phantoms.placed(configs, is_first=is_first, keeps=keeps)
    main = [
        _Asked("" if not named else f"{_slug(each['experiment'])}_", named, EXPERIMENT, each)
        for each in configs
    ]
    _check_names(main)
    also = [_Asked("", named, EXPERIMENT, each) for each in beside]
    found = _read_cohorts(main, {}, also, is_first=is_first, keeps=keeps)
    parts = [_part(each, found, is_first=is_first, trains=trains) for each in main]
    asked = [*main, *(each for part in parts for each in _starts(part, schema))]
    _check_names(asked)
    found = _read_cohorts(asked, found, also, is_first=is_first, keeps=keeps)
    parts += [_part(each, found, is_first=is_first, trains=trains) for each in asked[len(main) :]]
    if is_first:
        check_starts([each.experiment for each in parts])
    return Plan(
        experiments=tuple(each.experiment for each in parts),
        reported=len(main),
        cohorts=tuple(found.values()),
        modules=tuple(_modules(parts)),
        notices=tuple(_notices(parts)) if is_first else (),
    )


@dataclass(frozen=True)
class _Asked:
    """An experiment that is asked for.

    Attributes
    ----------
    prefix : str
        What the names of its rules begin with.
    is_named : bool
        Whether it is one of several, so that rules and sentences say which.
    file : str
    config : dict
    """

    prefix: str
    is_named: bool
    file: str
    config: dict[str, Any]

    @property
    def cohort(self) -> str:
        """The name of its cohort."""
        return str(self.config["cohort"]["name"])

    @property
    def is_member(self) -> bool:
        """Whether it is what an experiment on a merged cohort asks of one of the members."""
        return PART_OF in self.config

    @property
    def members(self) -> list[_Asked]:
        """What it asks of each member of its cohort, where that is merged."""
        return [replace(self, config=each) for each in merged.members(self.config)]

    @property
    def prefix_of_cohort(self) -> str:
        """What the names of its cohort's rules begin with."""
        by_name = self.is_named or self.is_member
        return f"cohort_{_slug(self.cohort)}_" if by_name else self.prefix

    @contextmanager
    def told(self) -> Iterator[None]:
        """Say in sentences about a pre-training its key, and among several which it is."""
        with pretraining.told(self.file == START):
            try:
                yield
            except (SettingsError, LeakageError) as error:
                whose = [f"cohort {self.cohort}"] * self.is_member
                whose += [f"experiment {self.config['experiment']}"] * self.is_named
                if not whose:
                    raise
                raise type(error)(f"{error} ({', '.join(whose)})") from None


class _Part(NamedTuple):
    """An experiment as it was read, and its cohort."""

    asked: _Asked
    experiment: Experiment
    cohort: cohorts.FoundCohort


_Found = dict[str, cohorts.FoundCohort]


def _slug(name: str) -> str:
    """Return a name as it may stand in the names of rules."""
    return re.sub(r"\W", "_", name, flags=re.ASCII)


def _check_names(asked: Sequence[_Asked]) -> None:
    """Refuse experiments, or cohorts, whose files or rules would be one another's."""
    _check_apart("experiment", [each.config["experiment"] for each in asked])
    parts = [part for each in asked for part in each.members]
    if parts or all(each.is_named for each in asked):
        named = dict.fromkeys(each.cohort for each in (*asked, *parts))
        _check_apart("cohort.name", list(named))


def _check_apart(key: str, names: Sequence[str]) -> None:
    before: dict[str, str] = {}
    for name in names:
        if (slug := _slug(name)) in before:
            raise SettingsError(
                f"{key}: {before[slug]} and {name} would have the same files or names of rules; "
                "call one of them otherwise"
            )
        before[slug] = name


def _starts(part: _Part, schema: dict[str, Any]) -> list[_Asked]:
    """Return the pre-training that an experiment starts from, if any."""
    config, cohort = part.experiment.config, part.cohort
    people = [scan.participant_id for scan in part.experiment.cohort.scans]
    if cohort.is_merged:  # where others have them, their ids begin with no cohort's name
        people = merged.people_before(config, cohort.members)
    before = pretraining.complete(config, people, schema)
    asked = part.asked
    return (
        [replace(asked, prefix=f"{asked.prefix}{pretraining.HERE}_", file=START, config=before)]
        if before
        else []
    )


def _read_cohorts(
    asked: Sequence[_Asked],
    found: _Found,
    beside: Sequence[_Asked],
    *,
    is_first: bool,
    keeps: bool,
) -> _Found:
    """Return the cohorts of experiments by name, members before what is merged of them.

    One that a pre-training is on too is read anew, and what is merged of it. Experiments `beside`
    only add what their cohorts carry.
    """
    for each in asked:
        with each.told():
            merged.check(each.config)
    groups, more = _by_cohort(asked), _by_cohort(beside)
    read: _Found = {}
    for name, group in sorted(groups.items(), key=lambda each: bool(each[1][0].members)):
        needed = [each.cohort for each in group[0].members]
        as_before = all(each.file == EXPERIMENT for each in group)
        if name in found and as_before and all(read[each] is found.get(each) for each in needed):
            read[name] = found[name]
        else:
            own = [read[each] for each in needed]
            read[name] = _read_cohort(group, more[name], own, is_first=is_first, keeps=keeps)
    return {name: read[name] for name in groups}


def _by_cohort(asked: Sequence[_Asked]) -> defaultdict[str, list[_Asked]]:
    """Return what is asked of each cohort, of the members of merged ones as well."""
    groups: defaultdict[str, list[_Asked]] = defaultdict(list)
    for each in (*(part for one in asked for part in one.members), *asked):
        groups[each.cohort].append(each)
    return groups


def _read_cohort(
    group: Sequence[_Asked],
    beside: Sequence[_Asked],
    members: Sequence[cohorts.FoundCohort],
    *,
    is_first: bool,
    keeps: bool,
) -> cohorts.FoundCohort:
    """Return the cohort that some experiments are on, having looked at what they ask for."""
    for each in group:
        place.require_names(each.config)
        with each.told():
            refuse.check(each.config)
    configs = [each.config for each in group]
    together.check(configs)
    configs += [each.config for each in beside]
    with group[0].told() if len(group) == 1 else nullcontext():
        if members:
            return merged.read(configs, members)
        return cohorts.read(configs, is_first=is_first, keeps=keeps)


def _part(asked: _Asked, found: _Found, *, is_first: bool, trains: bool) -> _Part:
    """Return an experiment on a cohort that was read, having looked at its people."""
    config, cohort = asked.config, found[asked.cohort]
    with asked.told():
        people = cohort.people(config)
        rows.check_people(config, people)
        if is_first:
            check_plan(config, people, trains)
        experiment = Experiment.of(config, people)
        if asked.file == EXPERIMENT:  # what others only start from is no model by itself
            model.check(experiment)
        return _Part(asked, experiment, cohort)


def _modules(parts: Sequence[_Part]) -> Iterator[Module]:
    """Yield the modules, each cohort's before that of the first experiment on it."""
    loaded: set[str] = set()
    for asked in (part.asked for part in parts):
        for each in (*asked.members, asked):
            if each.cohort not in loaded:
                own, file = each.prefix_of_cohort, MERGED if each.members else COHORT
                yield Module(f"{own}of_cohort", f"{own}*", file, each.config)
            loaded.add(each.cohort)
        yield Module(f"{asked.prefix}of_experiment", f"{asked.prefix}*", asked.file, asked.config)


def _notices(parts: Sequence[_Part]) -> Iterator[str]:
    """Yield what a reader should know before the first job; of each cohort once."""
    told: set[str] = set()
    for part in parts:
        name, cohort = part.asked.cohort, part.cohort
        if name not in told:
            made = Path(cohort.derivatives) if cohort.has_scans else None
            yield from notices(cohort.found.cohort, name, made)
        told.add(name)
        yield from left_out_otherwise(part.asked.config, part.experiment.cohort)

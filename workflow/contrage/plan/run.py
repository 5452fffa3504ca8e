"""A run is a plan: cohorts, and experiments on them, each a module of the workflow.

One configuration is a plan of one cohort and one experiment. What another experiment's result is an
input of makes it more: a pre-training adds a cohort and an experiment. Nothing else in the workflow
knows how many there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from contrage.cohort.notices import notices
from contrage.plan import cohort as cohorts
from contrage.plan import pretraining, refuse, rows
from contrage.plan.check_starts import check_starts
from contrage.plan.experiment import Experiment
from contrage.plan.people import check_plan, left_out_otherwise
from contrage.run import place

COHORT, EXPERIMENT, START = "cohort.smk", "experiment.smk", "start.smk"
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
        The one that is reported first, then those that it starts from.
    cohorts : tuple of FoundCohort
        Of each experiment.
    modules : tuple of Module
        Cohorts before the experiments on them.
    notices : tuple of str
        What a reader should know before the first job.
    """

    experiments: tuple[Experiment, ...]
    cohorts: tuple[cohorts.FoundCohort, ...]
    modules: tuple[Module, ...]
    notices: tuple[str, ...]

    @property
    def results(self) -> list[str]:
        """Return everything that a run makes for its reader."""
        own, cohort = self.experiments[0], self.cohorts[0]
        pages = [cohort.derivatives.quality_page] if cohort.has_scans else []
        described = [each.derivatives.description for each in self.cohorts if each.has_scans]
        tables = [own.results.table(name) for name in own.tables]
        return [own.results.page, *pages, *tables, own.results.figures, *described]


def read(
    config: dict[str, Any],
    schema: dict[str, Any],
    *,
    is_first: bool,
    keeps: bool,
    trains: bool,
) -> Plan:
    """Read a configuration's plan, and refuse what cannot work before the first job.

    Parameters
    ----------
    config : dict
        The whole configuration.
    schema : dict
    is_first, keeps : bool
        As for `contrage.plan.cohort.read`. Only a first process looks at people and tells notices.
    trains : bool
        Whether the run goes on to trainings.

    Raises
    ------
    SettingsError, TableError, LeakageError
    """

    def part(alias: str, file: str, config: dict[str, Any]) -> _Part:
        return _read_part(alias, file, config, is_first=is_first, keeps=keeps, trains=trains)

    parts = [part("*", EXPERIMENT, config)]
    people = [scan.participant_id for scan in parts[0].experiment.cohort.scans]
    if before := pretraining.complete(config, people, schema):
        parts.append(part(f"{pretraining.HERE}_*", START, before))
    if is_first:
        check_starts([each.experiment for each in parts])
    return Plan(
        experiments=tuple(each.experiment for each in parts),
        cohorts=tuple(each.cohort for each in parts),
        modules=tuple(module for each in parts for module in each.modules()),
        notices=tuple(line for each in parts for line in each.notices),
    )


@dataclass(frozen=True)
class _Part:
    """An experiment, its cohort, and how their rules are called."""

    alias: str
    file: str
    experiment: Experiment
    cohort: cohorts.FoundCohort
    notices: list[str]

    def modules(self) -> list[Module]:
        prefix, config = self.alias.removesuffix("*"), self.experiment.config
        return [
            Module(f"{prefix}of_cohort", self.alias, COHORT, config),
            Module(f"{prefix}of_experiment", self.alias, self.file, config),
        ]


def _read_part(
    alias: str, file: str, config: dict[str, Any], *, is_first: bool, keeps: bool, trains: bool
) -> _Part:
    place.require_names(config)
    with pretraining.told(file == START):
        refuse.check(config)
        cohort = cohorts.read(config, is_first=is_first, keeps=keeps)
        people, name = cohort.found.cohort, config["cohort"]["name"]
        rows.check_people(config, people)
        if is_first:
            check_plan(config, people, trains)
    told: list[str] = []
    if is_first:
        made = Path(cohort.derivatives) if cohort.has_scans else None
        told = [*notices(people, name, made), *left_out_otherwise(config, people)]
    return _Part(alias, file, Experiment.of(config, people), cohort, told)

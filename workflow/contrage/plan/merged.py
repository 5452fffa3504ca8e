"""A merged cohort in the plan: its members are cohorts as any other, made by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from contrage import modalities
from contrage.cohort.exclude import read_exclusions
from contrage.cohort.merge import COHORT, merge
from contrage.cohort.snapshot import Snapshot
from contrage.errors import SettingsError
from contrage.layout import Derivatives, Phantom
from contrage.plan import cohort as cohorts
from contrage.plan import together
from contrage.plan.folds import PART_OF, asked_by, carried_columns
from contrage.settings.cohorts import MERGED
from contrage.settings.steps.merge import MergeStep


def is_merged(config: dict[str, Any]) -> bool:
    """Return whether the cohort of a configuration is merged of others."""
    return config["cohort"]["source"] == MERGED


def check(config: dict[str, Any]) -> None:
    """Raise `SettingsError` for a merged cohort that cannot be made.

    Parameters
    ----------
    config : dict
        The whole configuration, of a merged cohort or another.
    """
    if not is_merged(config):
        return
    cohort = config["cohort"]
    if modalities.load(cohort["image"]).comes_as == "scans":
        raise SettingsError(
            f"cohort: {cohort['image']} images are prepared cohort by cohort and cannot be merged; "
            "prepared arrays and tables of features can"
        )
    for each in cohort["members"]:
        if COHORT in each["columns"]:
            raise SettingsError(
                f"cohort.columns: {COHORT}, of {each['name']}, is the column that says from which "
                "cohort a merged scan is; rename yours"
            )


def members(config: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the configuration as it is on each member of its merged cohort; none of another.

    A column that a member names among its own is asked of those that name it, and missing of the
    others; one that nobody names is asked of all.
    """
    if not is_merged(config):
        return []
    blocks = config["cohort"]["members"]
    owned = {name for each in blocks for name in each["columns"]}
    of_all = [name for name in carried_columns(config) if name not in (COHORT, *owned)]
    return [
        {
            **config,
            "cohort": {**each, "columns": list(dict.fromkeys([*each["columns"], *of_all]))},
            PART_OF: config["cohort"]["name"],
        }
        for each in blocks
    ]


def read(
    configs: Sequence[dict[str, Any]], parts: Sequence[cohorts.FoundCohort]
) -> cohorts.FoundCohort:
    """Return the merged cohort of some experiments.

    Parameters
    ----------
    configs : sequence of dict
        Whole configurations with one and the same merged cohort.
    parts : sequence of FoundCohort
        Its members, in order.

    Raises
    ------
    SettingsError, TableError
        As `contrage.cohort.merge.merge`.
    """
    config, first = configs[0], parts[0]
    own = config["cohort"]
    columns = _columns(configs, parts)
    blocks = zip(own["members"], parts, strict=True)
    found = merge(
        {each.name: each.found.cohort for each in parts},
        columns,
        config["merge"]["same_ids"],
        {each["name"]: _by_reader(each, part) for each, part in blocks},
    )
    settings = replace(
        first.settings,
        source=MERGED,
        columns=(COHORT, *columns),
        asked_by=together.keys([asked_by(each) for each in configs]),
        also=next((each.settings.also for each in parts if each.settings.also), ()),
    )
    whole = replace(
        first,
        derivatives=Derivatives.of(own["name"]),
        raw=Phantom.of(own["name"]),
        raw_images={},
        source=MERGED,
        settings=settings,
        found=Snapshot(found, {}, {}),
        members=tuple(parts),
    )
    cohorts.keep(configs, whole)
    return whole


def _columns(
    configs: Sequence[dict[str, Any]], parts: Iterable[cohorts.FoundCohort]
) -> tuple[str, ...]:
    """Return what a merged cohort carries beside `cohort`: what it is asked for, what members have.

    A target's column is among those of every member.
    """
    asked = together.columns([carried_columns(each) for each in configs])
    there = [name for each in parts for name in each.settings.columns]
    return tuple(name for name in dict.fromkeys([*asked, *there]) if name != COHORT)


def _by_reader(block: dict[str, Any], part: cohorts.FoundCohort) -> dict[str, str]:
    """Return which scans of a member its reader leaves out."""
    everyone = (*part.found.cohort.scans, *part.found.cohort.excluded)
    return read_exclusions(block["exclude"], [each.scan_id for each in everyone])


def step(config: dict[str, Any], cohort: cohorts.FoundCohort) -> MergeStep:
    """Return what the step `merge` is asked for."""
    own = config["cohort"]
    return MergeStep(
        members=tuple(each.name for each in cohort.members),
        same_ids=config["merge"]["same_ids"],
        columns=tuple(name for name in cohort.settings.columns if name != COHORT),
        on_bad_scan=own["on_bad_scan"],
        duplicates=own["duplicates"],
    )


def lists_of_readers(config: dict[str, Any]) -> dict[str, str]:
    """Return member → its reader's list of scans to leave out, where there is one."""
    return {
        each["name"]: each["exclude"] for each in config["cohort"]["members"] if each["exclude"]
    }


def people_before(config: dict[str, Any], parts: Iterable[cohorts.FoundCohort]) -> list[str]:
    """Return participant_id, as their own cohorts have them, of everyone in a merged cohort."""
    return list(
        dict.fromkeys(scan.participant_id for each in parts for scan in each.people(config).scans)
    )

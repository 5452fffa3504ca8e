"""Settings of the steps that read a cohort, or make one: nothing that decides later steps alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from contrage import modalities
from contrage.cohort import sources
from contrage.errors import SettingsError
from contrage.settings.blocks.phantom import PhantomScanSettings, PhantomSettings
from contrage.settings.build import as_plain, build, fields_of
from contrage.settings.steps.cohort import CohortStep, PhantomPeople
from contrage.target import AGE, TAKEN
from contrage.target_words import TargetInWords

OF_ANY_PERSON = (0, 120)
"""Years: the ages that are believed where another target than age has the range."""
OF_RESULTS = ("split", "fold", "baseline", "own_prediction", "score", "probability")
"""Columns that tables of results alone have: roles may be read from others of such a name."""


def settings_of(
    cohort: Mapping[str, Any],
    *,
    target: Mapping[str, Any],
    asked_by: Mapping[str, str],
    also: Sequence[Mapping[str, Any]] = (),
    **of_run: Any,
) -> CohortStep:
    """Return what decides who is in a cohort: with another value its table is written anew.

    Parameters
    ----------
    cohort : mapping
        The block of the configuration.
    target : mapping
        The block of the configuration.
    asked_by : mapping
        Of columns that roles are read from: column → the key that names it.
    also : sequence of mapping
        Blocks like `target`, of further experiments on the cohort.
    **of_run
        `raw` (where the phantom lies), `needs_anatomical`, `needs_mask` and `needs_magnitude`.
    """
    source = sources.load(cohort["source"])
    there = {**cohort, **of_run}
    if "ending" in source.SETTINGS:
        there["ending"] = modalities.load(cohort["image"]).ending
    if "phantom" in source.SETTINGS:
        there["phantom"] = {key: cohort["phantom"][key] for key in fields_of(PhantomPeople)}
    _check_columns(cohort["columns"], asked_by)
    first, *others = _predicted([target, *also])
    own = [each["target"]["column"] for each in (first, *others) if each["target"]]
    chosen = {
        "source": cohort["source"],
        "columns": list(dict.fromkeys([*cohort["columns"], *own])),
        "asked_by": asked_by,
        **first,
        "also": others,
        **{key: there[key] for key in source.SETTINGS},
    }
    return build(CohortStep, dict.fromkeys(fields_of(CohortStep)) | chosen)


def _predicted(targets: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what a cohort is told of each target, one like another once, and age first.

    The order is not that of the experiments, so that another order of them repeats nothing.
    """
    found = {}
    for target in targets:
        is_age = target["column"] == AGE
        told = {
            "target": None if is_age else as_plain(TargetInWords(**target).limited),
            "age_range": target["range"] if is_age else OF_ANY_PERSON,
        }
        found[(not is_age, json.dumps(told, sort_keys=True))] = told
    return [found[key] for key in sorted(found)]


def phantom(config: Mapping[str, Any]) -> PhantomSettings:
    """Return the settings of `phantom-tables`."""
    return build(PhantomSettings, config["cohort"]["phantom"])


def phantom_scan(config: Mapping[str, Any], index: int) -> PhantomScanSettings:
    """Return the settings of `phantom`, of the scan that is so far down the cohort's list."""
    return PhantomScanSettings(index, phantom(config))


def _check_columns(columns: Iterable[str], roles: Mapping[str, str]) -> None:
    """Refuse further columns of which the table of scans would have two, or lose one."""
    for name in columns:
        key = roles.get(name, "cohort.columns")
        free = OF_RESULTS if name in roles else ()
        if name in (AGE, *TAKEN) and name not in free:
            raise SettingsError(
                f"{key}: {name} is a column of the workflow's own tables; take it out, or rename "
                "yours"
            )

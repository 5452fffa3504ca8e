"""Which evaluations an experiment has, and which columns of the cohort's tables they read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contrage.dataset.roles import OF_SCANS
from contrage.errors import SettingsError, few
from contrage.evaluation import elements
from contrage.target import Target

BLOCK, GROUPS = "evaluations", "evaluations.groups"
OF_SIDES = ("calibration", "sides_by_fold")
OF_MERGED = "cohort"
"""The column that a merged cohort has by itself."""


def setting(config: Mapping[str, Any], key: str) -> Any:
    """Return the value of a dotted key."""
    for name in key.split("."):
        config = config[name]
    return config


def switched_on(config: Mapping[str, Any]) -> list[str]:
    """Name the evaluations no block of which is null."""
    return [name for name in elements.available() if _is_on(config, name)]


def _is_on(config: Mapping[str, Any], evaluation: str) -> bool:
    asked = elements.element(evaluation).settings
    return all(setting(config, key) is not None for key in asked if key.startswith(f"{BLOCK}."))


def columns(config: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns that evaluations read and that not every table of scans has.

    Each is given with the configuration's key that asks for it.
    """
    groups, found = config[BLOCK]["groups"], {}
    by = config[BLOCK]["cohorts"]
    if _of_groups(config):
        found[groups["column"]] = f"{GROUPS}.column"
        if groups["cohort_column"] is not None:
            found.setdefault(groups["cohort_column"], f"{GROUPS}.cohort_column")
    for name in by["columns"] if by else []:
        found.setdefault(name, f"{BLOCK}.cohorts.columns")
    there = {*OF_SCANS, *[OF_MERGED] * (config["cohort"]["source"] == "merged")}
    return {name: key for name, key in found.items() if name not in there}


def _of_groups(config: Mapping[str, Any]) -> list[str]:
    """Name the evaluations that compare groups, of those that are switched on."""
    return [n for n in switched_on(config) if GROUPS in elements.element(n).settings]


def check(config: Mapping[str, Any], target: Target) -> None:
    """Raise `SettingsError` for evaluations that contradict each other, or the target."""
    on = switched_on(config)
    for name in [each for each in OF_SIDES if each in on and not target.is_binary]:
        raise SettingsError(
            f"{BLOCK}.{name}: is of a binary target, and target.kind is {target.kind}; set it to "
            "null"
        )
    if "embedded_site" in on and target.is_binary:
        raise SettingsError(
            f"{BLOCK}.embedded_site: its score is of errors, and target.kind is {target.kind}; set "
            "it to null"
        )
    if of_groups := _of_groups(config):
        if not target.is_age:
            raise SettingsError(
                f"{BLOCK}.{of_groups[0]}: the brain-age gap is of ages, and target.column is "
                f"{target.column}; set it to null"
            )
        _check_groups(config)


def _check_groups(config: Mapping[str, Any]) -> None:
    """Refuse groups that are two things, and positive ones that are none."""
    groups = config[BLOCK]["groups"]
    if both := [name for name in groups["patients"] if name in groups["controls"]]:
        raise SettingsError(f"{GROUPS}.patients: {few(both)} is among {GROUPS}.controls as well")
    for block in ("roc", "against_diagnosis"):
        asked = config[BLOCK][block]
        for name in asked["positive"] if asked else []:
            if name not in groups["patients"]:
                raise SettingsError(
                    f"{BLOCK}.{block}.positive: {name} is not among {GROUPS}.patients "
                    f"({few(groups['patients']) or 'which is empty'})"
                )

"""Which evaluations an experiment has, and which columns of the cohort's tables they read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contrage.dataset.roles import OF_SCANS
from contrage.errors import SettingsError, few
from contrage.evaluation import elements
from contrage.plan.rows import logged_rows, permutes
from contrage.target import Target

BLOCK, GROUPS = "evaluations", "evaluations.groups"
OF_SIDES = ("calibration", "sides_by_fold")
OF_NUMBERS = {
    "shots": "its bins are of numbers",
    "missing_range": "its ranges are of numbers",
    "lipschitz": "its factors are of numbers",
    "ordinality": "its distances are of numbers",
    "paired_t": "it compares errors",
    "site_offset": "its offsets are of numbers",
    "harmonised": "its errors are of numbers",
    "embedded_site": "its score is of errors",
}
"""What a binary target cannot have, and why."""
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
    for name in [each for each in OF_NUMBERS if each in on and target.is_binary]:
        raise SettingsError(
            f"{BLOCK}.{name}: {OF_NUMBERS[name]}, and target.kind is {target.kind}; set it to null"
        )
    if "oracle" in on and not target.is_age:
        raise SettingsError(
            f"{BLOCK}.oracle: it knows brain ages, and target.column is {target.column}; set it to "
            "null"
        )
    if "shots" in on and config[BLOCK]["shots"]["few"] > config[BLOCK]["shots"]["many"]:
        raise SettingsError(
            f"{BLOCK}.shots.few: {config[BLOCK]['shots']['few']} is more than {BLOCK}.shots.many "
            f"({config[BLOCK]['shots']['many']}); make it smaller"
        )
    if "missing_range" in on and not config["dataset"]["missing_targets"]:
        raise SettingsError(
            f"{BLOCK}.missing_range: dataset.missing_targets names no range; name one, or set this "
            "to null"
        )
    if of_groups := _of_groups(config):
        if not target.is_age:
            raise SettingsError(
                f"{BLOCK}.{of_groups[0]}: the brain-age gap is of ages, and target.column is "
                f"{target.column}; set it to null"
            )
        _check_groups(config)


def check_rows(config: Mapping[str, Any], trained: Sequence[str]) -> None:
    """Raise `SettingsError` where rows are to be compared with one that is not trained."""
    pairs = config[BLOCK]["ordinality"]
    for row in [each for pair in pairs["permuted"].items() for each in pair] if pairs else []:
        if row not in trained:
            raise SettingsError(
                f"{BLOCK}.ordinality.permuted: {row} is not among benchmark.losses "
                f"({few(list(trained))}); name rows of it"
            )
    for row, like in (pairs or {"permuted": {}})["permuted"].items():
        if not permutes(config, like):
            raise SettingsError(
                f"{BLOCK}.ordinality.permuted: {like}, which {row} is compared with, permutes no "
                f"labels; set rows.{like}.permute_labels to true"
            )
    if config[BLOCK]["logits"] is not None and not logged_rows(config):
        raise SettingsError(
            f"{BLOCK}.logits: no training notes cosines of pairs; set training.logits to {{}}, or "
            "this to null"
        )
    asked = config[BLOCK]["lipschitz"]
    if asked and asked["reference"] is not None and asked["reference"] not in trained:
        raise SettingsError(
            f"{BLOCK}.lipschitz.reference: {asked['reference']} is not among benchmark.losses "
            f"({few(list(trained))}); name one of these, or null for none"
        )


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

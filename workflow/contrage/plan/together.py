"""Experiments on one cohort: what they must agree in, since its files are made once for all.

Images, arrays and the table of scans lie in results/derivatives/<cohort>. What an experiment alone
asks of them, columns and a target, is put together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from contrage import modalities
from contrage.errors import SettingsError
from contrage.settings.words import shown

OWN = ("columns",)
"""Of the block `cohort`: what each experiment may ask for by itself."""


def check(configs: Sequence[dict[str, Any]]) -> None:
    """Raise `SettingsError` if experiments on one cohort would have its files made differently.

    Parameters
    ----------
    configs : sequence of dict
        Whole configurations whose cohorts have one name.
    """
    first, *others = configs
    for other in others:
        for key, here, there in differences(_decides(first), _decides(other)):
            raise SettingsError(
                f"{key}: {_said(here)} in {first['experiment']}, but {_said(there)} in "
                f"{other['experiment']}, and both are on the cohort {first['cohort']['name']}, "
                "whose files are made once; make them agree, or give one another cohort.name"
            )


def _decides(config: dict[str, Any]) -> dict[str, Any]:
    """Return what decides the files of a cohort, up to its array, as a configuration nests it."""
    cohort = {key: value for key, value in config["cohort"].items() if key not in OWN}
    comes_as = modalities.load(cohort["image"]).comes_as
    found = {"cohort": cohort, "container": config["container"]}
    if cohort["members"]:
        found["merge"] = config["merge"]
    if comes_as == "scans":
        found["preprocessing"] = config["preprocessing"]
        # The quality page is the cohort's: one of them would name whom the others do not.
        found["report"] = {"show_ids": config["report"]["show_ids"]}
    if comes_as != "table":
        found["dataset"] = {"voxel_mm": config["dataset"]["voxel_mm"]}
    return found


def differences(
    one: Mapping[str, Any], other: Mapping[str, Any], above: str = ""
) -> Iterator[tuple[str, Any, Any]]:
    """Yield the dotted keys in which two blocks differ, with both values."""
    for key in dict.fromkeys([*one, *other]):
        here, there = one.get(key), other.get(key)
        if isinstance(here, Mapping) and isinstance(there, Mapping):
            yield from differences(here, there, f"{above}{key}.")
        elif here != there:
            yield f"{above}{key}", here, there


def _said(value: Any) -> str:
    return "null" if value is None else shown(value) if value else "empty"


def columns(asked: Sequence[Sequence[str]]) -> list[str]:
    """Return the columns that a cohort carries for all of its experiments.

    Sorted where these ask for different ones: another order of them repeats nothing.
    """
    found = list(dict.fromkeys(name for each in asked for name in each))
    return found if all(list(each) == found for each in asked) else sorted(found)


def keys(asked: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return column → the key that asks for it; of several keys one, whatever their order."""
    found: dict[str, str] = {}
    for name, key in (pair for each in asked for pair in each.items()):
        found[name] = min(key, found[name]) if name in found else key
    return found

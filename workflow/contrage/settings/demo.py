"""Defaults that are true of the demo alone, and are said of no other data."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

from contrage.settings.schema import Part
from contrage.target import AGE

DESCRIPTION = "Digital phantom, the workflow's own demonstration."


def describe(config: dict[str, Any]) -> None:
    """Say of a phantom that has no description what it is; other data say it themselves."""
    if config["cohort"]["source"] == "phantom" and not config["description"]:
        config["description"] = DESCRIPTION


def stated_of_target(layers: Iterable[dict[str, Any]]) -> set[str]:
    """Return which keys of the target layers state, since the last one that is about age."""
    stated: set[str] = set()
    for layer in layers:
        block = layer.get("target")
        if isinstance(block, dict):
            stated = set() if block.get("column") == AGE else stated | set(block)
    return stated


def inherited_names(
    config: dict[str, Any], schema: Part, stated: Container[str] = (), prefix: str = ""
) -> list[str]:
    """Return a sentence for each name of the demo's that other data would be kept under.

    Parameters
    ----------
    config : dict
    schema : dict
    stated : container of str
        Keys of the target that somebody has stated (`stated_of_target`).
    prefix : str
        Stands before the keys.
    """
    keys = schema["properties"]
    said = []
    names = keys["cohort"]["properties"]["name"]["default"], keys["experiment"]["default"]
    if config["cohort"]["source"] != "phantom":
        if config["experiment"] == names[1]:
            said.append(_sentence(f"{prefix}experiment", names[1]))
        if config["cohort"]["name"] == names[0]:
            said.append(_sentence(f"{prefix}cohort.name", names[0]))
    own = keys["pretraining"]["properties"]["cohort"]["default"]
    chosen = config["pretraining"]["cohort"]
    taken = chosen["name"]
    if chosen["source"] != "phantom" and taken in (names[0], own["name"]):
        said.append(_sentence(f"{prefix}pretraining.cohort.name", taken))
    of_age = {key: each.get("default") for key, each in keys["target"]["properties"].items()}
    return said + _inherited_target(config["target"], of_age, stated, prefix)


def _inherited_target(
    target: dict[str, Any], of_age: dict[str, Any], stated: Container[str], prefix: str
) -> list[str]:
    """Return a sentence for each of unit and range that is age's, and that nobody has stated."""
    if target["column"] == of_age["column"] or target["kind"] == "binary":
        return []
    nothing = {"unit": '"" for none', "range": "null for any"}
    return [
        f"{prefix}target.{key}: {of_age[key]} is that of age; give {target['column']} its own "
        f"({other})"
        for key, other in nothing.items()
        if target[key] == of_age[key] and key not in stated
    ]


def _sentence(key: str, name: str) -> str:
    return (
        f"{key}: {name} is the name of the demo's digital phantom; give your data one of their own"
    )

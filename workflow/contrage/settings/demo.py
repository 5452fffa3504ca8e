"""Defaults that are true of the demo alone, and are said of no other data."""

from __future__ import annotations

from typing import Any

from contrage.settings.schema import Part

DESCRIPTION = "Digital phantom, the workflow's own demonstration."


def describe(config: dict[str, Any]) -> None:
    """Say of a phantom that has no description what it is; other data say it themselves."""
    if config["cohort"]["source"] == "phantom" and not config["description"]:
        config["description"] = DESCRIPTION


def inherited_names(config: dict[str, Any], schema: Part, prefix: str = "") -> list[str]:
    """Return a sentence for each name of the demo's that other data would be kept under."""
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
    taken = chosen.get("name", names[0])
    if chosen.get("source", "phantom") != "phantom" and taken in (names[0], own["name"]):
        said.append(_sentence(f"{prefix}pretraining.cohort.name", taken))
    return said + _inherited_target(config["target"], keys["target"]["properties"], prefix)


def _inherited_target(target: dict[str, Any], keys: Part, prefix: str) -> list[str]:
    """Return a sentence on another target with unit and range of age, which nobody has stated."""
    of_age = {key: keys[key]["default"] for key in ("column", "unit", "range")}
    if target["column"] == of_age["column"] or target["kind"] == "binary":
        return []
    if any(target[key] != of_age[key] for key in ("unit", "range")):
        return []
    return [
        f"{prefix}target.unit: {of_age['unit']} and the range {of_age['range']} are those of age; "
        f'give {target["column"]} its own (unit: "" for none, range: null for any)'
    ]


def _sentence(key: str, name: str) -> str:
    return (
        f"{key}: {name} is the name of the demo's digital phantom; give your data one of their own"
    )

"""The schema of the configuration, and what it says of a place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from contrage.settings.yaml_door import LOADER

Part = dict[str, Any]
TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}


def load_schema(path: Path) -> Part:
    """Read a schema, quickly: every job reads it again."""
    return yaml.load(Path(path).read_text(encoding="utf-8"), Loader=LOADER)


def resolve(schema: Part, part: Part) -> Part:
    """Follow a `$ref` into the schema; what stands beside it counts more."""
    if "$ref" not in part:
        return part
    target = schema
    for name in part["$ref"].removeprefix("#/").split("/"):
        target = target[name]
    return {**target, **{key: value for key, value in part.items() if key != "$ref"}}


def properties(part: Part) -> dict[str, Part]:
    """Return the keys that a block may have, those of its `then` included."""
    return {**part.get("properties", {}), **part.get("then", {}).get("properties", {})}


def child(part: Part, key: str) -> Part | None:
    """Return what the schema says of a key of a block; None if there is no such key."""
    own = properties(part)
    if key in own:
        return own[key]
    others = part.get("additionalProperties", {})
    return others if isinstance(others, dict) else None


def branch(part: Part, kind: str) -> Part:
    """Return the alternative that takes a kind of value, where there are several."""
    fitting = (option for option in part.get("oneOf", []) if kind in kinds(option))
    return next(fitting, part)


def kinds(part: Part) -> set[str]:
    """Return JSON Schema's names of what may stand in a place; empty: anything."""
    if "oneOf" in part:
        return set().union(*map(kinds, part["oneOf"]))
    stated = part.get("type", [])
    found = {stated} if isinstance(stated, str) else set(stated)
    choices = [*part.get("enum", []), *([part["const"]] if "const" in part else [])]
    return found or {TYPES[type(choice)] for choice in choices}


def all_keys(schema: Part, part: Part | None = None, above: str = "") -> list[str]:
    """Return every key of the schema with its path (training, training.epochs, and so on)."""
    found = []
    for key, below in properties(schema if part is None else part).items():
        path = f"{above}.{key}" if above else key
        found += [path, *all_keys(schema, resolve(schema, below), path)]
    return found

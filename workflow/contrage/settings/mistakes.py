"""What the schema refuses, one sentence for each mistake."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from contrage.settings.schema import Part, kinds, properties
from contrage.settings.unknown_key import unknown_entity, unknown_key
from contrage.settings.words import PATTERNS, allowed, shown


def find_mistakes(
    config: dict[str, Any],
    schema: Part,
    prefix: str = "",
    known: set[tuple[str, ...]] = frozenset(),
) -> list[str]:
    """Return a sentence for everything in a configuration that the schema does not allow.

    Parameters
    ----------
    config : dict
    schema : dict
    prefix : str
        Stands before every key.
    known : set of tuple
        Keys about which enough is said.
    """
    said: dict[tuple[Any, ...], str] = {}
    for error in Draft202012Validator(schema).iter_errors(config):
        place = _place(error)
        if place in known:
            continue
        for where, sentence in _sentences(error, place, schema, prefix):
            said.setdefault(where, sentence)
    return list(said.values())


def _place(error: ValidationError) -> tuple[str, ...]:
    """Return the keys that lead to an error; of a list's items, to the list."""
    return tuple(step for step in error.absolute_path if isinstance(step, str))


def _sentences(
    error: ValidationError, place: tuple[str, ...], schema: Part, prefix: str
) -> list[tuple[tuple[str, ...], str]]:
    head = f"{prefix}{'.'.join(place)}"
    if error.validator == "oneOf" and isinstance(error.instance, list):
        inner = [each for each in error.context if each.validator not in ("const", "type")]
        error = inner[0] if inner else error
    if error.validator == "additionalProperties":
        known = properties(error.schema)
        unknown = [key for key in error.instance if key not in known]
        return [
            ((*place, key), unknown_key(schema, (*place, str(key)), list(known), prefix))
            for key in unknown
        ]
    if "propertyNames" in error.absolute_schema_path:
        name = str(error.instance)
        return [((*place, name), _refused_name(error, (*place, name), prefix))]
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        wanted = ", ".join(error.validator_value)
        return [(place, f"{head}: it lacks {' and '.join(missing)}; give {wanted}")]
    if error.validator == "uniqueItems":
        return [(place, f"{head}: {_repeated(error.instance)} stands there twice")]
    return [(place, f"{head}: {_refusal(error)}")]


def _refused_name(error: ValidationError, place: tuple[str, ...], prefix: str) -> str:
    """Say that a key of a block whose keys are the user's own is not possible."""
    if error.validator == "pattern":
        wanted = PATTERNS[error.validator_value]
        return f"{prefix}{'.'.join(place)}: not possible as a name; use {wanted}"
    known = [name for each in error.context or [error] for name in each.validator_value]
    return unknown_entity(place, known, prefix)


def _repeated(items: list[Any]) -> str:
    return next(shown(item) for index, item in enumerate(items) if item in items[:index])


def _refusal(error: ValidationError) -> str:
    """Say that a value is not possible, and what is."""
    value = error.instance
    hint = ""
    if "array" in kinds(error.schema) and isinstance(value, int | float | str):
        hint = f"; write a list: [{shown(value)}], or [{shown(value)}, …] for several"
    if value == {} and error.validator == "minProperties":
        return "there is nothing in it; name at least one key, or leave it out"
    return f"{shown(value)} is not possible; it takes {allowed(error.schema)}{hint}"

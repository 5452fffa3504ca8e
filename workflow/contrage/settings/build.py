"""From a validated block of the configuration to its dataclass, and back to JSON."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

Block = TypeVar("Block")


class WhereAsked(typing.NamedTuple):
    """Marks a field that JSON has only where it says something: one added later repeats no job.

    As in ``target: Annotated[Target | None, WhereAsked(None)]``.

    Attributes
    ----------
    nothing
        The value that says nothing.
    """

    nothing: Any


def build(kind: type[Block], given: Mapping[str, Any], above: str = "") -> Block:
    """Return a block as its frozen dataclass; behind this door nothing is optional.

    Parameters
    ----------
    kind : type
        A dataclass without defaults. Fields that are dataclasses are built of the blocks below,
        tuples of the lists.
    given : mapping
        As the schema has completed it: every key is there, and none besides.
    above : str
        Where the block stands, with a dot at its end, for messages.

    Raises
    ------
    TypeError
        If a key is missing or unknown, or a value of another kind: the schema and the dataclass do
        not agree, or a rule does not state what its step reads.
    """
    if not isinstance(given, Mapping):
        raise TypeError(f"{above.removesuffix('.') or kind.__name__}: takes a block, not {given!r}")
    hints, given = fields_of(kind), {**_left_out(kind), **given}
    missing, unknown = hints.keys() - given.keys(), given.keys() - hints.keys()
    if missing or unknown:
        said = [f"{above}{name} is missing" for name in sorted(missing)]
        said += [f"{above}{name} is no setting of it" for name in sorted(unknown)]
        raise TypeError(f"{kind.__name__}: {', '.join(said)}")
    return kind(**{name: _value(hints[name], given[name], f"{above}{name}.") for name in hints})


@cache
def fields_of(kind: type) -> dict[str, Any]:
    """Return the fields of a dataclass with their types, resolved."""
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


@cache
def _left_out(kind: type) -> dict[str, Any]:
    """Return the fields that JSON may lack, each with what it then is."""
    hints = typing.get_type_hints(kind, include_extras=True)
    marks = {name: getattr(hints[name], "__metadata__", ()) for name in fields_of(kind)}
    return {
        name: mark.nothing
        for name, found in marks.items()
        for mark in found
        if isinstance(mark, WhereAsked)
    }


def as_plain(block: Any) -> Any:
    """Return a block as JSON and checkpoints hold it: mappings, lists and plain values."""
    if dataclasses.is_dataclass(block):
        nothing, plain = _left_out(type(block)), {}
        for field in dataclasses.fields(block):
            value = getattr(block, field.name)
            if not (field.name in nothing and value == nothing[field.name]):
                plain[field.name] = as_plain(value)
        return plain
    if isinstance(block, Mapping):
        return {name: as_plain(value) for name, value in block.items()}
    if isinstance(block, tuple | list):
        return [as_plain(value) for value in block]
    return block


def _value(hint: Any, given: Any, above: str) -> Any:
    if isinstance(hint, types.UnionType):
        fitting = [part for part in typing.get_args(hint) if _takes(part, given)]
        if len(fitting) > 1 and isinstance(given, Mapping):  # several blocks: that with these keys
            fitting = [part for part in fitting if fields_of(part).keys() == given.keys()]
        if not fitting:
            raise TypeError(f"{above.removesuffix('.')}: cannot be {given!r}")
        hint = fitting[0]
    if dataclasses.is_dataclass(hint):
        return build(typing.cast(type, hint), given, above)
    if typing.get_origin(hint) is tuple:
        return tuple(_value(typing.get_args(hint)[0], each, above) for each in given)
    if typing.get_origin(hint) is dict:
        below = typing.get_args(hint)[1]
        return {name: _value(below, each, f"{above}{name}.") for name, each in given.items()}
    return given


def _takes(hint: Any, given: Any) -> bool:
    """Whether an alternative of a type is the one for a value as JSON has it."""
    if given is None:
        return hint is types.NoneType
    plain = typing.get_origin(hint) or hint
    if isinstance(given, Mapping):
        return dataclasses.is_dataclass(hint) or plain is dict
    if isinstance(given, list | tuple):
        return plain is tuple
    return plain not in (types.NoneType, tuple, dict) and not dataclasses.is_dataclass(hint)

"""What was written as what is meant: text becomes the number or word that the schema asks for."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from contrage.errors import SettingsError
from contrage.settings import paths, scalars
from contrage.settings.schema import Part, branch, child, kinds, properties, resolve
from contrage.settings.words import allowed
from contrage.settings.yaml_door import read_text

Place = tuple[str, ...]
NOTHING = object()


@dataclass(frozen=True)
class Reading:
    """A schema, and the mistakes found while a configuration was read by it.

    Attributes
    ----------
    schema : dict
    on_command_line : bool
        Where quotation marks are the shell's or JSON's, and say nothing.
    mistakes : dict
        Key's path → what is wrong there.
    """

    schema: Part
    on_command_line: bool = False
    mistakes: dict[Place, str] = field(default_factory=dict)


def as_meant(reading: Reading, written: Any, part: Part, place: Place = ()) -> Any:
    """Return the value that was meant; `NOTHING` for a block or list without content.

    Parameters
    ----------
    reading : Reading
        Mistakes are added to it; where there is one, the value stays as it is written.
    written : dict, list, str or other
        Text of a file comes as `Written`; values that are no text are left as they are.
    part : dict
        What the schema says of the place.
    place : tuple of str
        The keys that lead there.
    """
    part = resolve(reading.schema, part)
    if isinstance(written, dict):
        part = branch(part, "object")
        named = {_key(key): value for key, value in written.items()}
        found = {  # a configuration that a workflow hands over was read by YAML: null is None there
            key: _value_of(reading, value, child(part, key), (*place, key))
            for key, value in named.items()
        }
        return {key: value for key, value in found.items() if value is not NOTHING}
    if isinstance(written, list | tuple):
        items = branch(part, "array").get("items", {})
        return [as_meant(reading, item, items, place) for item in written]
    if isinstance(written, str):
        return _of_text(reading, written, part, place)
    return _whole(written) if kinds(part) & {"integer", "number"} == {"integer"} else written


def _key(key: Any) -> str:
    """Return a key as it stands in a file; what YAML has read as a number or a truth is none."""
    if isinstance(key, bool):
        return str(key).lower()
    return "null" if key is None else str(key)


def _value_of(reading: Reading, written: Any, part: Part | None, place: Place) -> Any:
    if part is None:  # no such key: its content is nobody's
        return str(written) if isinstance(written, str) else written
    return as_meant(reading, written, part, place)


def _of_text(reading: Reading, text: str, part: Part, place: Place) -> Any:
    wanted, quoted = kinds(part), _is_quoted(reading, text)
    is_home = text == "~" and getattr(text, "quoted", True)
    text = str(text)
    if not wanted:
        return _anything(reading, text, place, quoted)
    if not quoted and _is_null(text, wanted) and not (_is_path(part) and is_home):
        return _null(reading, text, part, place)
    if wanted & {"array", "object"} and text.startswith(("{", "[")):
        return _nested(reading, text, part, place)
    if wanted & {"integer", "number"}:
        return _number(reading, text, part, place, quoted)
    if "boolean" in wanted:
        return scalars.BOOLEANS.get(text.lower(), text)
    if _is_path(part):
        full, fault = paths.expanded(text)
        return _refused(reading, place, fault, text) if fault else full
    return text


def _is_quoted(reading: Reading, text: str) -> bool:
    """Return whether quotation marks say that this is text; where nothing is known, they do."""
    return getattr(text, "quoted", True) and not (reading.on_command_line and text)


def _is_path(part: Part) -> bool:
    return part.get("format") == "path"


def _is_null(text: str, wanted: set[str]) -> bool:
    return text in scalars.NULLS or ("null" in wanted and text == "None")


def _anything(reading: Reading, text: str, place: Place, quoted: bool) -> Any:
    """Return what text is where the schema leaves the kind open: a loss's settings."""
    if quoted:
        return text
    if reading.on_command_line and text == "None":
        return None
    value, odd = scalars.natural(text)
    return _refused(reading, place, odd, text) if odd else value


def _refused(reading: Reading, place: Place, reason: str, value: Any) -> Any:
    reading.mistakes.setdefault(place, f"{'.'.join(place)}: {reason}")
    return value


def _null(reading: Reading, text: str, part: Part, place: Place) -> Any:
    """Return nothing as what it means here.

    A block without lines is as if it were not there; one that is asked for by its name alone (an
    augmentation, a row) is there, with all its defaults.
    """
    wanted = kinds(part)
    if "null" in wanted:
        return None
    if wanted & {"array", "object"}:
        empty = {} if "object" in wanted else []
        return NOTHING if "default" in part else empty
    if reading.on_command_line and not text and "string" in wanted:
        return ""
    return _refused(
        reading, place, f"there is no value; give {allowed(part)}, or leave the line out", text
    )


def _nested(reading: Reading, text: str, part: Part, place: Place) -> Any:
    """Return a block or list that came as text, as Snakemake hands them over."""
    try:
        content = read_text(text, ".".join(place))
    except SettingsError:
        return text
    return text if isinstance(content, str) else as_meant(reading, content, part, place)


def _number(reading: Reading, text: str, part: Part, place: Place, quoted: bool) -> Any:
    wanted, value = kinds(part), scalars.number(text)
    if "string" in wanted:  # a value of a table: text, unless it is a number to the letter
        fits = "number" in wanted or isinstance(value, int)
        return value if fits and not quoted and str(value) == text else text
    if value is None:
        odd = scalars.oddity(text)
        return _refused(reading, place, odd, text) if odd else text
    if value in part.get("enum", []):
        return part["enum"][part["enum"].index(value)]
    return _whole(value) if "number" not in wanted else value


def _whole(value: Any) -> Any:
    """Return 2.0 as 2; all else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def fill_defaults(value: Any, part: Part) -> None:
    """Fill in what a configuration does not say, block by block, in place."""
    if not isinstance(value, dict):
        return
    for key, below in properties(part).items():
        if "default" in below and key not in value:
            value[key] = copy.deepcopy(below["default"])
    for key, content in value.items():
        fill_defaults(content, child(part, key) or {})

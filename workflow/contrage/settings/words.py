"""What may stand in a place, in words, and values as short as a message needs them."""

from __future__ import annotations

import json
from typing import Any

from contrage.settings.schema import Part, kinds

PATTERNS = {
    "^[A-Za-z0-9_-]+$": "letters, digits, - and _",
    r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$": "letters, digits, - and _, with a dot between them",
    r"^[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$": (
        "letters, digits, - and _, with a letter first and a dot between them"
    ),
    "^[A-Za-z0-9]+$": "letters and digits",
    "^[A-Za-z0-9_.]+$": "letters, digits, _ and dots",
    "^[0-9a-fA-F]{64}$": "64 digits of 0-9 and a-f",
    r'^[^\s"{}/\\]+$': "one word, without blanks, quotation marks, braces and slashes",
    "^[A-Za-z0-9][A-Za-z0-9_-]*$": "letters, digits, - and _, with a letter or digit first",
    "^[a-z0-9][a-z0-9_-]*$": "small letters, digits, - and _, with a letter or digit first",
}
LONGEST = 50


def allowed(part: Part) -> str:
    """Say what the schema allows in a place: "a whole number of at least 1, or null"."""
    if "oneOf" in part:
        return ", or ".join(map(allowed, part["oneOf"]))
    if "const" in part:
        return shown(part["const"])
    if "enum" in part:
        return _either([shown(choice) for choice in part["enum"]])
    wanted = kinds(part)
    said = []
    if wanted & {"integer", "number"}:
        said.append(("a number" if "number" in wanted else "a whole number") + _range(part))
    if "string" in wanted:
        said.append(_text(part))
    if "boolean" in wanted:
        said.append("true or false")
    if "array" in wanted:
        said.append(_list(part))
    if "object" in wanted:
        said.append("a block of keys")
    if "null" in wanted:
        said.append("null")
    return ", or ".join(said) or "a value"


def shown(value: Any) -> str:
    """Return a value as it stands in a configuration, shortened."""
    plain = isinstance(value, str) and value and value == value.strip()
    text = value if plain else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _either(choices: list[str]) -> str:
    *first, last = choices
    return f"{', '.join(first)} or {last}" if first else last


def _text(part: Part) -> str:
    if "pattern" in part:
        return f"text of {PATTERNS[part['pattern']]}"
    return "a path" if part.get("format") == "path" else "text"


def _list(part: Part) -> str:
    least, most = part.get("minItems", 0), part.get("maxItems")
    if least == most:
        count = f" {least}"
    elif most is not None:
        count = f" {least} to {most}"
    else:
        count = f" {least} or more" if least else ""
    items = part.get("items", {})
    return f"a list of{count}{', each ' if count else ' '}{allowed(items)}"


def _range(part: Part) -> str:
    low, high = part.get("minimum"), part.get("maximum")
    above, below = part.get("exclusiveMinimum"), part.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f" from {low:g} to {high:g}"
    limits = {"of at least": low, "above": above, "of at most": high, "below": below}
    said = [f"{words} {limit:g}" for words, limit in limits.items() if limit is not None]
    return f" {' and '.join(said)}" if said else ""

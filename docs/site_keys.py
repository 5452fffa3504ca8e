"""Every key of a schema in Markdown: what may stand there, its default, what it means."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any

from contrage.settings.schema import Part, properties, resolve

KINDS = {
    "object": "a block",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
    "null": "`null`",
}
LIMITS = {
    "minimum": "at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
    "minItems": "with at least",
    "maxItems": "with at most",
}
BLOCK_OF_PROPERTIES = "#/properties/"


def reference(schema: Part, prefix: str = "") -> str:
    """Return a section for each key of a schema; its anchor is the prefix and the key's path."""
    sections = [section(schema, path, part, prefix) for path, part in keys(schema, schema)]
    return "\n\n".join(sections)


def keys(schema: Part, part: Part, above: str = "") -> Iterator[tuple[str, Part]]:
    """Give each key with its path and what is said of it, in the order of the schema.

    A key that says the same as another one (`$ref`) is given, and what is below it is not.
    """
    for path, below in children(part, above):
        yield path, below
        if elsewhere(below) is None:
            yield from keys(schema, resolve(schema, below), path)


def children(part: Part, above: str) -> Iterator[tuple[str, Part]]:
    """Give what stands one level below: keys, and what names of one's own, or lists, hold."""
    for name, below in properties(part).items():
        yield f"{above}.{name}" if above else name, below
    for holder, mark in (("additionalProperties", ".<name>"), ("items", "[]")):
        held = part.get(holder)
        if isinstance(held, dict) and (properties(held) or "description" in held):
            yield above + mark, held


def elsewhere(part: Part) -> str | None:
    """Return the path of the key that a part repeats, None if it speaks for itself."""
    target = part.get("$ref", "")
    if not target.startswith(BLOCK_OF_PROPERTIES):
        return None
    return ".".join(name for name in target.split("/")[1:] if name not in ("properties", "then"))


def section(schema: Part, path: str, part: Part, prefix: str) -> str:
    """Return heading, facts and meaning of one key."""
    depth = min(path.count("."), 1) + (not has_keys(schema, part))
    level = "##" if "." not in path else "###" if depth < 2 else "####"
    heading = f"{level} `{path}` {{ #{anchor(prefix + path)} }}"
    other = elsewhere(part)
    said = resolve(schema, part) if other is None else part
    facts = ["required"] if path in schema.get("required", []) else []
    if other is not None:
        facts.append(f"as [`{other}`](#{anchor(prefix + other)})")
    else:
        facts.append(takes(schema, part))
    if "default" in said and not (said["default"] == {} and has_keys(schema, part)):
        facts.append(f"default `{plain(said['default'])}`")
    first = ", ".join(facts)
    meaning = escaped(resolve(schema, part).get("description", ""))
    return f"{heading}\n\n*{first[0].upper()}{first[1:]}.*\n\n{meaning}".rstrip()


def anchor(path: str) -> str:
    """Return the id of a key's section; those of a study's keys do not meet a configuration's."""
    return re.sub(r"[^\w.-]", "", path)


def has_keys(schema: Part, part: Part) -> bool:
    """Return whether a part is a block whose keys have sections of their own."""
    return elsewhere(part) is None and any(children(resolve(schema, part), ""))


def takes(schema: Part, part: Part) -> str:
    """Say what may stand in a place."""
    part = resolve(schema, part)
    if "enum" in part:
        return "one of " + ", ".join(f"`{plain(each)}`" for each in part["enum"])
    if "const" in part:
        return f"`{plain(part['const'])}`"
    if "oneOf" in part:
        return " or ".join(takes(schema, each) for each in part["oneOf"])
    stated = part.get("type", [])
    kinds = [stated] if isinstance(stated, str) else stated
    words = " or ".join(of_kind(schema, part, kind) for kind in kinds) or "any value"
    limits = [f"{word} {plain(part[name])}" for name, word in LIMITS.items() if name in part]
    pattern = [f"of the form `{part['pattern']}`"] if "pattern" in part else []
    return ", ".join([words, *limits, *pattern])


def of_kind(schema: Part, part: Part, kind: str) -> str:
    """Name a kind of value; of a list and of free names, what they hold as well."""
    if kind == "string" and part.get("format") == "path":
        return "a path"
    held = {"array": part.get("items"), "object": part.get("additionalProperties")}.get(kind)
    if not isinstance(held, dict) or (kind == "object" and properties(part)):
        return KINDS[kind]
    whole = "a list" if kind == "array" else "names"
    other = elsewhere(held)
    content = f"`{other}`, each" if other else takes(schema, held)
    return f"{whole} ({'like ' if other else 'of each: '}{content})"


def plain(value: Any) -> str:
    """Return a value as YAML and JSON alike write it."""
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def escaped(text: str) -> str:
    """Return a sentence of the schema such that Markdown shows it as it stands."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(
        part if part.startswith("`") else re.sub(r"([\\*_\[\]#{}])", r"\\\1", escape(part, False))
        for part in parts
    )

"""One configuration file, read strictly: nothing that stands there is lost or guessed at.

What is read stays text, with its quotation marks noted: which kind of value it is meant as, the
schema says (`contrage.settings.meaning`). YAML's own guesses (octal numbers, sexagesimal ones,
dates, `no` for false) are made nowhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from contrage.errors import SettingsError
from contrage.settings.scalars import NULLS

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
CORE = "tag:yaml.org,2002:"
MERGE = f"{CORE}merge"
GUESSED = ("null", "bool", "int", "float", "str", "timestamp", "merge", "value", "map", "seq")
KNOWN_TAGS = {CORE + name for name in GUESSED}
RESOLVER = yaml.resolver.Resolver()


class Written(str):
    """A value as it was written, and whether in quotation marks."""

    __slots__ = ("quoted",)
    quoted: bool

    def __new__(cls, text: str, quoted: bool = False) -> Written:
        """Note the text, and whether it is text for certain."""
        written = super().__new__(cls, text)
        written.quoted = quoted
        return written


def read_file(path: Path) -> dict[str, Any]:
    """Return what a configuration file says, YAML or JSON, with `Written` leaves.

    Raises
    ------
    SettingsError
        If it is no text in UTF-8, no YAML, no keys at the top, or a key stands there twice.
    """
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SettingsError(
            f"{path}: line {line} is not UTF-8 text; save the file in that encoding"
        ) from None
    content = read_text(text, str(path))
    if isinstance(content, Written) and content in NULLS and not content.quoted:
        return {}
    if not isinstance(content, dict):
        raise SettingsError(
            f"{path}: a configuration is made of keys (training: …), not of {_kind(content)}"
        )
    return content


def read_text(text: str, source: str) -> Any:
    """Return what YAML text says: dict, list, or `Written`; empty text is an empty `Written`.

    Parameters
    ----------
    text : str
        YAML or JSON.
    source : str
        Named in messages.
    """
    try:
        node = yaml.compose(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        raise SettingsError(f"{source}: {_fault(text, error)}") from None
    except yaml.YAMLError as error:
        raise SettingsError(f"{source}: no YAML ({str(error).splitlines()[0]})") from None
    return Written("") if node is None else _content(node, source, "", ())


def _fault(text: str, error: yaml.MarkedYAMLError) -> str:
    """Say in one sentence where YAML cannot be read and why."""
    mark = error.problem_mark or error.context_mark
    lines = text.splitlines() or [""]
    number = min(mark.line + 1, len(lines)) if mark else 1
    line = lines[number - 1]
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return f"line {number} is indented by a tab; YAML wants spaces"
    return f"line {number} cannot be read as YAML ({error.problem})"


def _content(node: yaml.Node, source: str, key: str, above: tuple[yaml.Node, ...]) -> Any:
    """Return a node's content; `above` are the nodes that it lies in."""
    line = node.start_mark.line + 1
    if node in above:
        raise SettingsError(f"{source}: {key} contains itself (an alias in line {line})")
    if node.tag not in KNOWN_TAGS:
        tag = node.tag.replace(CORE, "!!")
        raise SettingsError(f"{source}: {key}: the tag {tag} in line {line} is not known here")
    if isinstance(node, yaml.ScalarNode):
        return Written(node.value, _is_text_for_certain(node))
    if isinstance(node, yaml.SequenceNode):
        return [_content(item, source, key, (*above, node)) for item in node.value]
    return _block(node, source, key, (*above, node))


def _is_text_for_certain(node: yaml.ScalarNode) -> bool:
    """Return whether a scalar is in quotation marks, a text block, or tagged as text."""
    if node.style or node.tag != f"{CORE}str":
        return bool(node.style)
    return RESOLVER.resolve(yaml.ScalarNode, node.value, (True, False)) != node.tag


def _block(
    node: yaml.MappingNode, source: str, key: str, above: tuple[yaml.Node, ...]
) -> dict[str, Any]:
    """Return a block's keys as text; keys of its own come before those that `<<` brings."""
    own: dict[str, Any] = {}
    brought: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for name, content in node.value:
        line = name.start_mark.line + 1
        if not isinstance(name, yaml.ScalarNode):
            where = f" under {key}" if key else ""
            raise SettingsError(
                f"{source}: line {line}: a key{where} is a list or a block, not text"
            )
        if name.tag == MERGE:
            for block in _merged(_content(content, source, key, above), source, line):
                brought = {**block, **brought}
            continue
        path = f"{key}.{name.value}" if key else name.value
        if name.value in lines:
            raise SettingsError(_twice(source, path, lines[name.value], line))
        lines[name.value] = line
        own[name.value] = _content(content, source, path, above)
    return {**brought, **own}


def _twice(source: str, path: str, first: int, second: int) -> str:
    where = f"in lines {first} and {second}" if first != second else f"in line {first}"
    return f"{source}: {path} stands there twice, {where}; make one of them"


def _merged(content: Any, source: str, line: int) -> list[dict[str, Any]]:
    """Return the blocks that a `<<` brings, the first of which counts."""
    blocks = content if isinstance(content, list) else [content]
    if not all(isinstance(block, dict) for block in blocks):
        raise SettingsError(f"{source}: << in line {line} needs a block, such as *name")
    return blocks


def _kind(content: Any) -> str:
    return "a list" if isinstance(content, list) else f"text ({str(content)[:30]!r})"

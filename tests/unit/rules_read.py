"""The rules as they stand in the .smk files: their sections, names and commands, read as text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAD = re.compile(r"( *)(?:rule|checkpoint) (\w+):|( *)use rule (\w+) as (\w+) with:")
SECTION = re.compile(r" *(\w+):(?: *(.*))?$")
NAMED = re.compile(r"(\w+)=(.*)", re.DOTALL)


@dataclass
class Rule:
    """A rule, or one that is another with sections of its own.

    Attributes
    ----------
    name, parent : str
        The parent is empty of a rule that stands by itself.
    sections : dict of str to dict
        Section → name → the expression's text; what has no name is under "".
    """

    name: str
    parent: str
    sections: dict[str, dict[str, str]] = field(default_factory=dict)


def _parts(lines: list[str]) -> dict[str, str]:
    """Return the named parts of a section's lines, which begin at the least indentation."""
    if not lines:
        return {}
    least = min(len(line) - len(line.lstrip()) for line in lines)
    parts: list[str] = []
    for line in lines:
        text = line.strip()
        if len(line) - len(line.lstrip()) == least and not text.startswith((")", "]", "}")):
            parts.append(text)
        else:
            parts[-1] += f" {text}"
    found: dict[str, str] = {}
    for part in parts:
        named = NAMED.fullmatch(part)
        found[named[1] if named else ""] = found.get("", "") + part if not named else named[2]
    return found


def read_rules(text: str) -> list[Rule]:
    """Return the rules of a file's text."""
    rules: list[Rule] = []
    indent, section, lines = 0, "", []

    def close() -> None:
        if rules and section:
            rules[-1].sections[section] = _parts(lines)

    inside = False
    for line in text.splitlines():
        bare = re.sub(r"(^|\s)#.*$", "", line)
        if not bare.strip():
            continue
        if head := HEAD.match(bare):
            close()
            indent = len(head[1] if head[2] else head[3])
            rules.append(Rule(head[2] or head[5], head[4] or ""))
            section, lines, inside = "", [], True
            continue
        depth = len(bare) - len(bare.lstrip())
        if not inside or depth <= indent:
            close()
            section, lines, inside = "", [], False
            continue
        if depth == indent + 4 and (start := SECTION.match(bare)):
            close()
            section, lines = start[1], [start[2]] if start[2] else []
        else:
            lines.append(bare)
    close()
    return rules


@cache
def all_rules() -> dict[str, Rule]:
    """Return every rule of the workflow by its name."""
    files = [
        *sorted((ROOT / "workflow").glob("*.smk")),
        *sorted((ROOT / "workflow/rules").glob("*")),
    ]
    found = [rule for file in files for rule in read_rules(file.read_text(encoding="utf-8"))]
    return {rule.name: rule for rule in found}


def section(rule: Rule, name: str) -> dict[str, str]:
    """Return a section of a rule, its parent's where it says none of its own."""
    if name in rule.sections or not rule.parent:
        return rule.sections.get(name, {})
    return section(all_rules()[rule.parent], name)


def command(rule: Rule) -> str:
    """Return the text of a rule's command; empty where it has none."""
    parts = section(rule, "shell").get("", "")
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', parts))

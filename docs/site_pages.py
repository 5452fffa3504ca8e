"""The pages of the site, laid out in build/pages: those of docs/ with what is generated put in.

A page of docs/ stands there as it is read in the repository. Here its links to files outside of
docs/ lead to pages made of them, its formulas become MathML, which a browser draws by itself, and
its comments `<!-- generated: … -->` become what `GENERATED` makes of them.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from latex2mathml.converter import convert

import site_keys
from contrage import cli
from contrage.settings.schema import load_schema

ROOT = Path(__file__).resolve().parents[1]
DOCS, PACKAGES, PAGES = ROOT / "docs", ROOT / "workflow", ROOT / "build/pages"
NAMED = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "config/README.md": "configurations.md",
}
"""Files of the repository that are pages of the site, with their names there."""

FENCE = re.compile(r"^(`{3,}|~{3,})([^\n]*)\n(.*?)^\1[ ]*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(\]\()([^()\s]+)(\))")
INLINE_MATH = re.compile(r"\$`(.+?)`\$", re.DOTALL)
CODE = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
MARK = re.compile(r"^<!-- generated: (\w+)(?: (\S+))? -->$", re.MULTILINE)


def lay_out() -> None:
    """Write all pages, and the files that they show or link to, into an empty build/pages."""
    shutil.rmtree(PAGES, ignore_errors=True)
    shutil.copytree(DOCS, PAGES, ignore=shutil.ignore_patterns("*.md", "*.py", "__pycache__"))
    waiting = [*DOCS.rglob("*.md"), *(ROOT / name for name in NAMED)]
    done: set[Path] = set()
    while waiting:
        source = waiting.pop()
        if source in done:
            continue
        done.add(source)
        page = PAGES / home(source)
        page.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text(encoding="utf-8")
        if page.suffix == ".md" and source.suffix == ".md":
            text, found = rewritten(text, source)
            waiting += found
        else:
            text = shown(text, source)
        page.write_text(text, encoding="utf-8")


def home(source: Path) -> Path:
    """Return where the page of a file of the repository lies below build/pages."""
    inside = source.relative_to(ROOT)
    if source.is_relative_to(DOCS):
        return source.relative_to(DOCS)
    if source.is_dir():
        return Path("api", f"{source.name}.md")
    return Path(NAMED.get(inside.as_posix(), f"files/{inside}.md"))


def shown(text: str, source: Path) -> str:
    """Return the page of a file that is no page itself: its text, found by links alone."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    name = source.relative_to(ROOT).as_posix()
    language = {".yaml": "yaml", ".py": "python", ".json": "json", ".smk": "python"}
    head = f"---\nsearch:\n  exclude: true\n---\n\n# `{name}`\n\n"
    return f"{head}{fence}{language.get(source.suffix, 'text')}\n{text.rstrip()}\n{fence}\n"


def rewritten(text: str, source: Path) -> tuple[str, list[Path]]:
    """Return a page as the site has it, and the files outside of docs/ that it leads to."""
    found: list[Path] = []

    def link(match: re.Match[str]) -> str:
        address, mark, place = match[2].partition("#")
        if not address or re.match(r"\w+:", address):
            return match[0]
        target = Path(os.path.normpath(source.parent / address))
        if not target.exists():
            raise SystemExit(f"{source.relative_to(ROOT)} links to {address}, which is not there")
        if not target.is_relative_to(DOCS) and target.is_file():
            found.append(target)
        there = os.path.relpath(home(target), home(source).parent)
        return f"{match[1]}{there}{mark}{place}{match[3]}"

    def prose(part: str) -> str:
        part = INLINE_MATH.sub(lambda match: mathml(match[1], "inline"), part)
        part = MARK.sub(lambda match: GENERATED[match[1]](match[2]), part)
        return outside(CODE, part, lambda plain: LINK.sub(link, plain))

    def fence(match: re.Match[str]) -> str:
        if match[2].strip() != "math":
            return match[0]
        return f'<div class="formula">{mathml(match[3].strip(), "block")}</div>\n'

    return outside(FENCE, text, prose, fence), found


def outside(
    pattern: re.Pattern[str],
    text: str,
    change: Callable[[str], str],
    inside: Callable[[re.Match[str]], str] = lambda match: match[0],
) -> str:
    """Return a text whose parts between matches are changed by one function, these by another."""

    def pieces() -> Iterator[str]:
        end = 0
        for match in pattern.finditer(text):
            yield change(text[end : match.start()])
            yield inside(match)
            end = match.end()
        yield change(text[end:])

    return "".join(pieces())


def mathml(formula: str, display: str) -> str:
    """Return a formula of LaTeX as MathML on one line, such that Markdown leaves it alone."""
    made = convert(" ".join(formula.split()), display=display)
    return made.replace("*", "&#42;").replace("_", "&#95;")


def keys_of(name: str) -> str:
    """Return all keys of a schema."""
    schema = load_schema(PACKAGES / f"schemas/{name}.schema.yaml")
    return site_keys.reference(schema, "" if name == "config" else f"{name}.")


def modules_of(name: str) -> str:
    """Return the directives that show a module, or a package with all its public modules."""
    place = PACKAGES / name.replace(".", "/")
    files = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    public = [file for file in files if not file.name.startswith("_")]
    names = [".".join(file.relative_to(PACKAGES).with_suffix("").parts) for file in public]
    whole = [name] if place.is_dir() else []
    return "\n\n".join(f"::: {each}" for each in [*whole, *names])


def help_of(_: None) -> str:
    """Return what each command of people says of itself."""
    environment = {**os.environ, "PYTHONPATH": str(PACKAGES), "COLUMNS": "84"}
    sections = []
    for name in cli.COMMANDS:
        command = [sys.executable, "-m", "contrage", name, "--help"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        sections.append(f"## contrage {name}\n\n```text\n{done.stdout.strip()}\n```")
    return "\n\n".join(sections)


def steps_of(_: None) -> str:
    """Return a table of the steps that rules call, with the first line that each says of itself."""
    lines = ["| step | function | |", "|---|---|---|"]
    for step, place in cli.STEPS.items():
        module, name = place.split(":")
        file = PACKAGES / f"{module.replace('.', '/')}.py"
        body = ast.parse(file.read_text(encoding="utf-8")).body
        (said,) = (ast.get_docstring(node) for node in body if getattr(node, "name", "") == name)
        lines.append(
            f"| `{step}` | `{module}.{name}` | {site_keys.escaped(said.splitlines()[0])} |"
        )
    return "\n".join(lines)


GENERATED: dict[str, Callable[..., str]] = {
    "keys": keys_of,
    "modules": modules_of,
    "help": help_of,
    "steps": steps_of,
}

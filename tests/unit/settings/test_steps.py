"""Every step takes its settings as a dataclass, and nothing below reads them by a default."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import pkgutil
import re
import typing
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from contrage import cli
from contrage.run.code import PACKAGE
from contrage.settings import steps

NAMES = {"settings", "config"}
"""What settings are called where they are read."""
BLOCKS = {
    *("cohort", "target", "preprocessing", "dataset", "benchmark", "search", "training"),
    *("pretraining", "probe", "statistics", "split", "subset", "unseen"),
}
"""What parts of them are called. Of a loss the settings are its constructor's: an open mapping."""
DOOR = ("settings",)
"""Where settings are no dataclass yet: the door that completes them, and the command line."""


def files(*without: str) -> list[Path]:
    """The files of the package, without some folders or files of it."""
    found = sorted(PACKAGE.rglob("*.py"))
    return [file for file in found if file.relative_to(PACKAGE).parts[0] not in without]


def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def step_kinds() -> list[type]:
    """Every dataclass of contrage.settings.steps, the parts of steps among them."""
    modules = [
        import_module(f"{steps.__name__}.{m.name}") for m in pkgutil.iter_modules(steps.__path__)
    ]
    found = {
        kind
        for module in modules
        for kind in vars(module).values()
        if inspect.isclass(kind) and kind.__module__ == module.__name__
    }
    return sorted(found, key=lambda kind: kind.__qualname__)


def names_of(node: ast.expr) -> Iterator[str]:
    """Name what a value is read from: given.settings["b"] is of settings and of given."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield "settings" if node.attr == "told" else node.attr  # what an evaluation is told
        yield from names_of(node.value)
    elif isinstance(node, ast.Subscript):
        yield from names_of(node.value)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield from names_of(node.func.value)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from names_of(value)


def read_with_a_default(tree: ast.Module) -> list[int]:
    """Lines in which `.get(…)` is asked of settings, whose keys are all there."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "get"
        and (NAMES | BLOCKS) & {*names_of(node.func.value)}
    ]


def as_mappings(tree: ast.Module) -> list[int]:
    """Lines in which a function, or a dataclass, takes settings as a mapping."""
    taken: list[tuple[str, ast.expr | None, int]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            taken.append((node.arg, node.annotation, node.lineno))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            taken.append((node.target.id, node.annotation, node.lineno))
    return [
        line
        for name, annotation, line in taken
        if name in NAMES | BLOCKS
        and annotation is not None
        and re.match(r"(dict|Mapping)\b", ast.unparse(annotation))
    ]


@pytest.mark.parametrize("step", sorted(cli.STEPS))
def test_a_step_takes_its_settings_as_a_dataclass(step):
    function = cli.load_step(step)
    first = next(iter(inspect.signature(function).parameters))
    kind = typing.get_type_hints(function)[first]
    assert dataclasses.is_dataclass(kind) and kind.__dataclass_params__.frozen
    assert kind.__module__.startswith("contrage.settings.")
    words = "".join(word.title() for word in step.split("-"))
    assert kind.__name__ == f"{words}Step" or kind.__module__.startswith("contrage.settings.blocks")


@pytest.mark.parametrize("kind", step_kinds())
def test_what_a_step_is_asked_for_has_no_default_and_a_sentence(kind):
    assert dataclasses.is_dataclass(kind) and kind.__dataclass_params__.frozen
    sentences = "".join(each.__doc__ for each in kind.__mro__)
    for field in dataclasses.fields(kind):
        assert field.default is dataclasses.MISSING, field.name
        assert field.default_factory is dataclasses.MISSING, field.name
        told = re.search(rf"^    {field.name} : .+\n        \S.+", sentences, re.M)
        assert told, f"{kind.__name__}.{field.name} has no sentence"


def test_no_setting_is_read_with_a_default():
    found = {file.relative_to(PACKAGE): read_with_a_default(parsed(file)) for file in files(*DOOR)}
    assert {file: lines for file, lines in found.items() if lines} == {}


def test_no_settings_are_a_mapping_below_the_command_line():
    found = {file.relative_to(PACKAGE): as_mappings(parsed(file)) for file in files(*DOOR, "plan")}
    assert {file: lines for file, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "code",
    [
        "settings.get('a', 1)",
        "settings['a'].get('b')",
        "config.get('a', {}).get('b', 2)",
        "(self.settings.get('a') or {}).get('b')",
        "given.told.get('a')",
        "training.get('early_stop')",
    ],
)
def test_a_default_would_be_noticed(code):
    assert read_with_a_default(ast.parse(code))


def test_a_mapping_would_be_noticed_and_a_block_is_none():
    assert as_mappings(ast.parse("def f(settings: dict[str, Any]): ..."))
    assert as_mappings(ast.parse("class A:\n    probe: Mapping[str, Any]"))
    assert not as_mappings(ast.parse("def f(settings: ProbeStep, told: str): ..."))
    assert not read_with_a_default(ast.parse("frame.get('a')"))

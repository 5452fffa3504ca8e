"""No step waits for a library that it does not use: each is a process of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import contrage
from contrage.cli import STEPS

SECONDS = {"ants", "matplotlib", "monai", "nilearn", "nipype", "sklearn", "torch", "umap"}
"""Libraries that take half a second of a processor or more."""
USED = {
    "convert": {"torch"},
    "train": {"torch"},
    "train-stage": {"torch"},
    "embed": {"torch"},
    "saliency": {"torch", "sklearn"},
    "probe": {"sklearn"},
    "head": {"sklearn"},
    "baselines": {"sklearn"},
}
"""What steps bring along before they know what is asked; others import it where they use it."""
FOLDER = Path(contrage.__file__).parents[1]


def file_of(module: str) -> Path | None:
    path = FOLDER.joinpath(*module.split("."))
    return next((f for f in (path.with_suffix(".py"), path / "__init__.py") if f.exists()), None)


def at_once(body: Iterable[ast.stmt]) -> Iterator[str]:
    """Name what statements import when they are run, but for functions and types."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (node.module, *(f"{node.module}.{each.name}" for each in node.names))
        elif isinstance(node, ast.If):
            asked = "TYPE_CHECKING" in ast.unparse(node.test)
            yield from at_once(node.orelse if asked else [*node.body, *node.orelse])
        elif isinstance(node, ast.Try | ast.With | ast.ClassDef):
            yield from at_once(node.body)


def brought(module: str, files: dict[Path, list[str]]) -> set[str]:
    """Return the libraries that are imported with a module of the package."""
    waiting, seen, found = [module], set(), set()
    while waiting:
        name = waiting.pop()
        parts = name.split(".")
        if parts[0] != "contrage":
            found.add(parts[0])
            continue
        for each in {".".join(parts[: end + 1]) for end in range(len(parts))} - seen:
            seen.add(each)
            if file := file_of(each):
                if file not in files:
                    files[file] = list(at_once(ast.parse(file.read_text()).body))
                waiting += files[file]
    return found


@pytest.fixture(scope="module")
def files() -> dict[Path, list[str]]:
    return {}


@pytest.mark.parametrize("step", STEPS)
def test_a_step_imports_no_slow_library_that_it_does_not_use(step, files):
    module = STEPS[step].partition(":")[0]
    assert brought(module, files) & SECONDS == USED.get(step, set())


def test_an_import_in_a_function_or_for_types_alone_is_none_at_once():
    text = "if TYPE_CHECKING:\n    import torch\ndef f():\n    import ants\nimport numpy.linalg\n"
    assert list(at_once(ast.parse(text).body)) == ["numpy.linalg"]

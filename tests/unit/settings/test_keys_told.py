"""Keys that sentences name: a reader looks for them in the configuration."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from contrage.settings.schema import child, load_schema, resolve

BLOCKS = (
    "cohort|preprocessing|dataset|benchmark|losses|search|training|pretraining|probe|statistics"
    "|evaluations|report"
)
KEY = re.compile(rf"(?<![\w./-])(?:{BLOCKS})((?:\.\w+)+)")
FILES = {"html", "json", "md", "npy", "npz", "py", "smk", "tsv", "txt", "yaml", "zip"}


def texts(root: Path) -> list[tuple[str, str]]:
    """Return every text of the package, docstrings too, of its pages and of the rules."""
    package = root / "workflow" / "contrage"
    found = []
    for file in sorted(package.rglob("*.py")):
        nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        strings = (n.value for n in nodes if isinstance(n, ast.Constant) and n.value)
        found += [(file.name, text) for text in strings if isinstance(text, str)]
    pages = [*package.rglob("*.html"), *(root / "workflow" / "report").glob("*.rst")]
    pages += [*(root / "docs").glob("*.md"), root / "README.md"]
    return found + [(file.name, file.read_text(encoding="utf-8")) for file in pages]


def is_known(schema: dict, key: str) -> bool:
    """Return whether the schema has a key, or one of the names that it leaves open."""
    part: dict | None = schema
    for name in key.split("."):
        part = child(resolve(schema, part), name)
        if part is None:
            return False
    return True


@pytest.fixture(scope="module")
def schema(root) -> dict:
    return load_schema(root / "workflow" / "schemas" / "config.schema.yaml")


def test_every_key_that_a_sentence_names_is_one(root, schema):
    told = [
        (file, found[0])
        for file, text in texts(root)
        for found in KEY.finditer(text)
        if found[1].rpartition(".")[2] not in FILES
    ]
    assert len(told) > 150
    unknown = sorted({f"{file}: {key}" for file, key in told if not is_known(schema, key)})
    assert unknown == []


def test_a_key_that_is_none_would_be_noticed(schema):
    assert is_known(schema, "report.embedding_epochs")
    assert is_known(schema, "search.rows.mine.nn_final")
    assert not is_known(schema, "report.embedding.epochs")
    assert not is_known(schema, "training.epoch")

"""Text is UTF-8 whatever the locale: nothing in the package leaves the encoding to the machine."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "workflow/contrage").rglob("*.py"))
RULES = [
    ROOT / "Snakefile",
    ROOT / "workflow/Snakefile",
    *sorted((ROOT / "workflow/rules").glob("*.smk")),
]
OF_BYTES = {"Image", "av"}  # PIL.Image.open and the like
TEXT = {"open", "fdopen", "read_text", "write_text", "FileHandler", "NamedTemporaryFile"}


def without_encoding(tree: ast.AST) -> list[int]:
    """Return the lines of calls that read or write text and do not say how it is encoded."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and leaves_it_open(node)
    ]


def leaves_it_open(call: ast.Call) -> bool:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    keywords = {word.arg: word.value for word in call.keywords}
    if "encoding" in keywords:
        return False
    if name in ("run", "Popen", "check_output"):
        return any(word in keywords for word in ("text", "universal_newlines"))
    if name.endswith("_text") and isinstance(call.func, ast.Name):  # the package's own
        return False
    if name not in TEXT or getattr(getattr(call.func, "value", None), "id", "") in OF_BYTES:
        return False
    modes = [keywords.get("mode"), *call.args]
    constants = [mode.value for mode in modes if isinstance(mode, ast.Constant)]
    return not any(
        isinstance(mode, str) and re.fullmatch("[rwax]+b[+]?", mode) for mode in constants
    )


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.stem)
def test_every_text_is_opened_with_its_encoding(file: Path):
    lines = without_encoding(ast.parse(file.read_text(encoding="utf-8")))
    assert not lines, f"{file}: encoding is missing in lines {lines}"


@pytest.mark.parametrize("file", RULES, ids=lambda file: file.stem)
def test_rules_open_text_with_its_encoding(file: Path):
    for line in file.read_text(encoding="utf-8").splitlines():
        if re.search(r"\b(open|read_text|write_text)\(", line):
            assert "encoding=" in line or '"rb"' in line, f"{file}: {line}"


def test_the_search_for_them_finds_them():
    wrong = (
        "open(a)\np.open('w')\np.read_text()\np.write_text(t)\nrun(c, text=True)\nFileHandler(f)"
    )
    right = "open(a, 'rb')\np.open('ab', buffering=0)\np.read_text(encoding='utf-8')\nImage.open(f)"
    assert without_encoding(ast.parse(wrong)) == [1, 2, 3, 4, 5, 6]
    assert without_encoding(ast.parse(right)) == []


PROGRAM = """
import logging
from pathlib import Path
from contrage import cli, files, logs
files.write_text(Path("text"), "Zürich … 日本")
files.write_json(Path("json"), {"site": "Zürich …"})
cli.start_logging(Path("log"))
logging.getLogger("contrage").error("Zürich … 日本")
print(Path("text").read_bytes().decode("utf-8") == "Zürich … 日本", files.read_json(Path("json")))
"""


@pytest.mark.parametrize("locale", ["C", "POSIX"])
def test_a_locale_without_the_letters_changes_no_byte_and_stops_nothing(tmp_path, locale):
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "program.py"],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "workflow"),
            "LC_ALL": locale,
            "PYTHONUTF8": "0",
            "PYTHONCOERCECLOCALE": "0",
            "PYTHONIOENCODING": "ascii:backslashreplace",
        },
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"True")
    assert "ERROR Zürich … 日本" in (tmp_path / "log").read_text(encoding="utf-8")
    assert b"Logging error" not in done.stderr

"""The declared source files are all that decide a result."""

from __future__ import annotations

import ast
import atexit
import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from contrage import cli, losses, modalities
from contrage.cohort import sources as cohort_sources
from contrage.dataset import schemes
from contrage.evaluation import elements
from contrage.imaging import skull_strip
from contrage.learning import encoders
from contrage.run import code as sources

RECORD = """
import importlib, json, os, sys
import matplotlib.pyplot, monai.networks.nets, nibabel, pandas, scipy.stats, seaborn
import sklearn.linear_model, sklearn.model_selection, statsmodels.stats.multitest, torch, yaml

assert not [name for name in sys.modules if name.split(".")[0] == "contrage"]
for line in sys.stdin:
    if not os.fork():
        for name in json.loads(line):
            importlib.import_module(name)
        own = [m for n, m in sys.modules.items() if n.split(".")[0] == "contrage"]
        files = {getattr(m, "__file__", None) for m in own}
        print(json.dumps(sorted(f for f in files if f)), flush=True)
        os._exit(0)
    assert os.wait()[1] == 0
"""


@cache
def recorder() -> subprocess.Popen[str]:
    """Start what forks for every question: importing what others wrote takes most of the time."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = subprocess.Popen([sys.executable, "-c", RECORD], **pipes, text=True)
    atexit.register(process.communicate)  # closes its input, at which it ends
    return process


def imported(*modules: str) -> set[Path]:
    """The contrage files that a fresh process runs when it imports the modules."""
    asked = recorder()
    print(json.dumps(modules), file=asked.stdin, flush=True)
    files = {Path(file).resolve() for file in json.loads(asked.stdout.readline())}
    # Places of files are written with names of scans.
    return {f for f in files if not never_decides(f)} - {sources.PACKAGE / "scan_ids.py"}


def never_decides(file: Path) -> bool:
    """Whether a module only words messages, writes them down, names files or hands over."""
    name = ".".join(file.relative_to(sources.PACKAGE.parent).with_suffix("").parts)
    never = (*sources.NEVER_DECIDE, *sources.HAND_OVER)
    return f"{name}.".startswith(tuple(f"{each}." for each in never))


@pytest.mark.parametrize("step", [s for s in cli.STEPS if s not in ("train", "phantom-picture")])
def test_what_a_step_imports_is_declared(step):
    module = cli.STEPS[step].split(":")[0]
    assert imported(module) <= set(sources.closure(module))


@pytest.mark.parametrize("loss", losses.available())
def test_what_a_training_imports_is_declared(loss):
    modules = ("contrage.learning.train", f"contrage.losses.{loss}")
    assert imported(*modules) <= set(sources.closure(*modules))


LATER = ("report", "plan", "run", "evaluation", "learning", "losses", "dataset", "modalities")
ROOMS = {
    **dict.fromkeys(("check", "strip", "correct", "register", "quality"), (*LATER, "cohort")),
    "split": ("report", "plan", "run", "evaluation", "learning", "losses", "cohort", "imaging"),
    "train": ("report", "plan", "run", "evaluation", "cohort", "imaging", "modalities"),
    "embed": ("report", "plan", "run", "evaluation", "cohort", "imaging"),
    "probe": ("report", "plan", "run", "cohort", "imaging", "losses"),
    "stack": ("report", "plan", "run", "learning", "evaluation", "losses"),
    "tables": ("plan", "run", "cohort", "imaging", "losses"),
    "runtimes": ("plan", "run", "learning", "evaluation", "dataset", "imaging"),
}
BUILT = ("__init__", "scalars")
"""What of the settings may decide a step: how a number is read."""


@pytest.mark.parametrize("step", ROOMS)
def test_rooms_that_a_step_does_not_need_do_not_repeat_it(step):
    found = sources.closure(cli.STEPS[step].split(":")[0])
    rooms = {file.relative_to(sources.PACKAGE).parts[0] for file in found}
    assert not rooms & set(ROOMS[step])


@pytest.mark.parametrize("step", cli.STEPS)
def test_of_the_settings_neither_door_nor_dataclasses_decide_a_step(step):
    """An edit of what checks the configuration, or of a word on a setting, repeats nothing."""
    folder = sources.PACKAGE / "settings"
    closure = sources.closure(cli.STEPS[step].split(":")[0])
    found = {file.relative_to(folder).with_suffix("") for file in closure if folder in file.parents}
    whole = {"typed"} if step == "page" else set()
    assert {file.as_posix() for file in found} <= {*BUILT, *whole}


@pytest.mark.parametrize("folder", ["blocks", "steps"])
def test_dataclasses_of_settings_hold_names_and_types_and_decide_nothing(folder):
    for file in sorted((sources.PACKAGE / "settings" / folder).glob("*.py")):
        docstring, *body = ast.parse(file.read_text(encoding="utf-8")).body
        assert isinstance(docstring, ast.Expr), file
        for node in body:
            if isinstance(node, ast.ClassDef):
                _, *fields = node.body
                assert all(isinstance(each, ast.AnnAssign) for each in fields), (file, node.name)
                assert not any(each.value for each in fields), (file, node.name)
            else:
                assert isinstance(node, ast.Import | ast.ImportFrom), (file, node.lineno)


@pytest.mark.parametrize(
    "step",
    [
        "cohort",
        "features",
        "select",
        "split",
        "null-ages",
        "inner-split",
        "train",
        "embed",
        "probe",
        "baselines",
        "choose",
        "saliency",
        "evaluate",
    ],
)
def test_words_and_the_unit_of_the_target_repeat_no_result(step):
    words = sources.PACKAGE / "target_words.py"
    assert words in sources.closure("contrage.report.figures")
    assert words not in sources.closure(cli.STEPS[step].split(":")[0])


DECIDING = (
    "check", "strip", "correct", "register", "quality", "stack", "arrays", "select", "split",
    "train", "embed", "probe", "baselines", "saliency", "evaluate",
)  # fmt: skip


def only_draws(file: Path) -> bool:
    """Whether a module makes pictures or pages, and no result."""
    libraries = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (getattr(node, "module", None) or "", *(each.name for each in node.names))
    }
    in_report = file.is_relative_to(sources.PACKAGE / "report")
    return in_report or bool(libraries & {"matplotlib", "PIL", "jinja2"})


DRAWING = {file for file in sources.PACKAGE.rglob("*.py") if only_draws(file)}
CHOSEN = {
    sources.module_file(name)
    for name in (
        *map(cohort_sources.module, cohort_sources.available()),
        *skull_strip.backends().values(),
        skull_strip.RUNNER,
        skull_strip.TEMPLATE,
        *map(schemes.module, schemes.available()),
        *map(elements.module, elements.available()),
        *map(modalities.module, modalities.available()),
        *map(encoders.module, encoders.available()),
        *(f"contrage.losses.{name}" for name in losses.available()),
    )
}


@pytest.mark.parametrize("step", DECIDING)
def test_no_result_is_decided_by_what_draws_or_by_what_the_configuration_chooses(step):
    """Rules add the source, backend, loss and so on in use; an edit of others plans none."""
    closure = {*sources.closure(cli.STEPS[step].split(":")[0])}
    assert sorted(closure & (DRAWING | CHOSEN)) == []


def test_what_draws_is_known_wherever_it_stands():
    found = {file.relative_to(sources.PACKAGE).as_posix() for file in DRAWING}
    assert {"imaging/quality/picture.py", "report/style.py", "report/page.py"} <= found
    assert None not in CHOSEN and len(CHOSEN) > 30


def test_words_of_errors_logs_and_places_repeat_nothing():
    for target in cli.STEPS.values():
        closure = sources.closure(target.split(":")[0])
        assert not [file for file in closure if never_decides(file)]
    inside = {file.name for file in sources.PACKAGE.rglob("*.py") if never_decides(file)}
    assert {"errors.py", "logs.py", "layout.py", "code.py"} <= inside


@pytest.mark.parametrize("loss", losses.available())
def test_a_training_does_not_declare_other_losses(loss):
    declared = sources.closure("contrage.learning.train", f"contrage.losses.{loss}")
    folder = sources.PACKAGE / "losses"
    others = {file.stem for file in declared if file.parent == folder} & set(losses.available())
    assert others == {loss}


def test_imports_inside_functions_count():
    closure = sources.closure("contrage.cohort.sources.phantom")
    assert sources.PACKAGE / "cohort" / "phantom" / "heads" / "plan.py" in closure


@pytest.mark.parametrize("folder", sorted(path.name for path in sources.PACKAGE.iterdir()))
def test_the_quick_look_for_imports_finds_what_python_does(folder):
    home = sources.PACKAGE / folder
    for file in [home] if home.suffix == ".py" else home.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert _shown(sources._imports(text)) == _shown(ast.walk(ast.parse(text))), file


def _shown(nodes) -> set[str]:
    return {ast.unparse(each) for each in nodes if isinstance(each, ast.Import | ast.ImportFrom)}


@pytest.mark.parametrize(
    "text",
    [
        "import a.b, \\\n    c",
        "if True: import a.b",
        "x = 1; import a.b",
        "import a.b; from c import d",
        "def f():\n\tfrom a import (\n\t\tb,  # of (this)\n\t\tc,\n\t)\n",
        "def f():\n    from a import (b,  # this\n  c)\n    import d as e  # why",
        "from a import b as c, d",
        "from .a import b",
        "try:\n    import a\nexcept ImportError:\n    from b import *",
        '"""Words.\n\nimport (the best\n"""\nimport a',
    ],
)
def test_an_import_is_found_however_it_is_written(text):
    assert _shown(sources._imports(text)) == _shown(ast.walk(ast.parse(text)))


def test_no_step_declares_the_command_line():
    for target in cli.STEPS.values():
        closure = sources.closure(target.split(":")[0])
        assert sources.PACKAGE / "cli.py" not in closure


@pytest.mark.parametrize("loss", losses.available())
def test_the_settings_read_from_the_source_are_those_of_the_class(loss):
    import inspect

    found = sources.constructor_parameters(f"contrage.losses.{loss}")
    own = inspect.signature(type(losses.load(loss))).parameters
    assert found == list(own)
    defaults = sources.constructor_defaults(f"contrage.losses.{loss}")
    assert defaults == {name: each.default for name, each in own.items()}


DIGEST = "from contrage.run import code as sources; print(sources.digest('contrage.imaging.check'))"


def digest_of(package: Path) -> str:
    """The digest of the check's sources that a copy of the package computes."""
    environment = {**os.environ, "PYTHONPATH": str(package.parent)}
    command = [sys.executable, "-c", DIGEST]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_digest_is_of_contents_wherever_and_whenever_they_were_written(tmp_path):
    copy = tmp_path / "contrage"
    shutil.copytree(sources.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    before = sources.digest("contrage.imaging.check")
    assert digest_of(copy) == before, "another folder, later times"
    with (copy / "losses/exp.py").open("a") as file:
        file.write("# an edit\n")
    assert digest_of(copy) == before, "no source of the check"
    with (copy / "imaging/images.py").open("a") as file:
        file.write("# an edit\n")
    assert digest_of(copy) != before, "imported by the check"


def test_a_digest_counts_data_files():
    folder = sources.PACKAGE / "report"
    found = {
        sources.digest("contrage.imaging.check", files=files)
        for files in ([], [folder / "style.css"], [folder / "template.html"])
    }
    assert len(found) == 3

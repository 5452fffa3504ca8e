"""pyproject, constraints, the conda environments and the image hold the same packages."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from contrage import losses, sources
from contrage.learning import encoders

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = sorted((ROOT / "envs").glob("*.yaml"))


def pins(lines: list[str]) -> dict[str, str]:
    """Return package and version of each pinned line."""
    pairs = (line.strip().split("==") for line in lines if "==" in line)
    return {canonicalize_name(name): version for name, version in pairs}


@cache
def constraints() -> dict[str, str]:
    return pins((ROOT / "constraints.txt").read_text().splitlines())


@cache
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def dependencies(file: Path) -> list:
    return yaml.safe_load(file.read_text())["dependencies"]


def packages(file: Path) -> dict[str, str]:
    """Return what pip installs into a conda environment."""
    return pins(dependencies(file)[-1]["pip"])


def modules_of(environment: str) -> set[str]:
    """Return the modules that the rules of an environment declare as their code."""
    found: set[str] = set()
    for file in (ROOT / "workflow/rules").glob("*.smk"):
        for rule in re.split(r"\n *rule ", file.read_text())[1:]:
            if f"envs/{environment}.yaml" in rule:
                found |= set(re.findall(r"contrage(?:\.\w+)+", rule))
    if environment == "learning":  # of trainings, an input function names the code
        found |= {"contrage.learning.train"}
        found |= {f"contrage.losses.{name}" for name in losses.available()}
        found |= {encoders.module(name) for name in encoders.NAMES}
    return {name for name in found if sources.module_file(name)}


def imported_packages(modules: set[str]) -> set[str]:
    """Return the distributions that modules, and what they import of contrage, import."""
    owners = packages_distributions()
    names: set[str] = set()
    for file in sources.closure(*modules):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                names.add(node.module.split(".")[0])
    others = names - set(sys.stdlib_module_names) - {"contrage", "HD_BET"}
    return {canonicalize_name(owners[name][0]) for name in others if name in owners}


def test_constraints_satisfy_pyproject():
    needed = [*project()["dependencies"], *project()["optional-dependencies"]["test"]]
    for requirement in map(Requirement, needed):
        pinned = constraints()[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(pinned), f"{requirement} but {pinned}"


@pytest.mark.parametrize("file", ENVIRONMENTS, ids=lambda file: file.stem)
def test_a_conda_environment_pins_what_constraints_pin(file: Path):
    assert packages(file)
    for name, version in packages(file).items():
        assert constraints()[name] == version, name


@pytest.mark.parametrize("file", ENVIRONMENTS, ids=lambda file: file.stem)
def test_a_conda_environment_holds_only_what_the_project_depends_on(file: Path):
    declared = {canonicalize_name(Requirement(each).name) for each in project()["dependencies"]}
    assert set(packages(file)) <= declared


@pytest.mark.parametrize("file", ENVIRONMENTS, ids=lambda file: file.stem)
def test_a_conda_environment_holds_what_the_code_of_its_rules_imports(file: Path):
    modules = modules_of(file.stem)
    assert len(modules) > 3
    assert imported_packages(modules | {"contrage.cli"}) <= set(packages(file))


def test_all_environments_and_the_image_have_one_python():
    versions = {dependencies(file)[0].removeprefix("python=") for file in ENVIRONMENTS}
    image = (ROOT / "envs/Dockerfile").read_text()
    versions |= set(re.findall(r"^FROM python:(\d+\.\d+)", image, re.MULTILINE))
    (version,) = versions
    assert project()["requires-python"] == f">={version}"


def test_the_image_installs_what_constraints_pin_and_copies_what_is_there():
    image = (ROOT / "envs/Dockerfile").read_text()
    assert "--constraint constraints.txt" in image
    copied = [line.split()[1:-1] for line in image.splitlines() if line.startswith("COPY ")]
    assert {"workflow", "Snakefile", "config"} <= {name for names in copied for name in names}
    for name in (name for names in copied for name in names):
        assert (ROOT / name).exists(), name


def test_every_rule_has_an_environment_that_exists():
    for file in (ROOT / "workflow/rules").glob("*.smk"):
        for name in re.findall(r'"\.\./\.\./(envs/\S+)"', file.read_text()):
            assert (ROOT / name).is_file()

"""pyproject, the lock, the conda environments and the image hold the same packages."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from itertools import chain
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from contrage import losses
from contrage.learning import encoders
from contrage.run import code as sources

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = sorted((ROOT / "envs").glob("*.yaml"))
LOCKS = ["constraints.txt", "envs/uv.txt"]
PYTHONS = ["3.11", "3.12", "3.13"]
RUNNING = "{}.{}".format(*sys.version_info)


def pins(lines: list[str]) -> dict[str, str]:
    """Return package and version of each pinned line."""
    pairs = (line.strip().split("==") for line in lines if "==" in line)
    return {canonicalize_name(name): version for name, version in pairs}


@cache
def entries(file: str = "constraints.txt") -> list[tuple[Requirement, set[str]]]:
    """Return each requirement of a lock with its hashes."""
    text = re.sub(r"#.*", "", (ROOT / file).read_text()).replace("\\\n", "")
    lines = [line.split(" --hash=") for line in text.splitlines() if line.strip()]
    return [(Requirement(line[0]), {each.strip() for each in line[1:]}) for line in lines]


@cache
def locked(python: str = PYTHONS[0]) -> dict[str, str]:
    """Return package and version that the lock holds for a Python on Linux."""
    here = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
    }
    valid = [each for each, _ in entries() if not each.marker or each.marker.evaluate(here)]
    found = {canonicalize_name(each.name): str(each.specifier)[2:] for each in valid}
    assert len(found) == len(valid), "a package stands twice"
    return found


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


def needed() -> list[Requirement]:
    """Return what pyproject asks for: to run, to build, and for each extra."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    extras = chain.from_iterable(project()["optional-dependencies"].values())
    return [Requirement(each) for each in [*project()["dependencies"], *build, *extras]]


def required(name: str, extras: frozenset[str]) -> list[Requirement]:
    """Return what an installed package of the locked version needs on this machine."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return []
    if Version(found.version).public != locked(RUNNING)[name]:
        return []
    wanted = [Requirement(each) for each in found.requires or []]
    on = [{"extra": extra} for extra in extras or {""}]
    return [each for each in wanted if not each.marker or any(map(each.marker.evaluate, on))]


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_satisfies_pyproject(python: str):
    for requirement in needed():
        version = locked(python).get(canonicalize_name(requirement.name))
        assert version, f"{requirement} is not locked: make lock"
        assert requirement.specifier.contains(version), f"{requirement} but {version}: make lock"


def test_the_lock_holds_all_that_the_installed_packages_need():
    wanted, seen = needed(), set()
    while wanted:
        requirement = wanted.pop()
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        version = locked(RUNNING).get(name)
        assert version, f"{requirement} is not locked: make lock"
        assert requirement.specifier.contains(version), f"{requirement} but {version}: make lock"
        if (name, extras) not in seen:
            seen.add((name, extras))
            wanted += required(name, extras)
    assert len(seen) > 90


@pytest.mark.parametrize("file", LOCKS)
def test_every_locked_package_has_one_version_and_hashes(file: str):
    for requirement, hashes in entries(file):
        assert re.fullmatch(r"==[\w.]+", str(requirement.specifier)), requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes), requirement


@pytest.mark.parametrize("file", LOCKS)
def test_a_lock_names_no_index(file: str):
    text = (ROOT / file).read_text()
    assert not re.search(r"://|--index|--extra-index|--find-links|--trusted| @ ", text)


def test_the_lock_knows_the_builds_of_pytorch_for_processors():
    hashes = {str(each): found for each, found in entries()}[f"torch=={locked()['torch']}"]
    builds = [line.split() for line in (ROOT / "envs/torch-cpu.sha256").read_text().splitlines()]
    assert len(builds) == 2 * len(PYTHONS)
    for digest, wheel in builds:
        assert wheel.startswith(f"torch-{locked()['torch']}+cpu-"), f"{wheel} is another version"
        assert f"sha256:{digest}" in hashes, f"{wheel}: make lock"


@pytest.mark.parametrize("file", ENVIRONMENTS, ids=lambda file: file.stem)
def test_a_conda_environment_pins_what_is_locked(file: Path):
    assert packages(file)
    for name, version in packages(file).items():
        assert locked()[name] == version, name


@pytest.mark.parametrize("file", ENVIRONMENTS, ids=lambda file: file.stem)
def test_a_conda_environment_holds_only_what_the_project_depends_on(file: Path):
    declared = {canonicalize_name(Requirement(each).name) for each in project()["dependencies"]}
    assert set(packages(file)) <= declared


@pytest.mark.parametrize("file", ENVIRONMENTS, ids=lambda file: file.stem)
def test_a_conda_environment_holds_what_the_code_of_its_rules_imports(file: Path):
    modules = modules_of(file.stem)
    assert modules
    assert imported_packages(modules | {"contrage.cli"}) <= set(packages(file))


def test_all_environments_and_the_image_have_one_python():
    versions = {dependencies(file)[0].removeprefix("python=") for file in ENVIRONMENTS}
    image = (ROOT / "envs/Dockerfile").read_text()
    versions |= set(re.findall(r"^FROM python:(\d+\.\d+)", image, re.MULTILINE))
    (version,) = versions
    assert project()["requires-python"] == f">={version}"


@pytest.mark.parametrize("file", ["envs/Dockerfile", "Makefile"])
def test_the_image_and_make_install_what_is_locked(file: str):
    text = (ROOT / file).read_text()
    assert "--require-hashes --requirement envs/uv.txt" in text
    assert "--constraint constraints.txt --build-constraint constraints.txt" in text


def test_the_image_copies_what_is_there():
    image = (ROOT / "envs/Dockerfile").read_text()
    copied = [line.split()[1:-1] for line in image.splitlines() if line.startswith("COPY ")]
    assert {"workflow", "resources", "Snakefile", "config"} <= {
        name for names in copied for name in names
    }
    for name in (name for names in copied for name in names):
        assert (ROOT / name).exists(), name


def test_every_rule_has_an_environment_that_exists():
    for file in (ROOT / "workflow/rules").glob("*.smk"):
        for name in re.findall(r'"\.\./\.\./(envs/\S+)"', file.read_text()):
            assert (ROOT / name).is_file()

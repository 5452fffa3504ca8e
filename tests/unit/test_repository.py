"""What the repository says of itself is so."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path

import pytest
import torch
import yaml
from packaging.requirements import Requirement

from contrage import losses


def pins(lines: list[str]) -> dict[str, str]:
    return dict(line.strip().lower().split("==") for line in lines if "==" in line)


def test_the_loss_of_the_readme_works_as_it_stands(root: Path, tmp_path, monkeypatch):
    (example,) = re.findall(r"```python\n(.*?)```", (root / "README.md").read_text(), re.DOTALL)
    shutil.copy(root / "workflow/contrage/losses/__init__.py", tmp_path / "__init__.py")
    (tmp_path / "mine.py").write_text(example)
    monkeypatch.setattr(losses, "__path__", [*losses.__path__, str(tmp_path)])
    assert "mine" in losses.available()
    embeddings = torch.randn(6, 2, 4, requires_grad=True)
    value = losses.load("mine", years=5.0)(embeddings, torch.arange(6.0), epoch=1)
    value.backward()
    assert value.ndim == 0
    assert embeddings.grad.isfinite().all()


def test_constraints_satisfy_pyproject(root: Path):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    constraints = pins((root / "constraints.txt").read_text().splitlines())
    needed = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    for requirement in map(Requirement, needed):
        pinned = constraints[requirement.name.lower()]
        assert requirement.specifier.contains(pinned), f"{requirement} but {pinned}"


def test_conda_environments_pin_what_constraints_pin(root: Path):
    constraints = pins((root / "constraints.txt").read_text().splitlines())
    files = sorted((root / "envs").glob("*.yaml"))
    assert files
    for file in files:
        *_, pip = yaml.safe_load(file.read_text())["dependencies"]
        for name, version in pins(pip["pip"]).items():
            assert constraints[name] == version, f"{file.name}: {name}"


def test_every_rule_has_an_environment_that_exists(root: Path):
    for file in (root / "workflow/rules").glob("*.smk"):
        for name in re.findall(r'"\.\./\.\./(envs/\S+)"', file.read_text()):
            assert (root / name).is_file()


@pytest.mark.parametrize(
    "name",
    ["README.md", "CONTRIBUTING.md", "docs/losses.md", "docs/phantom.md", "docs/results.md"],
)
def test_links_lead_somewhere(root: Path, name: str):
    file = root / name
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", file.read_text()):
        assert (file.parent / target).exists(), f"{name} links to {target}"

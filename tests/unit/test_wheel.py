"""The wheel that `make wheel` builds, in an environment of its own, far from the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from made_models import write_rows

import contrage
from contrage.tables import read_tsv

NEEDED = ("workflow", "resources", "pyproject.toml", "README.md", "LICENSE")
TRACES = shutil.ignore_patterns("__pycache__", "*.egg-info")


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it of a copy: setuptools leaves traces where it works."""
    copy, out = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("dist")
    for name in NEEDED:
        if (root / name).is_dir():
            shutil.copytree(root / name, copy / name, symlinks=True, ignore=TRACES)
        else:
            shutil.copy(root / name, copy / name)
    command = ["uv", "build", "--quiet", "--wheel", "--no-build-isolation", "--offline"]
    where = ["--python", sys.executable, "--out-dir", str(out), str(copy)]
    subprocess.run([*command, *where], check=True, env=environment())
    (made,) = out.glob("*.whl")
    return made


def environment() -> dict[str, str]:
    """Return an environment in which nothing but what is installed is found."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    kept["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), kept["PATH"]])
    return kept


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the programs of an environment with the wheel, and what it needs from this one."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    uv = ["uv", "--quiet", "--offline"]
    subprocess.run([*uv, "venv", "--python", sys.executable, str(folder)], check=True)
    python = folder / "bin/python"
    install = [*uv, "pip", "install", "--no-deps", "--python", str(python), str(wheel)]
    subprocess.run(install, check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    # As a plain line: the .pth files there, such as that of the checkout, are not followed.
    (packages / "needed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python.parent


def run(program: Path, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program of the environment in a folder that has nothing of contrage."""
    command = [str(program), *arguments]
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True)


def test_it_bears_the_version_and_holds_every_file_of_the_package(wheel: Path):
    assert wheel.name == f"contrage-{contrage.__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as opened:
        held = {name for name in opened.namelist() if name.startswith("contrage/")}
    package = Path(contrage.__file__).parent
    files = (
        Path(folder, name).relative_to(package.parent).as_posix()
        for folder, _, names in os.walk(package, followlinks=True)
        for name in names
        if "__pycache__" not in folder
    )
    assert held == set(files)
    assert "contrage/resources/niivue/niivue.umd.js" in held
    assert [name for name in held if name.startswith("contrage/serve/page/")]


def test_its_command_lists_the_steps_and_is_of_the_wheel(installed: Path, tmp_path: Path):
    done = run(installed / "contrage", "--help", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "predict" in done.stdout and "serve" in done.stdout
    where = "import contrage; print(contrage.__file__)"
    found = run(installed / "python", "-c", where, folder=tmp_path).stdout
    assert Path(found.strip()).is_relative_to(installed.parent)


def test_a_model_predicts_far_from_the_checkout(root: Path, installed: Path, tmp_path: Path):
    row = {"lh_thick": 2.61, "rh_thick": 2.2, "volume": 1290}
    table = write_rows(tmp_path / "t.tsv", row)
    model = shutil.copytree(root / "tests/data/model-format-1", tmp_path / "model")
    out = tmp_path / "predictions.tsv"
    done = run(
        installed / "contrage",
        *("predict", str(model), str(table), "--output", str(out)),
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    (predicted,) = read_tsv(out)["predicted_age"]
    assert float(predicted) == pytest.approx(44.947764, abs=1e-4)

"""A real Slurm on this machine, and the phantom workflow run through it once for all tests."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_slurm import SMALL, Cluster, call, make_checkout, wait_until
from small_study import Workflow

Run = subprocess.Popen


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Two nodes with two pretend GPUs each; ended after the tests."""
    folder = Path(f"/tmp/contrage-slurm-{os.getpid()}")  # names of sockets have to be short
    done = call("up.sh", folder)
    if done.returncode == 3:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr
    variables = Workflow(folder).environment()
    variables |= {
        "SLURM_CONF": str(folder / "slurm.conf"),
        "PATH": f"{folder / 'bin'}{os.pathsep}{variables['PATH']}",
    }
    try:
        yield Cluster(folder, variables)
    finally:
        assert call("down.sh", folder).returncode == 0


@pytest.fixture(scope="session")
def begun(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workflow, Run]]:
    """The small study while it runs without Slurm, beside what the tests do."""
    workflow = make_checkout(root, tmp_path_factory.mktemp("local") / "contrage", small=SMALL)
    run = workflow.start()
    yield workflow, run
    run.kill()


@pytest.fixture(scope="session")
def local(begun: tuple[Workflow, Run]) -> Workflow:
    """The small study, run without Slurm."""
    workflow, run = begun
    assert run.wait(850) == 0, (workflow.folder / "small.yaml.log").read_text()[-5000:]
    return workflow


@pytest.fixture(scope="session")
def killed_and_finished(
    root: Path,
    cluster: Cluster,
    begun: tuple[Workflow, Run],
    tmp_path_factory: pytest.TempPathFactory,
) -> Workflow:
    """The same on Slurm: Snakemake is killed in the middle, and the same command given again."""
    workflow = make_checkout(root, tmp_path_factory.mktemp("slurm") / "contrage", small=SMALL)
    first = cluster.start(workflow.folder, "small.yaml")
    try:
        wait_until(lambda: cluster.running("register"), 300, "preprocessing runs")
    finally:
        first.kill()
        first.wait()
    shutil.copy(workflow.folder / "small.yaml.log", workflow.folder / "killed.log")
    second = cluster.start(workflow.folder, "small.yaml")
    assert second.wait(900) == 0, (workflow.folder / "small.yaml.log").read_text()[-5000:]
    return workflow

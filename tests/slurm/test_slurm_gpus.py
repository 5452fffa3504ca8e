"""What jobs ask for of GPUs, as a real Slurm with nodes of several types understands it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from real_slurm import Cluster, call, wait_until
from small_study import Workflow
from snakemake.iocontainers import ResourceList
from snakemake_executor_plugin_slurm.utils import set_gres_string

from contrage.plan import gpus

NOTHING = {"device": "auto", "gpu_type": None, "trainings_per_gpu": 1}


@pytest.fixture(scope="module")
def mixed() -> Iterator[Cluster]:
    """A node with two GPUs of no type, and one with an a100 of two shards and a slice."""
    folder = Path(f"/tmp/contrage-mixed-{os.getpid()}")
    port = str(26897 + 10 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")))
    done = call("up.sh", folder, SLURM_TEST_MIXED="1", SLURM_TEST_PORT=port)
    if done.returncode == 3:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr
    variables = Workflow(folder).environment()
    variables |= {"SLURM_CONF": str(folder / "slurm.conf")}
    try:
        yield Cluster(folder, variables)
    finally:
        assert call("down.sh", folder).returncode == 0


def submit(cluster: Cluster, shares: bool = True, **training: Any) -> str:
    """Submit a job that waits, with what the executor makes of such a training; its number."""
    asked = gpus.asked(NOTHING | training, 1, "slurm", shares)
    job = SimpleNamespace(resources=ResourceList(fromdict=asked._asdict()))
    words = [*set_gres_string(job).split(), "--mem=100", "--nodes=1", "--output=/dev/null"]
    return cluster.ask("sbatch", "--parsable", *words, "--wrap", "sleep 60").strip()


def state(cluster: Cluster, job: str) -> list[str]:
    """Return state and node of a job."""
    return cluster.ask("squeue", "-h", "-j", job, "-o", "%T %N").split()


@pytest.fixture
def submitted(mixed: Cluster) -> Iterator[list[str]]:
    jobs: list[str] = []
    yield jobs
    mixed.ask("scancel", *jobs)
    wait_until(lambda: not mixed.ask("squeue", "-h").strip(), 30, "the jobs end")


@pytest.mark.parametrize("kind", ["a100", "1g.10gb"])
def test_a_type_or_a_slice_is_given_once_where_it_is(
    mixed: Cluster, submitted: list[str], kind: str
):
    submitted += [submit(mixed, gpu_type=kind) for _ in range(2)]
    first, second = submitted
    wait_until(lambda: state(mixed, first) == ["RUNNING", "node2"], 30, "the first runs")
    assert state(mixed, second) == ["PENDING"]


@pytest.mark.parametrize("kind", [None, "a100"])
def test_as_many_trainings_as_shares_have_one_gpu_together(
    mixed: Cluster, submitted: list[str], kind: str | None
):
    submitted += [submit(mixed, trainings_per_gpu=2, gpu_type=kind) for _ in range(3)]
    *two, third = submitted
    wait_until(lambda: all(state(mixed, job) == ["RUNNING", "node2"] for job in two), 30, "two run")
    assert state(mixed, third) == ["PENDING"]
    submitted.append(submit(mixed, gpu_type="a100"))
    wait_until(lambda: "Resources" in mixed.ask("squeue", "-h", "-o", "%r"), 30, "it is looked at")
    assert state(mixed, submitted[-1]) == ["PENDING"]

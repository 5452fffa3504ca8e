"""How the tests speak to the Slurm that up.sh starts."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml
from small_study import TINY, Workflow, checkout

HERE = Path(__file__).parent
LITERAL = ("snakemake", "--cores", "8", "--profile", "slurm")
SMALL = {
    **TINY,
    "experiment": "small",
    "cohort": {**TINY["cohort"], "name": "small"},
    "benchmark": {"losses": ["exp", "l1"], "norms": [], "pretrained": []},
    # `auto` asks Slurm for a GPU and computes on the processor where it finds none.
    "training": {**TINY["training"], "device": "auto"},
}


@dataclass
class Cluster:
    """A Slurm that answers, and how to speak to it."""

    folder: Path
    variables: dict[str, str]

    def ask(self, *command: str) -> str:
        """Call one of Slurm's programs and return what it prints."""
        done = subprocess.run(
            command, env=self.variables, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def jobs(self, *fields: str, since: str = "now-1hours") -> list[dict[str, str]]:
        """Return Slurm's own account of all jobs: number, comment, state and other fields."""
        names = ["jobid", "comment", "state", *fields]
        table = self.ask("sacct", "-X", "-n", "-P", "-D", "-S", since, "-o", ",".join(names))
        return [dict(zip(names, line.split("|"), strict=True)) for line in table.splitlines()]

    def running(self, comment: str) -> list[str]:
        """Return the numbers of running jobs; the account knows their comments only at the end."""
        rows = [line.split("|") for line in self.ask("squeue", "-h", "-o", "%A|%T|%k").splitlines()]
        return [job for job, state, said in rows if state == "RUNNING" and comment in said]

    def waiting(self) -> list[str]:
        """Return the numbers of jobs in the queue that do not run."""
        return self.ask("squeue", "-h", "-t", "PENDING", "-o", "%A").split()

    def start(self, folder: Path, config: str, *more: str) -> subprocess.Popen[str]:
        """Start the literal command of the README in a checkout; its output goes to a file."""
        with (folder / f"{config}.log").open("a") as log:
            return subprocess.Popen(
                [*LITERAL, "--configfile", config, *more],
                cwd=folder,
                env=self.variables,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )


def wait_until(true: Callable[[], object], seconds: float, what: str) -> None:
    """Ask again and again; the test fails where it does not come true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.5)


def call(script: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run up.sh or down.sh for the cluster of a folder; each process of tests has its own."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    place = {"SLURM_TEST_DIR": str(folder), "SLURM_TEST_PORT": str(26817 + 10 * number), **more}
    return subprocess.run(
        [HERE / script],
        env={**os.environ, **place},
        capture_output=True,
        text=True,
        timeout=600,
    )


def make_checkout(root: Path, folder: Path, **configs: dict) -> Workflow:
    """Copy the workflow, with the link that makes `--profile slurm` work, and configurations."""
    workflow = checkout(root, folder)
    (folder / "slurm").symlink_to("workflow/profiles/slurm")
    for name, config in configs.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(config))
    return workflow


def imaging(cluster: Cluster, state: str) -> list[dict[str, str]]:
    """Return the submissions of preprocessing that are in a state."""
    return [
        job
        for job in cluster.jobs()
        if "register" in job["comment"] and job["state"].startswith(state)
    ]

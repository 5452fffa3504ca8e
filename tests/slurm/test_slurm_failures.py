"""Jobs on a real Slurm that are killed, queued again, or fail for good."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from real_slurm import SMALL, Cluster, make_checkout, wait_until
from small_study import Workflow

# 1,100 steps of SLOW_LOSS: longer than the minute that a training is given at first.
LONG = {
    **SMALL,
    "experiment": "long",
    "benchmark": {"losses": ["slow", "slower", "broken"], "norms": [], "pretrained": []},
    "training": {**SMALL["training"], "epochs": 550},
}
SOUND = {**LONG, "benchmark": {**LONG["benchmark"], "losses": ["slow", "slower"]}}
SLOW_LOSS = '''"""A loss whose steps take a while on every machine."""

import time

from torch import Tensor, nn


class Slow(nn.Module):
    """The squared difference of embeddings and ages, in centuries."""

    def forward(self, embeddings: Tensor, ages: Tensor, epoch: int = 0) -> Tensor:
        time.sleep(0.08)
        return (embeddings.mean((1, 2)) - ages / 100).square().mean()
'''
BROKEN_LOSS = '''"""A loss that fails."""

from torch import Tensor, nn


class Broken(nn.Module):
    """Fails at the first batch."""

    def forward(self, embeddings: Tensor, ages: Tensor, epoch: int = 0) -> Tensor:
        raise ValueError("this loss is broken on purpose")
'''
LOSSES = {"slow": SLOW_LOSS, "slower": SLOW_LOSS, "broken": BROKEN_LOSS}
GOING_ON = "going on after epoch"  # each start of a training begins its log anew
NARROW = ("--set-resources", "train:runtime=attempt", "feasible:mem_mb=100 * attempt ** 3")


def with_scans_of(source: Workflow, folder: Path, root: Path, **configs: dict) -> Workflow:
    """Copy the workflow and what another one has made of the small cohort."""
    workflow = make_checkout(root, folder, **configs)
    for name in ("results", ".snakemake"):
        shutil.copytree(source.folder / name, folder / name, symlinks=True)
    for name, text in LOSSES.items():
        (folder / f"workflow/contrage/losses/{name}.py").write_text(text)
    return workflow


@pytest.fixture(scope="module")
def both(
    root: Path, cluster: Cluster, local: Workflow, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Workflow, Workflow]:
    """The long trainings: in one piece without Slurm, and on Slurm with all that can happen.

    There, a training is queued again, another has too little time, asking what is feasible too
    little memory, and a third loss fails whenever it is tried.
    """
    folder = tmp_path_factory.mktemp("long")
    plain = with_scans_of(local, folder / "plain", root, long=SOUND)
    in_one_piece = plain.start("long.yaml")
    troubled = with_scans_of(local, folder / "troubled", root, long=LONG)
    run = cluster.start(troubled.folder, "long.yaml", *NARROW)
    try:
        checkpoint = troubled.folder / "results/long/training/slow/seed-0/fold-0/resume.pt"
        wait_until(checkpoint.exists, 180, "the training has a checkpoint")
        (training,) = cluster.running("train_wildcards_slow_0_0")
        cluster.ask("scontrol", "requeue", training)
        # Slurm lets a requeued job wait for two minutes.
        wait_until(lambda: training in cluster.waiting(), 60, "the training is queued again")
        cluster.ask("scontrol", "update", f"JobId={training}", "StartTime=now")
        log = troubled.folder / "results/long/logs/train/slow/seed-0_fold-0.log"
        wait_until(
            lambda: log.is_file() and GOING_ON in log.read_text(),
            120,
            "the requeued training goes on from its checkpoint",
        )
        assert run.wait(900) == 1
        assert in_one_piece.wait(600) == 0
    finally:
        run.kill()
        in_one_piece.kill()
    return plain, troubled


@pytest.fixture
def uninterrupted(both: tuple[Workflow, Workflow]) -> Workflow:
    return both[0]


@pytest.fixture
def troubled(both: tuple[Workflow, Workflow]) -> Workflow:
    return both[1]


def states(cluster: Cluster, comment: str) -> list[str]:
    """Return how the jobs of a rule ended, in the order of their submission."""
    return [job["state"].split()[0] for job in cluster.jobs() if comment in job["comment"]]


def test_a_job_over_its_time_is_given_more_and_goes_on_from_its_checkpoint(
    cluster: Cluster, troubled: Workflow
):
    ended = states(cluster, "train_wildcards_slower_0_0")
    assert ended[-2:] == ["TIMEOUT", "COMPLETED"]
    log = (troubled.folder / "results/long/logs/train/slower/seed-0_fold-0.log").read_text()
    assert GOING_ON in log


def test_a_requeued_training_goes_on_from_its_checkpoint(cluster: Cluster, troubled: Workflow):
    assert "REQUEUED" in states(cluster, "train_wildcards_slow_0_0")
    assert states(cluster, "train_wildcards_slow_0_0")[-1] == "COMPLETED"


def test_interrupted_trainings_end_with_the_same_bits(troubled: Workflow, uninterrupted: Workflow):
    for loss in ("slow", "slower"):
        for file in (f"features/{loss}/seed-0/fold-0.npz", f"predictions/{loss}/seed-0.tsv"):
            there, here = (
                each.folder / "results/long" / file for each in (troubled, uninterrupted)
            )
            assert there.read_bytes() == here.read_bytes(), file


def test_a_job_over_its_memory_is_given_more(cluster: Cluster, troubled: Workflow):
    states_of = {
        job["reqmem"]: job["state"].split()[0]
        for job in cluster.jobs("reqmem")
        if "feasible" in job["comment"]
    }
    assert states_of["100M"] in ("FAILED", "OUT_OF_MEMORY")
    assert states_of["800M"] == "COMPLETED"
    assert (troubled.folder / "results/long/training/feasible.json").exists()


def test_a_job_that_fails_for_good_names_its_log_after_three_attempts(
    cluster: Cluster, troubled: Workflow
):
    assert states(cluster, "train_wildcards_broken_0_0") == ["FAILED"] * 3
    printed = (troubled.folder / "long.yaml.log").read_text()
    log = "results/long/logs/train/broken/seed-0_fold-0.log"
    assert f"log: {log}" in printed
    assert "this loss is broken on purpose" in (troubled.folder / log).read_text()


def test_the_rest_goes_on_when_one_job_fails(troubled: Workflow):
    results = troubled.folder / "results/long"
    assert (results / "predictions/slow/seed-0.tsv").exists()
    assert (results / "predictions/slower/seed-0.tsv").exists()
    assert not (results / "report.html").exists()

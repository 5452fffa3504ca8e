"""The README's command on a real Slurm: what runs where, and that it computes the same."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from real_slurm import LITERAL, Cluster, call, imaging
from small_study import Workflow


def requests(cluster: Cluster, rule: str) -> list[str]:
    """Return what Slurm says was asked for by the finished jobs of a rule."""
    return [
        job["reqtres"]
        for job in cluster.jobs("reqtres")
        if f"_{rule}" in job["comment"] and job["state"] == "COMPLETED"
    ]


def test_every_job_is_a_job_of_slurm(cluster: Cluster, killed_and_finished: Workflow):
    log = (killed_and_finished.folder / "small.yaml.log").read_text()
    ran = set(re.findall(r"Finished jobid: \d+ \(Rule: (\w+)\)", log)) - {"all", "everything"}
    assert {"phantom", "register", "train", "probe", "page"} <= ran
    submitted = " ".join(job["comment"] for job in cluster.jobs())
    assert not [rule for rule in ran if f"_{rule}" not in submitted]


def test_results_equal_those_of_a_local_run_bit_for_bit(
    local: Workflow, killed_and_finished: Workflow
):
    patterns = [
        "results/phantom/**/*.nii.gz",
        "results/derivatives/**/*.nii.gz",
        "results/derivatives/**/*.npy",
        "results/small/features/**/*.npz",
        "results/small/predictions/**/*.tsv",
        "results/small/tables/mae.tsv",
    ]
    for pattern in patterns:
        files = [path.relative_to(local.folder) for path in local.folder.glob(pattern)]
        assert files, pattern
        for file in files:
            there, here = (each.folder / file for each in (killed_and_finished, local))
            assert there.read_bytes() == here.read_bytes(), file


def test_jobs_left_by_a_killed_snakemake_are_ended_by_the_same_command(
    cluster: Cluster, killed_and_finished: Workflow
):
    assert imaging(cluster, "CANCELLED")
    log = (killed_and_finished.folder / "small.yaml.log").read_text()
    assert "the last run here was killed" in log
    assert "Directory cannot be locked" not in log
    assert not list((killed_and_finished.folder / ".snakemake/contrage-runs").iterdir())


def test_trainings_ask_for_one_gpu_and_imaging_for_none(
    cluster: Cluster, killed_and_finished: Workflow
):
    assert requests(cluster, "train")
    assert all("gres/gpu=1," in asked for asked in requests(cluster, "train"))
    assert not any("gpu" in asked for asked in requests(cluster, "imaging"))


def test_steps_of_many_scans_are_one_submission(cluster: Cluster, killed_and_finished: Workflow):
    assert len(imaging(cluster, "COMPLETED")) == 1
    records = (killed_and_finished.folder / "results/derivatives").glob("**/*_desc-quality.json")
    assert len(list(records)) == 10


def test_a_second_run_has_nothing_to_do(cluster: Cluster, killed_and_finished: Workflow):
    before = len(cluster.jobs())
    again = cluster.start(killed_and_finished.folder, "small.yaml")
    assert again.wait(120) == 0
    assert len(cluster.jobs()) == before


def test_without_a_controller_the_command_says_so(cluster: Cluster, root: Path, tmp_path: Path):
    configuration = (cluster.folder / "slurm.conf").read_text()
    nobody = tmp_path / "slurm.conf"
    nobody.write_text(re.sub(r"SlurmctldPort=\d+", "SlurmctldPort=9", configuration))
    done = subprocess.run(
        LITERAL,
        cwd=root,
        env={**cluster.variables, "SLURM_CONF": str(nobody)},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 1
    assert "Slurm's controller does not answer" in done.stderr
    assert "Traceback" not in done.stderr


def test_bringing_the_cluster_up_twice_changes_nothing(cluster: Cluster):
    numbers = {path: path.read_text() for path in cluster.folder.glob("*.pid")}
    assert len(numbers) == 6  # munge, database, accounting, controller and two nodes
    assert call("up.sh", cluster.folder).returncode == 0
    assert {path: path.read_text() for path in cluster.folder.glob("*.pid")} == numbers

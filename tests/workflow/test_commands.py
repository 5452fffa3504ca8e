"""What the commands of the README plan, from the repository's root."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from in_memory import snakemake
from small_study import checkout

from contrage import losses

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("plan")]


def dry_run(root: Path, tmp_path: Path, *arguments: str) -> str:
    """Plan the workflow of this checkout in an empty folder."""
    options = ("-n", "--directory", str(tmp_path), *arguments)
    done = snakemake(*options, folder=root, environment=dict(os.environ))
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    return printed


def test_the_demo_trains_every_loss_and_norm_with_every_seed(root, tmp_path):
    printed = dry_run(root, tmp_path, "--cores", "8")
    rows = [*losses.available("continuous"), "dynlocrep-euclidean", "dynlocrep-cosine"]
    rows += ["dynlocrep-chebyshev", "dynlocrep-pretrained"]
    for row in rows:
        for seed in (0, 1, 2):
            assert f"Training {row}, seed {seed}, fold 0" in printed
    assert printed.count("Pre-training: Training exp, seed 0, fold 0") == 1
    assert printed.count("Registering sub-") == 60 + 20


def test_the_slurm_profile_is_found_by_its_name(root, tmp_path):
    printed = dry_run(root, tmp_path, "--cores", "8", "--profile", "slurm")
    assert "This was a dry-run" in printed


def test_a_run_without_slurm_is_noted_while_it_lives(root, tmp_path):
    """So that none on Slurm takes its lock for one that was left behind."""
    workflow = checkout(root, tmp_path / "contrage")
    rules = workflow.folder / "workflow/rules/cohort.smk"
    rules.write_text(
        rules.read_text().replace(
            '"python -m contrage phantom-tables',
            '"ls .snakemake/contrage-runs > notes; python -m contrage phantom-tables',
        )
    )
    done = subprocess.run(
        workflow.command(
            "--", "results/phantom/phantom/participants.tsv", config="config/config.yaml"
        ),
        cwd=workflow.folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (workflow.folder / "notes").read_text().endswith(".json\n")
    assert not list((workflow.folder / ".snakemake/contrage-runs").iterdir())


def test_jobs_run_in_the_image_that_is_given(root, tmp_path, monkeypatch):
    """A program in Apptainer's place notes what it is asked and runs it without an image."""
    program = tmp_path / "bin/apptainer"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\n[ "$1" != --version ] || { echo apptainer version 1.3.4; exit 0; }\n'
        f'echo "$@" >> {tmp_path}/asked\n'
        'while [ "${1##*/}" != bash ]; do shift; done\nexec "$@"\n'
    )
    program.chmod(0o755)
    places = (program.parent, Path(sys.executable).parent, os.environ["PATH"])
    monkeypatch.setenv("PATH", os.pathsep.join(map(str, places)))
    (tmp_path / "contrage.sif").touch()
    workflow = checkout(root, tmp_path / "contrage")
    image = f"container={tmp_path}/contrage.sif"
    options = ["--config", image, "--cores", "1", "--sdm", "apptainer"]
    target = "results/demo/training/feasible.json"
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *options, "--", target],
        cwd=workflow.folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{tmp_path}/contrage.sif" in (tmp_path / "asked").read_text()
    assert (workflow.folder / target).exists()


def test_the_public_maps_need_no_anatomical_image(root, tmp_path, shared):
    path = shared / "data" / "mre134"
    arguments = ["--configfile", str(root / "config/mre134.yaml")]
    config = f'cohort={{"path": "{path}"}}'
    printed = dry_run(root, tmp_path, "--cores", "2", *arguments, "--config", config)
    assert printed.count("Registering sub-") == 102
    assert "pretraining_" not in printed


@pytest.mark.parametrize(("device", "gpus"), [("cuda", 3), ("cpu", 0)])
def test_a_training_asks_for_a_gpu_and_threads_for_each_of_its_processes(
    root, tmp_path, device, gpus
):
    """What a job asks for is not printed beside a rule's own message: here that says it."""
    workflow = checkout(root, tmp_path / "contrage")
    rules = workflow.folder / "workflow/rules/training.smk"
    asked = '"asks for {threads} threads, {resources.gpu} GPUs and {resources.mem_mb} MB"'
    text, changed = re.subn(r'f"\{STAGE\}Training .*"', asked, rules.read_text())
    assert changed == 1
    rules.write_text(text)
    training = {"gpus_per_job": 3, "threads": 2, "device": device}
    before = {"training": {"epochs": 10, "batch_size": 12}}  # 8 are too few for three processes
    config = {"training": training, "pretraining": before}
    (workflow.folder / "gpus.yaml").write_text(yaml.safe_dump(config))
    target = "results/demo/training/exp/seed-0/fold-0/model.pt"
    done = workflow.run("-n", "-p", "--cores", "8", "--", target, config="gpus.yaml")
    printed = done.stdout + done.stderr
    found = re.search(rf"asks for 6 threads, {gpus} GPUs and (\d+) MB", printed)
    # On a CPU it is reckoned from encoder, grid and batch.
    assert int(found[1]) == 12000 if gpus else 1200 < int(found[1]) < 12000
    (command,) = [line for line in printed.splitlines() if "contrage train " in line]
    assert '"gpus_per_job": 3' in command

"""What the commands of the README plan, from the repository's root."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from contrage import losses

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("plan")]


def dry_run(root: Path, tmp_path: Path, *arguments: str) -> str:
    """Plan the workflow of this checkout in an empty folder."""
    command = [sys.executable, "-m", "snakemake", "-n", "--directory", str(tmp_path), *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    return printed


def test_the_demo_trains_every_loss_and_norm_with_every_seed(root, tmp_path):
    printed = dry_run(root, tmp_path, "--cores", "8")
    rows = [*losses.available(), "dynlocrep-euclidean", "dynlocrep-cosine", "dynlocrep-chebyshev"]
    rows += ["dynlocrep-pretrained"]
    for row in rows:
        for seed in (0, 1, 2):
            assert f"Training {row}, seed {seed}, fold 0" in printed
    assert printed.count("Pre-training: Training exp, seed 0, fold 0") == 1
    assert printed.count("Preprocessing sub-") == 60 + 20


def test_the_slurm_profile_is_found_by_its_name(root, tmp_path):
    printed = dry_run(root, tmp_path, "--cores", "8", "--profile", "slurm")
    assert "This was a dry-run" in printed


def test_the_public_maps_need_no_anatomical_image(root, tmp_path, shared):
    path = shared / "data" / "mre134"
    arguments = ["--configfile", str(root / "config/mre134.yaml")]
    config = f'cohort={{"path": "{path}"}}'
    printed = dry_run(root, tmp_path, "--cores", "2", *arguments, "--config", config)
    assert printed.count("Preprocessing sub-") == 102
    assert "pretraining_" not in printed

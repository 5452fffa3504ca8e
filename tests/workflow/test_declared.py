"""Every step of the report, and what it is made of, does with the files that its rule declares."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from small_study import Workflow

from contrage.files import read_json

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("small")]

RESULTS, DERIVATIVES = "results/small", "results/derivatives/study"
TIME = ".snakemake_timestamp"
STEPS = {
    "quality_page": f"{DERIVATIVES}/quality.html",
    "split": f"{RESULTS}/dataset/splits/seed-1.json",
    "probe": f"{RESULTS}/predictions/exp/seed-1.tsv",
    "baselines": f"{RESULTS}/baselines/seed-0.tsv",
    "evaluate": f"{RESULTS}/tables/site.tsv",
    "tables": f"{RESULTS}/tables/mae.tsv",
    "maps": f"{RESULTS}/maps",
    "figures": f"{RESULTS}/figures",
    "page": f"{RESULTS}/report.html",
}

STANDS_FOR = {"quality_page": "results/derivatives/study/**/qc/*"}
"""Of a step with tables among its inputs that have a digest of each scan's records: these files."""


def recorded(finished: Workflow, output: str) -> dict[str, Any]:
    """What Snakemake keeps of the job that made a file: its inputs and command among others."""
    name = base64.b64encode(output.encode()).decode()
    return read_json(finished.folder / ".snakemake/metadata" / name)


def run_alone(finished: Workflow, job: dict[str, Any], folder: Path) -> subprocess.CompletedProcess:
    """Run a job's command in a folder that holds its inputs and nothing else."""
    more = finished.folder.glob(STANDS_FOR.get(job["rule"], "nothing"))
    for file in [*job["input"], *(each.relative_to(finished.folder) for each in more)]:
        source, target = finished.folder / file, folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy2(source, target)
    environment = finished.environment() | {"PYTHONPATH": f"{finished.folder / 'workflow'}"}
    command = ["bash", "-c", job["shellcmd"]]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def contents(place: Path) -> dict[str, bytes]:
    files = [place] if place.is_file() else [file for file in place.rglob("*.*") if file.is_file()]
    return {file.name: file.read_bytes() for file in files if file.name != TIME}


@pytest.mark.parametrize("step", STEPS)
def test_a_step_makes_the_same_of_its_declared_inputs_alone(
    finished: Workflow, tmp_path: Path, step: str
):
    job = recorded(finished, STEPS[step])
    assert job["rule"] == step
    done = run_alone(finished, job, tmp_path)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / STEPS[step]) == contents(finished.folder / STEPS[step])


def test_run_times_are_of_the_benchmarks_that_the_plan_names(finished: Workflow, tmp_path: Path):
    """The one exception: Snakemake writes them about jobs, and makes none again for them."""
    table = f"{RESULTS}/tables/runtimes.tsv"
    job = recorded(finished, table)
    for place in (RESULTS, DERIVATIVES):
        source = finished.folder / place / "benchmarks"
        shutil.copytree(source, tmp_path / place / "benchmarks")
    stray = tmp_path / RESULTS / "benchmarks/train/another/seed-0_fold-0.tsv"
    stray.parent.mkdir(parents=True)
    shutil.copy(next((tmp_path / RESULTS / "benchmarks/train").rglob("*.tsv")), stray)
    assert run_alone(finished, job, tmp_path).returncode == 0
    assert contents(tmp_path / table) == contents(finished.folder / table)


def test_no_input_of_the_report_is_a_file_that_no_rule_makes(finished: Workflow):
    for step in ("tables", "maps", "figures", "page", "quality_page"):
        for file in recorded(finished, STEPS[step])["input"]:
            path = finished.folder / file
            is_source = os.path.relpath(path, finished.folder).startswith("workflow/")
            assert path.exists() and (is_source or file.startswith("results/")), file

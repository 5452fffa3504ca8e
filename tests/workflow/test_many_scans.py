"""Planning stays cheap for many scans: Snakemake's memory and time go with the files per scan."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from small_study import Workflow, checkout

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("many_scans")]

PER_SCAN = ("check", "strip", "correct", "register", "quality")
FILES = {"check": 3, "strip": 4, "correct": 4, "register": 9, "quality": 3}
"""Inputs and outputs of a scan with T1 and map; about 1 kB each, 20,000 times."""


def declared(printed: str) -> list[tuple[str, list[str]]]:
    """Return the rule of each job that a dry run prints, with its inputs and outputs."""
    found: list[tuple[str, list[str]]] = []
    for line in printed.splitlines():
        if start := re.match(r"(?:local)?rule (\w+):", line.strip()):
            found.append((start[1], []))
        elif files := re.match(r" +(?:input|output): (.*)", line):
            found[-1][1].extend(files[1].split(", "))
    return found


COUNTING = """
import atexit, inspect
looked_into, signature = [], inspect.signature

def counted(function, **options):
    looked_into.append(function)
    return signature(function, **options)

inspect.signature = counted
atexit.register(lambda: print("Functions looked into:", len(looked_into)))
"""


@pytest.fixture(scope="module")
def printed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is planned for the defaults and twelve people, all of empty files."""
    workflow: Workflow = checkout(root, tmp_path_factory.mktemp("many") / "contrage")
    for file in workflow.folder.glob("workflow/rules/*.smk"):  # Snakemake prints them or the files
        file.write_text(re.sub(r"\n +message:\n.*", "", file.read_text()))
    with (workflow.folder / "Snakefile").open("a") as snakefile:
        snakefile.write(COUNTING)
    lines = ["participant_id\tage"]
    for number in range(12):
        for image in (f"anat/sub-{number:02d}_T1w", f"mre/sub-{number:02d}_stiffness"):
            file = workflow.folder / f"study/sub-{number:02d}/{image}.nii.gz"
            file.parent.mkdir(parents=True)
            file.touch()
        lines.append(f"{number:02d}\t{20 + number}")
    (workflow.folder / "study/participants.tsv").write_text("\n".join(lines) + "\n")
    cohort = {"source": "bids", "name": "many", "path": "study"}
    (workflow.folder / "many.yaml").write_text(
        yaml.safe_dump({"experiment": "many", "cohort": cohort, "training": {"batch_size": 8}})
    )
    done = workflow.run("-n", config="many.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def jobs(printed: str) -> list[tuple[str, list[str]]]:
    return declared(printed)


@pytest.mark.parametrize("rule", PER_SCAN)
def test_a_job_of_one_scan_declares_few_files(jobs, rule):
    counts = {len(files) for name, files in jobs if name == rule}
    assert counts == {FILES[rule]}, "each file more is 20 MB for 20,000 scans"


@pytest.mark.parametrize("rule", PER_SCAN)
def test_a_job_of_one_scan_declares_no_source_files(jobs, rule):
    files = [file for name, declared in jobs if name == rule for file in declared]
    assert files and not [file for file in files if file.startswith("workflow/")]


def test_other_jobs_ask_for_records_once_and_for_images_that_are_stacked_or_drawn(jobs):
    """The records of check and of quality, for the two tables that stand for them, and images."""
    others = {name: [f for f in files if "/sub-05_" in f] for name, files in jobs}
    asked = {name: len(of) for name, of in others.items() if of and name not in PER_SCAN}
    assert asked == {"screen": 1, "usable": 1, "stack": 1, "figures": 3}


def test_snakemake_looks_into_no_function_of_the_jobs_of_scans(printed):
    """It did several times for each job, a tenth of the time of planning (rules/parameters.smk)."""
    (count,) = re.findall(r"Functions looked into: (\d+)", printed)
    assert int(count) < 12

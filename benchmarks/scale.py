"""Time and memory of planning a run for many scans, and how often a cluster would be asked.

    python benchmarks/scale.py [--participants 300 3000 20000]

Makes cohorts of empty files (a T1 and a stiffness map each) in a temporary folder and lets
Snakemake plan the whole run (a dry run, nothing is run). Seconds, CPU seconds and the largest
resident memory are those of that process; "planned" are the seconds until Snakemake counts the
jobs: a run would start its first ones then, a dry run goes on to describe each. Submissions are
counted after the rules' groups, in the sizes of the Slurm profile. Ends with status 1 where a limit
is missed: 3 minutes and 2.5 GB for up to 20,000 participants, and seconds per participant that grow
by no more than half from the middle to the largest cohort.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
PROFILE = ROOT / "workflow/profiles/slurm/config.yaml"
IMAGES = {"anat": "T1w", "mre": "stiffness"}
LARGEST, SECONDS, GIGABYTES, GROWTH = 20_000, 180.0, 2.5, 1.5
GROUP = re.compile(r'^ *rule (\w+):(?:(?!^ *rule ).)*?group:\n +"(\w+)"', re.MULTILINE | re.DOTALL)
NOT_SUBMITTED = ("all", "total")


@dataclass(frozen=True)
class Planned:
    """What planning a cohort's run took, and what was planned: jobs per rule."""

    participants: int
    jobs: dict[str, int]
    planned: float
    seconds: float
    cpu_seconds: float
    gigabytes: float

    @property
    def per_thousand(self) -> float:
        """Seconds per 1,000 participants."""
        return 1000 * self.seconds / self.participants


def make_cohort(folder: Path, participants: int) -> None:
    """Write a BIDS folder of empty images."""
    rows = ["participant_id\tage\tsex\tsite"]
    for number in range(participants):
        name = f"sub-{number:05d}"
        for datatype, suffix in IMAGES.items():
            home = folder / name / datatype
            home.mkdir(parents=True)
            (home / f"{name}_{suffix}.nii.gz").touch()
        rows.append(f"{name}\t{20 + number % 60}\t{'FM'[number % 2]}\tsite{number % 7}")
    (folder / "participants.tsv").write_text("\n".join(rows) + "\n")


def plan(folder: Path, participants: int) -> Planned:
    """Let a Snakemake of its own plan the run of a cohort in `folder`/cohort."""
    cohort = {"source": "bids", "name": "scale", "path": "cohort", "image": "stiffness"}
    config = folder / "scale.yaml"
    config.write_text(yaml.safe_dump({"experiment": "scale", "cohort": cohort}))
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    command += ["--directory", str(folder), "--configfile", str(config), "--cores", "8"]
    command += ["--dry-run", "--quiet", "rules"]
    began, planned, text = time.monotonic(), math.nan, ""
    both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, **both, text=True) as running:
        for line in running.stdout:
            if line.startswith("Job stats:") and math.isnan(planned):
                planned = time.monotonic() - began
            text += line
        _, status, used = os.wait4(running.pid, 0)  # the usage of this child alone
        running.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - began
    if running.returncode:
        sys.exit(f"Snakemake could not plan {participants} participants:\n{text[-2000:]}")
    kilobytes = used.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    cpu = used.ru_utime + used.ru_stime
    return Planned(participants, job_counts(text), planned, seconds, cpu, kilobytes * 1024 / 1e9)


def job_counts(printed: str) -> dict[str, int]:
    """Return the jobs of each rule, from the table that Snakemake prints."""
    lines = printed.partition("Job stats:")[2].splitlines()[3:]
    table = lines[: lines.index("")] if "" in lines else lines
    return {rule: int(count) for rule, count in map(str.split, table)}


def groups() -> dict[str, str]:
    """Return the group of each rule that has one."""
    texts = [file.read_text() for file in sorted((ROOT / "workflow/rules").glob("*.smk"))]
    return {rule: group for text in texts for rule, group in GROUP.findall(text)}


def submissions(jobs: dict[str, int], profile: dict[str, Any]) -> int:
    """Return how many jobs a cluster is given, where small ones are put together.

    Parameters
    ----------
    jobs : dict of str to int
        Jobs of each rule.
    profile : dict
        `group-components` (group to how many of its connected parts, here scans, are one
        submission), as a mapping or as a list of "key=value".
    """
    of_rule, sizes = groups(), pairs(profile.get("group-components"))
    single, parts = 0, {}
    for rule, count in jobs.items():
        if group := of_rule.get(rule):  # its parts hang together in the rule with the fewest jobs
            parts[group] = min(parts.get(group, count), count)
        elif rule not in NOT_SUBMITTED:
            single += count
    return single + sum(
        math.ceil(count / int(sizes.get(group, 1))) for group, count in parts.items()
    )


def pairs(value: dict[str, Any] | list[str] | None) -> dict[str, str]:
    """Read a profile's mapping, which may be a list of "key=value"."""
    if isinstance(value, dict):
        return {key: str(each) for key, each in value.items()}
    return dict(each.split("=", 1) for each in value or [])


def missed(runs: list[Planned]) -> list[str]:
    """Name the limits that were missed."""
    found = []
    for run in runs:
        if run.participants <= LARGEST and run.seconds > SECONDS:
            found.append(f"{run.participants} participants took {run.seconds:.0f} s")
        if run.participants <= LARGEST and run.gigabytes > GIGABYTES:
            found.append(f"{run.participants} participants took {run.gigabytes:.2f} GB")
    if len(runs) > 1 and growth(runs) > GROWTH:
        found.append(f"seconds per participant grew {growth(runs):.2f} times")
    return found


def growth(runs: list[Planned]) -> float:
    """Return seconds per participant of the largest cohort over those of the middle one."""
    return runs[-1].per_thousand / runs[(len(runs) - 1) // 2].per_thousand


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--participants", type=int, nargs="+", default=[300, 3000, LARGEST])
    sizes = sorted(parser.parse_args().participants)
    profile = yaml.safe_load(PROFILE.read_text())
    print("| participants | jobs | planned | seconds | CPU s | GB | s per 1,000 | submissions |")
    print("|---|---|---|---|---|---|---|---|")
    runs = []
    for participants in sizes:
        with tempfile.TemporaryDirectory(prefix="contrage-scale-") as folder:
            make_cohort(Path(folder) / "cohort", participants)
            run = plan(Path(folder), participants)
        runs.append(run)
        print(
            f"| {participants:,} | {run.jobs['total']:,} "
            f"| {run.planned:.1f} | {run.seconds:.1f} | {run.cpu_seconds:.1f} "
            f"| {run.gigabytes:.2f} | {run.per_thousand:.1f} "
            f"| {submissions(run.jobs, profile):,} |",
            flush=True,
        )
    if len(runs) > 1:
        print(f"\nSeconds per participant, largest to middle: {growth(runs):.2f}")
    wrong = missed(runs)
    print("Limits missed: " + "; ".join(wrong) if wrong else "All limits are kept.")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()

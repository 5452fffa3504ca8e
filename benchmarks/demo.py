"""Time and memory of the demo, from nothing to the report, and beside it those of another version.

    python benchmarks/demo.py [--cores 2] [--configfile FILE …] [--folder NEW] [--against TREE]

Runs the whole workflow in a new folder (a temporary one by default) and prints wall and processor
seconds, the peak of memory over all of its processes together (proportional set size: shared pages
count once), and seconds per rule. With `--against` another checkout of contrage runs first, in the
same environment; then come the ratio of the processor seconds and how far the predictions are from
those of the other.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

BRISK = ("--scheduler", "greedy", "--max-jobs-per-timespan", "1000/10s")  # as in the Makefile
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Run:
    """What a run of the workflow took: seconds by the clock and of processors, bytes, exit code."""

    wall: float
    cpu: float
    peak: int
    code: int


def memory(process: psutil.Process) -> int:
    """Bytes that a process and its descendants hold together."""
    total = 0
    for each in [process, *process.children(recursive=True)]:
        try:
            total += each.memory_full_info().pss
        except psutil.Error:
            continue
    return total


def run(tree: Path, folder: Path, cores: str, configfiles: list[Path]) -> Run:
    """Run a checkout's workflow to its end, watching its memory."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(tree / "Snakefile")]
    command += ["--cores", cores, "--directory", str(folder), "--quiet", "all", *BRISK]
    if configfiles:
        command += ["--configfile", *(str(file.resolve()) for file in configfiles)]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    running = psutil.Popen(command, env={**os.environ, "PATH": path}, stdout=subprocess.DEVNULL)
    peak = 0
    while running.poll() is None:
        peak = max(peak, memory(running))
        time.sleep(1)
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(wall, cpu, peak, running.returncode)


def seconds_per_rule(results: Path) -> dict[str, list[float]]:
    """Jobs, summed wall and processor seconds and largest resident memory (MB) of each rule."""
    rules: dict[str, list[float]] = defaultdict(lambda: [0, 0.0, 0.0, 0.0])
    for file in results.glob("**/benchmarks/**/*.tsv"):
        record = pd.read_csv(file, sep="\t", na_values="-").fillna(0).iloc[0]
        rule = rules[file.parts[file.parts.index("benchmarks") + 1]]
        rule[:3] = (rule[0] + 1, rule[1] + record["s"], rule[2] + record["cpu_time"])
        rule[3] = max(rule[3], record["max_rss"])
    return rules


def report(name: str, folder: Path, cores: str, took: Run) -> None:
    print(f"{name}: {psutil.cpu_count()} cores here, {cores} used")
    print(
        f"{took.wall / 60:.1f} minutes, {took.cpu:.0f} processor seconds, "
        f"at most {took.peak / 1e9:.2f} GB, exit {took.code}"
    )
    print(f"{'rule':<16}{'jobs':>6}{'seconds':>10}{'CPU':>8}{'MB':>8}")
    for rule, (jobs, wall, cpu, largest) in sorted(seconds_per_rule(folder).items()):
        print(f"{rule:<16}{jobs:>6.0f}{wall:>10.0f}{cpu:>8.0f}{largest:>8.0f}")


def differences(before: Path, after: Path) -> None:
    """Print, per kind of prediction, how far the two runs' predicted ages are apart."""
    largest: dict[str, float] = defaultdict(float)
    for kind in ("predictions", "baselines"):
        for file in before.glob(f"results/*/{kind}/**/*.tsv"):
            other = after / file.relative_to(before)
            one, two = (pd.read_csv(each, sep="\t") for each in (file, other))
            np.testing.assert_array_equal(one["scan_id"], two["scan_id"], str(other))
            apart = np.abs(one["predicted_age"].to_numpy() - two["predicted_age"].to_numpy()).max()
            largest[kind] = np.maximum(largest[kind], apart)  # NaN where one is
    for kind, apart in largest.items():
        print(f"{kind}: at most {apart:.2g} years apart")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cores", default="2")
    parser.add_argument("--configfile", nargs="+", type=Path, default=[])
    parser.add_argument("--folder", help="keep the results here")
    parser.add_argument("--against", type=Path, help="another checkout, which runs first")
    options = parser.parse_args()
    trees = {"before": options.against.resolve()} if options.against else {}
    trees["this"] = ROOT
    took = {}
    with tempfile.TemporaryDirectory(prefix="contrage-demo-") as temporary:
        parent = Path(options.folder or temporary)
        folders = {name: parent / name if options.against else parent for name in trees}
        for name, tree in trees.items():
            took[name] = run(tree, folders[name], options.cores, options.configfile)
            report(name, folders[name], options.cores, took[name])
        if options.against:
            print(f"processor seconds, this / before: {took['this'].cpu / took['before'].cpu:.3f}")
            differences(folders["before"], folders["this"])
    sys.exit(any(each.code for each in took.values()))


if __name__ == "__main__":
    main()

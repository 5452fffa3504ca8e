"""Wall time and memory of the demo, from nothing to the report.

    python benchmarks/demo.py [--cores 2] [--configfile FILE] [--folder NEW]

Runs the whole workflow in a new folder (a temporary one by default) and prints seconds, the peak
of memory over all of its processes together (proportional set size: shared pages count once), and
seconds per rule.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import psutil

BRISK = ("--scheduler", "greedy", "--max-jobs-per-timespan", "1000/10s")  # as in the Makefile
ROOT = Path(__file__).resolve().parents[1]


def memory(process: psutil.Process) -> int:
    """Bytes that a process and its descendants hold together."""
    total = 0
    for each in [process, *process.children(recursive=True)]:
        try:
            total += each.memory_full_info().pss
        except psutil.Error:
            continue
    return total


def seconds_per_rule(results: Path) -> dict[str, tuple[int, float, float]]:
    """Jobs, summed wall seconds and largest resident memory (MB) of each rule."""
    rules: dict[str, tuple[int, float, float]] = defaultdict(lambda: (0, 0.0, 0.0))
    for file in results.glob("**/benchmarks/**/*.tsv"):
        rule = file.parts[file.parts.index("benchmarks") + 1]
        names, values = (line.split("\t") for line in file.read_text().splitlines()[:2])
        record = dict(zip(names, values, strict=True))
        largest = float(record["max_rss"]) if record["max_rss"] not in ("-", "NA") else 0.0
        jobs, total, peak = rules[rule]
        rules[rule] = (jobs + 1, total + float(record["s"]), max(peak, largest))
    return rules


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cores", default="2")
    parser.add_argument("--configfile")
    parser.add_argument("--folder", help="keep the results here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="contrage-demo-") as temporary:
        folder = options.folder or temporary
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
        command += [
            "--cores",
            options.cores,
            "--directory",
            folder,
            "--quiet",
            "all",
            "--scheduler",
            "greedy",
        ]
        if options.configfile:
            command += ["--configfile", str(Path(options.configfile).resolve())]
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        began = time.monotonic()
        running = psutil.Popen(command, env={**os.environ, "PATH": path}, stdout=subprocess.DEVNULL)
        peak = 0
        while running.poll() is None:
            peak = max(peak, memory(running))
            time.sleep(1)
        seconds = time.monotonic() - began
        print(f"{psutil.cpu_count()} cores here, {options.cores} used")
        print(f"{seconds / 60:.1f} minutes, at most {peak / 1e9:.2f} GB, exit {running.returncode}")
        print(f"{'rule':<16}{'jobs':>6}{'seconds':>10}{'MB':>8}")
        for rule, (jobs, total, largest) in sorted(seconds_per_rule(Path(folder)).items()):
            print(f"{rule:<16}{jobs:>6}{total:>10.0f}{largest:>8.0f}")
    sys.exit(running.returncode)


if __name__ == "__main__":
    main()

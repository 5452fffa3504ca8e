"""Memory of merging cohorts of volumes, and of training on an array that is larger than memory.

    python benchmarks/merged.py [--scans 10590] [--merged 1059] [--train 48] [--folder /scratch]

Volumes are VBM's, 121 × 145 × 121 voxels in half precision, 4.2 MB a scan, in files with holes:
10,590 scans look like 45 GB and take the room of those that hold something. Two cohorts of
`--merged` scans together are merged by the step's own function, which writes every byte (a tenth of
45 GB). Then the steps' own functions compute the statistics of a split and train one epoch of the
encoder `small` on `--train` scans spread over all rows of the whole array, and embed these and
some test scans. Each part is a process of its own that may not hold more than `--gigabytes` of its
own memory (RLIMIT_DATA; pages of a mapped file are the system's, which takes them back). Shown are
the most that it held, as the system counts it, and seconds. Ends with status 1 where a part fails.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SHAPE = (1, 121, 145, 121)
TEST = 8


def with_holes(path: Path, scans: int) -> np.ndarray:
    """Return a new array of half precision, mapped, that takes no room before it is written to."""
    return np.lib.format.open_memmap(path, mode="w+", dtype="<f2", shape=(scans, *SHAPE))


def merge(folder: Path, scans: int) -> int:
    """Put two cohorts into one array; return its bytes."""
    from contrage.dataset.concatenate import Part, concatenate

    parts = []
    for name, count in (("a", scans // 2), ("b", scans - scans // 2)):
        with_holes(folder / f"{name}.npy", count)
        parts.append(Part(name, folder / f"{name}.npy"))
    concatenate(folder / "merged.npy", parts)
    size = (folder / "merged.npy").stat().st_size
    (folder / "merged.npy").unlink()
    return size


def write_scans(folder: Path, scans: int, used: int) -> None:
    """Write the whole array, values in the rows that are used, and the table of these."""
    rng = np.random.default_rng(1)
    array = with_holes(folder / "array.npy", scans)
    lines = ["scan_id\tparticipant_id\tage\tsite\trow"]
    for number, row in enumerate(sorted(rng.choice(scans, used, replace=False))):
        age = float(rng.integers(20, 80))
        array[row] = rng.normal(1 - 0.005 * age, 0.1, SHAPE)
        lines.append(f"sub-{number}\tsub-{number}\t{age}\tn/a\t{row}")
    (folder / "scans.tsv").write_text("\n".join(lines) + "\n")


def train(folder: Path, learned: int) -> int:
    """Split, and train an epoch; return the bytes of the array."""
    from settings_of_run import with_defaults

    from contrage import modalities
    from contrage.dataset.split import split
    from contrage.learning.train import train as step
    from contrage.settings.blocks.training import OneTrainingSettings
    from contrage.settings.build import as_plain, build, fields_of
    from contrage.settings.steps.dataset import SplitStep
    from contrage.settings.steps.learning import TrainStep
    from contrage.settings.steps.scores import ScoresSettings

    test = TEST / (learned + TEST)
    whole = with_defaults(
        training={"epochs": 1, "batch_size": 8, "device": "cpu", "threads": 1, "storage": "disk"},
        dataset={"split": {"scheme": "holdout", "test_fraction": test}},
    )
    scores = ScoresSettings(modalities.load("vbm").form, "train", "own")
    dataset = as_plain(whole.dataset)
    asked = {key: dataset[key] for key in fields_of(SplitStep) if key in dataset}
    asked |= as_plain(scores) | {"seed": 0, "batch_size": 8}
    asked["target"] = as_plain(whole.target.learned)
    given = {"scans": folder / "scans.tsv", "array": folder / "array.npy"}
    split(build(SplitStep, asked), **given, output=folder / "split.json")
    training = {name: getattr(whole.training, name) for name in fields_of(OneTrainingSettings)}
    settings = TrainStep(
        row="exp",
        seed=0,
        cohort=whole.cohort.name,
        target=whole.target.learned,
        loss={"loss": "exp"},
        training=OneTrainingSettings(**training),
        dataset=scores,
        snapshot_epochs=(),
        probe=None,
    )
    endings = {"model": "pt", "curve": "tsv", "resume": "resume", "features": "npz"}
    outputs = {key: folder / f"out.{ending}" for key, ending in endings.items()}
    step(settings, **given, split=folder / "split.json", fold=0, **outputs)
    return (folder / "array.npy").stat().st_size


def run_part(options: argparse.Namespace) -> None:
    """Run one part within its memory; print what it took."""
    limit = int(options.gigabytes * 1e9)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    begun, folder = time.monotonic(), Path(options.folder)
    count = options.merged if options.part == "merge" else options.train
    size = (merge if options.part == "merge" else train)(folder, count)
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    took = time.monotonic() - begun
    print(json.dumps({"array": size, "held": held, "seconds": took}))


def main() -> None:
    """Run both parts, and print a line of each."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--scans", type=int, default=10_590)
    asked.add_argument("--merged", type=int, default=1_059)
    asked.add_argument("--train", type=int, default=48)
    asked.add_argument("--gigabytes", type=float, default=3.0)
    asked.add_argument("--folder")
    asked.add_argument("--part", choices=["merge", "train"])
    options = asked.parse_args()
    if options.part:
        run_part(options)
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        write_scans(Path(folder), options.scans, options.train + TEST)
        print("| part | array | its own memory | most resident, mapped pages too | seconds |")
        print("|---|---|---|---|---|")
        for part in ("merge", "train"):
            command = [sys.executable, __file__, "--part", part, "--folder", folder]
            for key in ("merged", "train", "gigabytes"):
                command += [f"--{key}", str(getattr(options, key))]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                sys.exit(done.stderr)
            told = json.loads(done.stdout.splitlines()[-1])
            print(
                f"| {part} | {told['array'] / 1e9:.1f} GB | below {options.gigabytes:g} GB "
                f"| {told['held'] / 1e9:.2f} GB | {told['seconds']:.0f} |"
            )


if __name__ == "__main__":
    main()

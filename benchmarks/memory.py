"""The memory that a training takes on the CPU, against what its job asks a cluster for.

    python benchmarks/memory.py [--encoders small resnet18 sfcn] [--grids 4 2] [--batches 4 8 16]

Each training is a process of its own that makes two steps on generated maps. Its peak is that of
resident memory, less the maps as they were generated: a job maps those from disk. Asked for is what
`contrage.plan.memory` makes of encoder, grid, batch and number of maps.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from contrage.plan.memory import training_mb


def peak_mb(encoder: str, voxel_mm: int, batch: int, threads: int) -> float:
    """Return the peak of two steps of a training, in MiB."""
    command = [sys.executable, str(Path(__file__).resolve()), "--alone", encoder]
    numbers = {"--grids": voxel_mm, "--batches": batch, "--threads": threads}
    command += [str(word) for pair in numbers.items() for word in pair]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout.splitlines()[-1])


def alone(encoder: str, voxel_mm: int, batch: int, threads: int) -> None:
    """Print the peak of this process, in MiB."""
    import training  # with PyTorch, which the process that compares has no need of
    from generated_maps import make_cohort
    from losses import resident_peak

    from contrage.learning.machine.device import repeatable

    sys.argv = ["training.py", "--device", "cpu", "--batch", str(batch), "--train", str(batch)]
    options = training.read_options()
    cohort = make_cohort(batch, voxel_mm)
    with repeatable(0, training.choose("cpu"), threads):
        ours = training.loop(
            "contrage", cohort, training.settings_of(options, encoder, 0, 2), options
        )
        for number in range(2):
            ours.epoch(number)
    print((resident_peak() - cohort.images.nbytes) / 2**20)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--encoders", nargs="+", default=["small", "resnet18", "sfcn"])
    parser.add_argument("--grids", type=int, nargs="+", default=[4, 2], choices=(2, 4, 8))
    parser.add_argument("--batches", type=int, nargs="+", default=[4, 16])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        alone(options.alone, options.grids[0], options.batches[0], options.threads)
        return
    from generated_maps import GRIDS, TEST

    print("| encoder | grid [mm] | batch | peak [MiB] | asked for [MiB] | asked / peak |")
    print("|---|---:|---:|---:|---:|---:|")
    for encoder in options.encoders:
        for voxel_mm in options.grids:
            for batch in options.batches:
                peak = peak_mb(encoder, voxel_mm, batch, options.threads)
                seen = (1, *GRIDS[voxel_mm])
                asked = training_mb(encoder, seen, batch, batch + TEST)
                line = (encoder, voxel_mm, batch, f"{peak:.0f}", asked, f"{asked / peak:.2f}")
                print(f"| {' | '.join(map(str, line))} |", flush=True)


if __name__ == "__main__":
    main()

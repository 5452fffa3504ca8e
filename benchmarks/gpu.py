"""Whether a GPU trains as the CPU does, and how fast: one command for whoever has one.

    python benchmarks/gpu.py              # on a GPU; about half an hour
    python benchmarks/gpu.py --small      # the same at toy size, also without a GPU

Checked, on generated maps: a training on the device reaches the CPU's error (within what seeds
differ by); with `deterministic` two trainings have the same bits; one that is interrupted halfway
and resumed from its checkpoint ends with the bits of one that is not; and two GPUs, if there are
two, learn what one does. Measured: samples per second beside the plain loop, the seconds of one
training of the paper (ResNet-18, 91×109×91, 249 maps, 50 epochs, batch 32) and of 40 one after
another, peak memory, and the share of what products of matrices reach in the same numbers.

Written are gpu.json and gpu.md, a table for docs/performance.md. The exit status is 1 where a check
fails; a goal that is missed is said, and no failure. Where there is no CUDA device the table says
so: its numbers are then the CPU's and good for nothing but to see that the command runs.
"""

from __future__ import annotations

import argparse
import io
import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import training
from generated_maps import Cohort, make_cohort

from contrage.learning.machine.device import choose, repeatable
from contrage.learning.train import train

PAPER = {"encoder": "resnet18", "voxel_mm": 2, "train": 249, "batch": 32, "epochs": 50}
SMALL = {"encoder": "small", "voxel_mm": 8, "train": 16, "batch": 8, "epochs": 2}
GOALS = {"times_plain": 8.0, "one_training_s": 30.0, "forty_trainings_s": 900.0, "of_peak": 0.35}
"""On an H200; of seconds the most, else the least."""
TRAININGS = 40
ROUNDING = 1e-3
"""Of the largest feature, by which those of one and of two processes may differ."""
FLOOR_YEARS = 0.25
"""Errors that differ by less are the same, however alike the seeds are."""


def options_of(scale: dict[str, Any], device: str, seeds: int) -> argparse.Namespace:
    """Return what the functions of benchmarks/training.py are asked."""
    precision = "auto" if device == "cuda" else "float32"
    return argparse.Namespace(
        voxel_mm=scale["voxel_mm"], train=scale["train"], batch=scale["batch"], passes=3,
        device=device, precision=precision, threads=2, workers=0, compile=False, seeds=seeds,
        mae_epochs=max(2, scale["epochs"] // 3),
    )  # fmt: skip


def errors(cohort: Cohort, encoder: str, options: argparse.Namespace) -> list[float]:
    """Return the mean absolute error, in years, of each seed."""
    found = []
    for seed in range(options.seeds):
        with repeatable(seed, choose(options.device), options.threads):
            found.append(training.error("contrage", cohort, encoder, seed, options))
    return found


def alike(one: list[float], other: list[float]) -> bool:
    """Return whether two means differ by no more than twice what seeds differ by."""
    spread = np.hypot(np.std(one), np.std(other))
    return bool(abs(np.mean(one) - np.mean(other)) <= max(FLOOR_YEARS, 2 * spread))


def weights(
    cohort: Cohort, encoder: str, options: argparse.Namespace, epochs: int, stop: int | None = None
) -> dict[str, torch.Tensor]:
    """Train with `deterministic`, and through a checkpoint after `stop` epochs if that is asked."""

    def begin() -> training.OurLoop:
        settings = training.settings_of(options, encoder, 0, epochs)
        exact = replace(settings.training, deterministic=True)
        return training.loop("contrage", cohort, replace(settings, training=exact), options)

    with repeatable(0, choose(options.device), options.threads, deterministic=True):
        ours = begin()
        for number in range(epochs):
            if number == stop:
                file = io.BytesIO()
                torch.save(ours.state.content(), file)
                file.seek(0)
                ours = begin()
                ours.state.restore(torch.load(file, weights_only=True))
            ours.epoch(number)
    return {name: value.cpu() for name, value in ours.state.evaluated.state_dict().items()}


def same_bits(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(value, other[name]) for name, value in one.items())


def features_of(
    folder: Path, cohort: Cohort, options: argparse.Namespace, processes: int
) -> np.ndarray:
    """Return the features (N, width) of a training that some processes share, a device each."""
    count, names = cohort.train, [f"sub-{number}" for number in range(len(cohort.ages))]
    np.save(folder / "images.npy", cohort.images[:, None])
    lines = [f"{name}\t{name}\t{age}\tn/a\t{row}" for row, (name, age) in
             enumerate(zip(names, cohort.ages, strict=True))]  # fmt: skip
    head = "scan_id\tparticipant_id\tage\tsite\trow"
    (folder / "scans.tsv").write_text("\n".join([head, *lines]) + "\n")
    ages = cohort.ages[:count]
    fold = {
        "fold": 0, "train": names[:count], "test": names[count:], "train_rows": [*range(count)],
        "mean": [cohort.mean], "sd": [cohort.sd],
        "age_mean": float(ages.mean()), "age_sd": float(ages.std()),
    }  # fmt: skip
    (folder / "split.json").write_text(json.dumps({"folds": [fold]}))
    settings = training.settings_of(options, "small", 0, 2)
    asked = {"device": options.device, "precision": "float32", "gpus_per_job": processes}
    own = replace(settings, training=replace(settings.training, deterministic=True, **asked))
    outputs = {name: folder / f"{name}-{processes}" for name in ("model", "curve", "resume")}
    inputs = {"array": folder / "images.npy", "scans": folder / "scans.tsv"}
    files = {**inputs, "split": folder / "split.json", "features": folder / f"{processes}.npz"}
    train(own, fold=0, **files, **outputs)
    with np.load(files["features"]) as found:
        return found["features"]


def shared_alike(cohort: Cohort, options: argparse.Namespace) -> bool | None:
    """Return whether two GPUs learn what one does, to rounding; None where there is one alone."""
    if options.device == "cuda" and torch.cuda.device_count() < 2:
        return None
    with tempfile.TemporaryDirectory() as folder:
        one, two = (features_of(Path(folder), cohort, options, number) for number in (1, 2))
    return bool(np.abs(one - two).max() <= ROUNDING * np.abs(one).max())


def seconds_of_training(
    cohort: Cohort, scale: dict[str, Any], options: argparse.Namespace
) -> float:
    """Return the seconds of one training, from images in memory to trained weights."""
    settings = training.settings_of(options, scale["encoder"], 0, scale["epochs"])
    device = choose(options.device)
    training.wait(device)
    began = time.perf_counter()
    with repeatable(0, device, options.threads):
        ours = training.loop("contrage", cohort, settings, options)
        for number in range(scale["epochs"]):
            ours.epoch(number)
        training.wait(device)
    return time.perf_counter() - began


def checks(scale: dict[str, Any], options: argparse.Namespace, say: Callable[[str], None]) -> dict:
    """Return each check's verdict, and the errors that one rests on."""
    encoder = "small"
    maps = options_of(
        {**scale, "voxel_mm": max(4, scale["voxel_mm"])}, options.device, options.seeds
    )
    cohort, found = make_cohort(maps.train, maps.voxel_mm), {}
    say("the error on the CPU and on the device")
    on_cpu = argparse.Namespace(**{**vars(maps), "device": "cpu", "precision": "float32"})
    found["mae_cpu"] = errors(cohort, encoder, on_cpu)
    found["mae_device"] = errors(cohort, encoder, maps)
    found["same_error"] = alike(found["mae_cpu"], found["mae_device"])
    say("bits, twice and through a checkpoint")
    whole = weights(cohort, encoder, maps, 2)
    found["same_bits"] = same_bits(whole, weights(cohort, encoder, maps, 2))
    found["same_bits_resumed"] = same_bits(whole, weights(cohort, encoder, maps, 2, stop=1))
    say("two processes that share a training")
    found["two_devices_alike"] = shared_alike(cohort, maps)
    return found


def measures(
    scale: dict[str, Any], options: argparse.Namespace, say: Callable[[str], None]
) -> dict:
    """Return speed, time, memory and arithmetic at a scale."""
    cohort, device = make_cohort(scale["train"], scale["voxel_mm"]), choose(options.device)
    say("one training")
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    one = seconds_of_training(cohort, scale, options)
    memory = torch.cuda.max_memory_allocated() if device.type == "cuda" else None
    say("samples per second beside the plain loop")
    with repeatable(0, device, options.threads):
        found = training.speed(cohort, scale["encoder"], options)
        operations, peak = training.arithmetic(scale["encoder"], options)
    return {
        "samples_per_s": found["contrage"],
        "samples_per_s_plain": found["plain"],
        "times_plain": found["ratio"],
        "one_training_s": one,
        "forty_trainings_s": TRAININGS * one,
        "peak_memory_gb": memory and memory / 1e9,
        "of_peak": found["contrage"] * operations / peak,
        "matrix_tflops": peak / 1e12,
    }


def device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"no CUDA device (CPU: {platform.machine()})"


def markdown(found: dict[str, Any]) -> str:
    """Lay checks and measures out for docs/performance.md."""
    lines = [
        f"{found['device']}, PyTorch {found['torch']}",
        "",
        "| what | found | goal |",
        "|---|---|---|",
    ]
    for name, value in found["checks"].items():
        if value is None:
            lines.append(f"| {name} | not checked | yes |")
        elif isinstance(value, bool):
            lines.append(f"| {name} | {'yes' if value else 'NO'} | yes |")
        else:
            lines.append(f"| {name} | {np.mean(value):.2f} ± {np.std(value):.2f} years | |")
    for name, value in found["measured"].items():
        goal = GOALS.get(name)
        bound = "" if goal is None else f"{'≤' if name.endswith('_s') else '≥'} {goal:g}"
        lines.append(
            f"| {name} | {'not measured' if value is None else f'{value:.3g}'} | {bound} |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--small", action="store_true", help="toy size, to see that it runs")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks/gpu"))
    asked = parser.parse_args()
    device = choose("auto")
    if device.type != "cuda":
        print("no CUDA device: the numbers are the CPU's", file=sys.stderr)
        if not asked.small:
            print("the paper's scale takes hours on a CPU; ask for --small", file=sys.stderr)
            return 2
    scale = SMALL if asked.small else PAPER
    options = options_of(scale, device.type, asked.seeds)

    def say(text: str) -> None:
        print(f"gpu.py: {text}", file=sys.stderr, flush=True)

    found = {
        "device": device_name(device),
        "torch": torch.__version__,
        "scale": scale,
        "checks": checks(scale, options, say),
        "measured": measures(scale, options, say),
    }
    asked.output.mkdir(parents=True, exist_ok=True)
    (asked.output / "gpu.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (asked.output / "gpu.md").write_text(markdown(found), encoding="utf-8")
    print(markdown(found))
    return int(not all(each for each in found["checks"].values() if isinstance(each, bool)))


if __name__ == "__main__":
    sys.exit(main())

"""contrage's training loop against a plain one: samples per second, memory, arithmetic, error.

    python benchmarks/training.py                          # small and resnet18 at 4 mm
    python benchmarks/training.py --voxel-mm 2 --encoders resnet18 --train 249   # the paper's scale
    … [--precision bfloat16] [--threads 2] [--mae-epochs 15] [--together 4] [--profile]

Both loops get the same generated maps, network, initial weights, loss (exp), batch size and number
of threads. They take turns, one pass each, so that what else the machine does falls on both; the
table has the median of the passes and the range of the ratio of neighbours. The plain loop is
benchmarks/plain_loop.py.

Memory is the most that a process of its own held: on a GPU as its allocator counts, else resident.
Arithmetic: floating-point operations of one pass through the network and back, counted by PyTorch,
by what a product of large matrices reaches on the same device, threads and numbers at that time.
Then both loops train for some epochs from the same three seeds, and a ridge probe reads the ages
off the features of test scans: a faster way to another error is not faster.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from generated_maps import GRIDS, Cohort, make_cohort, z_scores
from plain_loop import PlainLoop, TwoViews
from settings_of_run import with_defaults
from sklearn.linear_model import RidgeCV
from torch.utils.flop_counter import FlopCounterMode

from contrage import modalities
from contrage.learning.embed import extract
from contrage.learning.folds import Scans
from contrage.learning.images import OnDevice
from contrage.learning.loop.epoch import EpochInputs, prepare, run_epoch
from contrage.learning.loop.state import State, load_loss, start
from contrage.learning.machine import precision
from contrage.learning.machine.device import choose, repeatable
from contrage.learning.machine.processes import ALONE
from contrage.learning.model import Model
from contrage.settings.blocks.training import OneTrainingSettings
from contrage.settings.build import fields_of
from contrage.settings.steps.learning import TrainStep
from contrage.settings.steps.scores import ScoresSettings

HEAD = [512, 128]


def settings_of(options: argparse.Namespace, encoder: str, seed: int, epochs: int) -> TrainStep:
    whole = with_defaults(
        training={
            "encoder": encoder,
            "head": HEAD,
            "epochs": epochs,
            "batch_size": options.batch,
            "learning_rate": 1e-4,
            "compile": options.compile,
        }
    )
    training = {name: getattr(whole.training, name) for name in fields_of(OneTrainingSettings)}
    return TrainStep(
        row="exp",
        seed=seed,
        cohort=whole.cohort.name,
        target=whole.target.learned,
        loss={"loss": "exp"},
        training=OneTrainingSettings(**training),
        dataset=ScoresSettings(modalities.load("stiffness").form, "train", "own"),
        snapshot_epochs=(),
        probe=None,
        bin_width=None,
        permute_labels=False,
    )


class OurLoop:
    """contrage's loop on the cohort."""

    def __init__(self, cohort: Cohort, settings: TrainStep, numbers: precision.Precision) -> None:
        part = {"age_mean": cohort.ages[: cohort.train].mean(), "age_sd": 20.0}
        shape = cohort.images.shape[1:]
        torch.manual_seed(settings.seed)
        self.state: State = start(settings, part, cohort.ages[: cohort.train], numbers, shape)
        rows = np.arange(len(cohort.images))
        self.images = OnDevice(
            lambda some: z_scores(cohort, some), rows, numbers.device, numbers.storage
        )
        count = cohort.train
        names, unknown = tuple(map(str, range(count))), (None,) * count
        scans = Scans(names, names, unknown, unknown, cohort.ages[:count], rows[:count])
        self.inputs: EpochInputs = prepare(
            self.state, settings, self.images, scans, rows[:count], numbers, ALONE
        )

    def epoch(self, number: int) -> float:
        """Go through the data once; return the mean loss."""
        run_epoch(self.state, self.inputs)
        return self.state.curve[-1][1]


def loop(kind: str, cohort: Cohort, settings: TrainStep, options: argparse.Namespace) -> Any:
    """Return one of the two loops; both start from the same weights."""
    device = choose(options.device)
    if kind == "contrage":
        return OurLoop(cohort, settings, precision.choose(options.precision, device))
    precision.choose("float32", device)
    torch.manual_seed(settings.seed)
    training = settings.training
    model = Model(training.encoder, cohort.images.shape[1:], HEAD, unit=True)
    loss = load_loss(settings.loss, training.epochs)
    count = cohort.train
    data = TwoViews(cohort.images[:count], cohort.ages[:count], cohort.mean, cohort.sd)
    return PlainLoop(
        model, loss, data, options.batch, training.learning_rate, device, options.workers
    )


def speed(cohort: Cohort, encoder: str, options: argparse.Namespace) -> dict[str, float]:
    """Return samples per second of both loops, taking turns, and their ratio."""
    settings = settings_of(options, encoder, 0, options.passes + 1)
    loops = {kind: loop(kind, cohort, settings, options) for kind in ("plain", "contrage")}
    seconds: dict[str, list[float]] = {kind: [] for kind in loops}
    for number in range(options.passes + 1):
        for kind, each in loops.items():
            began = time.perf_counter()
            each.epoch(number)
            if number:  # the first pass warms up
                seconds[kind].append(time.perf_counter() - began)
    ratios = [a / b for a, b in zip(seconds["plain"], seconds["contrage"], strict=True)]
    samples = cohort.train // options.batch * options.batch
    return {
        **{kind: samples / median(times) for kind, times in seconds.items()},
        "ratio": median(ratios),
        "least": min(ratios),
        "most": max(ratios),
    }


def arithmetic(encoder: str, options: argparse.Namespace) -> tuple[float, float]:
    """Return operations per sample, and what large products of matrices reach per second."""
    device = choose(options.device)
    numbers = precision.choose(options.precision, device)
    model = Model(encoder, GRIDS[options.voxel_mm], HEAD, unit=True).to(device)
    images = torch.zeros(4, 1, *GRIDS[options.voxel_mm], device=device)
    with FlopCounterMode(display=False) as counter:
        model(images).sum().backward()
    size = 8192 if device.type == "cuda" else 2048
    dtype = precision.HALVES.get(numbers.name, torch.float32)
    left = torch.randn(size, size, device=device, dtype=dtype)
    times = []
    for _ in range(5):
        wait(device)
        began = time.perf_counter()
        left @ left
        wait(device)
        times.append(time.perf_counter() - began)
    return counter.get_total_flops() / len(images), 2 * size**3 / min(times)


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def error(kind: str, cohort: Cohort, encoder: str, seed: int, options: argparse.Namespace) -> float:
    """Return the mean absolute error, in years, of a ridge probe after some epochs."""
    settings = settings_of(options, encoder, seed, options.mae_epochs)
    trained = loop(kind, cohort, settings, options)
    for number in range(options.mae_epochs):
        trained.epoch(number)
    model = trained.model if kind == "plain" else trained.state.evaluated
    device = next(model.parameters()).device
    rows = np.arange(len(cohort.images))
    images = OnDevice(lambda some: z_scores(cohort, some), rows, device, torch.float32)
    features = extract(model, images, rows, options.batch).numpy()
    count, probe = cohort.train, RidgeCV(alphas=[0.01, 0.1, 1, 10, 100])
    predicted = probe.fit(features[:count], cohort.ages[:count]).predict(features[count:])
    return float(np.abs(predicted - cohort.ages[count:]).mean())


def alone(kind: str, encoder: str, options: argparse.Namespace) -> None:
    """Print the most memory, in bytes, that two passes of one loop take in this process."""
    cohort = make_cohort(options.train, options.voxel_mm)
    each = loop(kind, cohort, settings_of(options, encoder, 0, 2), options)
    for number in range(2):
        each.epoch(number)
    if torch.cuda.is_available() and options.device != "cpu":
        print(torch.cuda.max_memory_allocated())
    else:
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def again(options: argparse.Namespace, *more: str, count: int = 1) -> list[str]:
    """Run this script once more, `count` times at once; return what each printed."""
    common = ("voxel_mm", "train", "batch", "device", "precision", "threads", "workers", "passes")
    options_of = [(f"--{name.replace('_', '-')}", str(getattr(options, name))) for name in common]
    words = [word for pair in options_of for word in pair]
    command = [sys.executable, str(Path(__file__).resolve()), *words, *more]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    return [each.communicate()[0].strip() for each in running]


def profile(cohort: Cohort, encoder: str, options: argparse.Namespace) -> None:
    """Print where the time of a pass goes."""
    ours = loop("contrage", cohort, settings_of(options, encoder, 0, 2), options)
    ours.epoch(0)
    on_gpu = choose(options.device).type == "cuda"
    with torch.profiler.profile() as found:
        ours.epoch(1)
    key = "self_device_time_total" if on_gpu else "self_cpu_time_total"
    print(found.key_averages().table(sort_by=key, row_limit=15, max_name_column_width=50))


def report(encoder: str, options: argparse.Namespace) -> None:
    """Print the table for one encoder."""
    print("| encoder | loop | samples/s | memory [GB] | of matrix peak | MAE [years] |")
    print("|---|---|---|---|---|---|")
    cohort = make_cohort(options.train, options.voxel_mm)
    found = speed(cohort, encoder, options)
    operations, peak = arithmetic(encoder, options)
    for kind in ("plain", "contrage"):
        memory = int(again(options, "--alone", kind, "--encoders", encoder)[0]) / 1e9
        share = found[kind] * operations / peak * (2 if kind == "plain" else 1)
        errors = [error(kind, cohort, encoder, seed, options) for seed in range(options.seeds)]
        mae = f"{np.mean(errors):.2f} ± {np.std(errors):.2f}" if errors else ""
        print(f"| {encoder} | {kind} | {found[kind]:.1f} | {memory:.2f} | {share:.0%} | {mae} |")
    print(
        f"\n{encoder}: {found['ratio']:.2f} times the plain loop's samples per second "
        f"({found['least']:.2f} to {found['most']:.2f} in neighbouring passes); "
        f"{operations / 1e9:.2f} GFLOP per sample, matrices reach {peak / 1e12:.2f} TFLOP/s\n"
    )
    if options.together > 1:
        rates = again(options, "--rate", "--encoders", encoder, count=options.together)
        total = sum(map(float, rates))
        print(f"{options.together} trainings at once: {total:.1f} samples per second in all\n")


def rate(encoder: str, options: argparse.Namespace) -> None:
    """Print the samples per second of contrage's loop in this process."""
    cohort = make_cohort(options.train, options.voxel_mm)
    settings = settings_of(options, encoder, 0, options.passes + 1)
    ours = loop("contrage", cohort, settings, options)
    ours.epoch(0)
    began = time.perf_counter()
    for number in range(options.passes):
        ours.epoch(number)
    print(options.passes * options.train / (time.perf_counter() - began))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--encoders", nargs="+", default=["small", "resnet18"])
    parser.add_argument("--voxel-mm", type=int, choices=GRIDS, default=4)
    parser.add_argument("--train", type=int, default=128, help="training maps")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=0, help="of the plain loop's DataLoader")
    parser.add_argument("--mae-epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--together", type=int, default=1, help="trainings at once, as on a GPU")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--alone", choices=("plain", "contrage"), help=argparse.SUPPRESS)
    parser.add_argument("--rate", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    options = read_options()
    with repeatable(0, choose(options.device), options.threads):
        for encoder in options.encoders:
            if options.alone:
                alone(options.alone, encoder, options)
            elif options.rate:
                rate(encoder, options)
            elif options.profile:
                profile(make_cohort(options.train, options.voxel_mm), encoder, options)
            else:
                report(encoder, options)


if __name__ == "__main__":
    main()

"""Time and memory of every loss against its formula written naively.

    python benchmarks/losses.py [--sizes 64 256 1024 2048 4096] [--losses yaware rnc …] [--quick]

Measured is one forward and backward pass on one thread, float32, ages from 18 to 90 with one
decimal. A size N is the number of anchors, batch * views, which is what the (N, N) matrices of the
formulas have; the table names the samples (batch) as well. Before that, value and gradient of both
versions are compared in float64, so that equals are timed.

Every measurement has a process of its own. Time: of the processor, which on one thread is what a
clock would show if the machine did nothing else; median and minimum of the repeats, after one call
to warm up. Memory: the peak of resident memory (VmHWM) less what was resident before the call, with
the libraries loaded and a call on eight anchors behind it. The limits at the end are held against
the minimum: what else the machine does only ever adds to it, through the caches.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import psutil
import torch
from naive_losses import NAIVE, bytes_needed
from torch import Tensor, nn

from contrage.losses import available, load

if TYPE_CHECKING:
    import pandas as pd

SIZES = (64, 256, 1024, 2048, 4096)
LIMITS = {"seconds": 1.0, "megabytes": 1000.0, "growth": 20.0}
ENOUGH = 10.0  # seconds after which a measurement is not repeated
Call = Callable[[Tensor, Tensor], Tensor]


def call(name: str, naive: bool, epoch: int) -> tuple[nn.Module, Call]:
    """Return the loss, and it or its naive version as a function of embeddings and ages."""
    loss = load(name)
    if naive:
        return loss, lambda embeddings, ages: NAIVE[name](loss, embeddings, ages, epoch)
    return loss, lambda embeddings, ages: loss(embeddings, ages, epoch=epoch)


def batch_for(
    loss: nn.Module, samples: int, views: int, features: int, dtype: torch.dtype = torch.float32
) -> tuple[Tensor, Tensor]:
    """Make embeddings (samples, views, features) as the loss wants them, and ages (samples,)."""
    generator = torch.Generator().manual_seed(samples)
    features = 1 if getattr(loss, "needs_prediction", False) else features
    embeddings = torch.randn(samples, views, features, generator=generator, dtype=dtype)
    if getattr(loss, "unit_embeddings", False):
        embeddings = embeddings / embeddings.norm(dim=-1, keepdim=True)
    if getattr(loss, "target_kinds", ()) == ("binary",):
        return embeddings, torch.arange(samples, dtype=torch.float64) % 2
    ages = 18 + 72 * torch.rand(samples, generator=generator, dtype=torch.float64)
    return embeddings, ages.round(decimals=1)


def forward_backward(function: Call, embeddings: Tensor, ages: Tensor) -> tuple[float, Tensor]:
    leaf = embeddings.clone().requires_grad_()
    value = function(leaf, ages)
    value.backward()
    return value.item(), leaf.grad


def assert_agreement(name: str, views: int = 2, epoch: int = 25) -> None:
    """Raise AssertionError unless a loss and its naive version agree in value and gradient."""
    loss, _ = call(name, False, epoch)
    embeddings, ages = batch_for(loss, 20, views, 8, torch.float64)
    ages[3], ages[4] = ages[7], ages[5] + 0.1
    results = [
        forward_backward(call(name, naive, epoch)[1], embeddings, ages) for naive in (False, True)
    ]
    (value, gradient), (wanted, wanted_gradient) = results
    assert math.isclose(value, wanted, rel_tol=1e-9), f"{name}: {value}, naively {wanted}"
    error = (gradient - wanted_gradient).abs().max() / wanted_gradient.abs().max()
    assert error < 1e-9, f"{name}: gradients differ by {error:.1e}"


def resident_peak() -> float:
    """Return the most bytes that this process has ever held."""
    status = Path("/proc/self/status")
    if status.exists():  # there, ru_maxrss would include what the parent process held
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return 1024 * float(lines["VmHWM"].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )


def measure(job: dict[str, Any]) -> dict[str, float]:
    """Time one loss at one size, in this process."""
    torch.set_num_threads(1)
    loss, function = call(job["loss"], job["naive"], job["epoch"])
    views, features = job["views"], job["features"]
    batch = batch_for(loss, job["anchors"] // views, views, features)
    forward_backward(function, *batch_for(loss, 8 // views or 1, views, features))
    before = psutil.Process().memory_info().rss
    seconds = []
    for _ in range(1 + job["repeats"]):
        began = time.process_time()
        forward_backward(function, *batch)
        seconds.append(time.process_time() - began)
        if sum(seconds) > ENOUGH:
            break
    peak = max(0.0, resident_peak() - before) / 1e6
    seconds = seconds[1:] or seconds  # the first was to warm up
    return {"median": median(seconds), "min": min(seconds), "peak": peak}


def measure_apart(job: dict[str, Any], budget_gb: float, budget_s: float) -> dict[str, Any]:
    """Time one loss at one size in a process of its own; a note says why there are no numbers."""
    if job["naive"]:
        if job["loss"] not in NAIVE:
            return {"note": "none written"}
        needed = bytes_needed(job["loss"], job["anchors"], job["features"]) / 1e9
        if needed > budget_gb:
            return {"note": f"skipped: needs {needed:.0f} GB"}
    command = [sys.executable, str(Path(__file__).resolve()), "--job", json.dumps(job)]
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=budget_s)
    except subprocess.TimeoutExpired:
        return {"note": f"stopped after {budget_s:.0f} s"}
    return json.loads(done.stdout.splitlines()[-1])


def table_of(options: argparse.Namespace) -> pd.DataFrame:
    """Measure everything; one row per loss and size."""
    import pandas as pd  # not in the processes that measure, which have no need of it

    rows = []
    for name in options.losses:
        for anchors in options.sizes:
            samples = max(1, anchors // options.views)
            row = {"loss": name, "anchors": samples * options.views, "samples": samples}
            for prefix, naive in (("", False), ("naive_", True)):
                job = {
                    "loss": name, "naive": naive, "anchors": row["anchors"],
                    "views": options.views, "features": options.features,
                    "epoch": options.epoch, "repeats": options.repeats,
                }  # fmt: skip
                found = measure_apart(job, options.naive_gb, options.seconds)
                row[f"{prefix}seconds_median"] = found.get("median")
                row[f"{prefix}seconds_min"] = found.get("min")
                row[f"{prefix}peak_mb"] = found.get("peak")
                row[f"{prefix}note"] = found.get("note", "")
            print(f"{name} {row['anchors']}: {row['seconds_min']} s", file=sys.stderr, flush=True)
            rows.append(row)
    table = pd.DataFrame(rows)
    numbers = [c for c in table if c.endswith(("_median", "_min", "_mb"))]
    table[numbers] = table[numbers].astype(float)
    table.insert(5, "ratio", table["naive_seconds_min"] / table["seconds_min"])
    return table


def growth(table: pd.DataFrame, name: str, small: int = 1024, large: int = 4096) -> float:
    """How many times longer the larger size takes; NaN where one was not measured."""
    times = table[table["loss"] == name].set_index("anchors")["seconds_min"]
    return times.get(large, math.nan) / times.get(small, math.nan)


def _ms(middle: float, least: float, note: str) -> str:
    return note if math.isnan(least) else f"{1000 * middle:.3g} ({1000 * least:.3g})"


def markdown(table: pd.DataFrame) -> str:
    """Lay the table out for people."""
    head = (
        "loss", "N anchors", "samples", "time, ms: median (min)", "naive, ms", "naive / contrage",
        "peak MB", "naive peak MB", "time 1024 → 4096",
    )  # fmt: skip
    lines = [head, ("---",) + ("---:",) * (len(head) - 1)]
    for row in table.itertuples():
        times = growth(table, row.loss) if row.anchors == 4096 else math.nan
        numbers = [
            f"{row.ratio:.1f}", f"{row.peak_mb:.0f}", f"{row.naive_peak_mb:.0f}", f"× {times:.1f}",
        ]  # fmt: skip
        ratio, *peaks, times_text = ("" if "nan" in number else number for number in numbers)
        lines.append((
            row.loss, str(row.anchors), str(row.samples),
            _ms(row.seconds_median, row.seconds_min, row.note),
            _ms(row.naive_seconds_median, row.naive_seconds_min, row.naive_note),
            ratio, *peaks, times_text,
        ))  # fmt: skip
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def verdicts(table: pd.DataFrame) -> Iterable[str]:
    """Say for each loss whether the limits hold: at 1024 anchors, at 1024 samples, and growth."""
    for name in table["loss"].unique():
        own = table[table["loss"] == name]
        said, held = [], True
        for column in ("anchors", "samples"):
            for row in own[own[column] == 1024].itertuples():
                held &= row.seconds_min <= LIMITS["seconds"] and row.peak_mb <= LIMITS["megabytes"]
                said.append(f"1024 {column} {row.seconds_min:.3f} s {row.peak_mb:.0f} MB")
        if {1024, 4096} <= set(own["anchors"]):  # NaN, as when one was stopped, does not hold
            times = growth(table, name)
            held &= times <= LIMITS["growth"]
            said.append(f"growth × {times:.1f}")
        if said:
            yield f"{'holds' if held else 'EXCEEDED':<9} {name:<10} {', '.join(said)}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of anchors")
    parser.add_argument("--losses", nargs="+", default=available(), choices=available())
    parser.add_argument("--views", type=int, default=2)
    parser.add_argument("--features", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--epoch", type=int, default=25, help="dynlocrep repels half of all then")
    parser.add_argument(
        "--naive-gb", type=float, default=4, help="naive versions above are skipped"
    )
    parser.add_argument("--seconds", type=float, default=300, help="longest measurement")
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks/losses"))
    parser.add_argument("--quick", action="store_true", help="two repeats, at most 1024 anchors")
    parser.add_argument("--job", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        print(json.dumps(measure(options.job)))
        return
    if options.quick:
        options.repeats = 2
        options.sizes = [size for size in options.sizes if size <= 1024]
    for name in set(options.losses) & set(NAIVE):
        assert_agreement(name, options.views, options.epoch)
    table = table_of(options)
    options.output.mkdir(parents=True, exist_ok=True)
    table.to_csv(options.output / "losses.tsv", sep="\t", index=False, float_format="%.6g")
    from losses_figure import draw

    draw(table, options.output, LIMITS)
    text = markdown(table)
    (options.output / "losses.md").write_text(text + "\n")
    print(text, *verdicts(table), sep="\n")


if __name__ == "__main__":
    main()

"""Time, memory and accuracy of preprocessing, per step and scan, beside plain ANTs.

    python benchmarks/imaging.py [--participants 3] [--voxel-mm 2 1] [--quality testing precise]

Generates phantom participants (a T1 head of each voxel size, a stiffness map of 2 mm), and
preprocesses each in a process of its own: one process at a time, then two. contrage keeps ITK to
one thread, so that results repeat to the bit; two cores are used by two scans. Beside it the
lines that a user would write: `ants.registration(…, "Affine")` of the head to nilearn's template
and the template's mask carried back, with one thread of ITK and with two.

Prints, per step, seconds of CPU and the peak of memory; per scan also wall time, scans per hour,
Dice of the brain mask and mean error of the affine over the brain against the phantom's truth:
median and worst participant.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
from one_scan import configuration, preprocess

MAP_MM = (2.0, 2.0, 2.2)
SHAPE = (1.0, 1.05, 1.15)  # of the T1's voxels: unequal, as scanners have them
PLAIN = "plain ANTs"


def make_phantoms(folder: Path, participants: int, voxel_mm: float) -> list[Path]:
    """Write phantom participants of all ages; returns their folders."""
    from settings_of_run import with_defaults

    from contrage.cohort.phantom.heads.participant import make_participant
    from contrage.settings.blocks.phantom import PhantomScanSettings

    folders = []
    for index in range(participants):
        scan = folder / f"{voxel_mm:g}mm-{index}"
        names = ("anatomical", "stiffness", "brain_mask", "bias_field", "coverage")
        phantom = {
            "participants": max(10, participants),
            "t1_voxel_mm": [voxel_mm * edge for edge in SHAPE],
            "stiffness_voxel_mm": MAP_MM,
        }
        make_participant(
            PhantomScanSettings(index, with_defaults(cohort={"phantom": phantom}).cohort.phantom),
            **{name: scan / f"{name}.nii.gz" for name in names},
            transform=scan / "transform.json",
            truth=scan / "truth.json",
        )
        folders.append(scan)
    return folders


def peak_mb() -> float:
    """Return the largest resident memory since the last reset, MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return float(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def measured(steps: dict[str, tuple[float, float]], name: str) -> Iterator[None]:
    """Note CPU seconds and the peak of memory of a step."""
    reset = Path("/proc/self/clear_refs")
    if reset.exists():
        reset.write_text("5")
    start = time.process_time()
    yield
    before, peak = steps.get(name, (0.0, 0.0))
    steps[name] = (before + time.process_time() - start, max(peak, peak_mb()))


def errors(scan: Path, mask: Path, affine: np.ndarray) -> dict[str, float]:
    """Compare a mask and an affine with the phantom's truth."""
    from contrage.files import read_json
    from contrage.imaging.images import grid_points, load, transform_points
    from contrage.imaging.masks import dice

    known = load(scan / "brain_mask.nii.gz")
    inside = known.array > 0.5
    points = grid_points(known, inside)[::11]
    true = transform_points(np.array(read_json(scan / "transform.json")["affine"]), points)
    found = transform_points(affine, points)
    return {
        "dice": dice(load(mask).array > 0.5, inside),
        "error_mm": float(np.linalg.norm(true - found, axis=1).mean()),
    }


def by_contrage(scan: Path, quality: str, folder: Path) -> dict[str, Any]:
    """Check and preprocess a scan as the workflow does, step by step."""
    from contrage.imaging.affines import read_affine
    from contrage.imaging.scan import ScanInStep

    steps: dict[str, tuple[float, float]] = {}
    original = ScanInStep.step

    @contextmanager
    def step(self: ScanInStep, name: str, settings: dict) -> Iterator[Any]:
        with measured(steps, name), original(self, name, settings) as noted:
            yield noted

    ScanInStep.step = step
    images = {name: scan / f"{name}.nii.gz" for name in ("anatomical", "stiffness")}
    made = preprocess(configuration(quality=quality), images, folder)
    found = errors(scan, made["brain_mask"], read_affine(made["transform"]))
    return {"steps": steps, **found}


def by_plain_ants(scan: Path, folder: Path) -> dict[str, Any]:
    """Register the head to nilearn's template, as a user would write it."""
    import ants

    from contrage.imaging.affines import read_affine
    from contrage.imaging.template.grids import template_path

    steps: dict[str, tuple[float, float]] = {}
    fixed, moving = (
        ants.image_read(str(template_path())),
        ants.image_read(str(scan / "anatomical.nii.gz")),
    )
    with measured(steps, "registration"):
        result = ants.registration(
            fixed, moving, type_of_transform="Affine", outprefix=f"{folder}/out"
        )
    with measured(steps, "mask"):
        mask = ants.apply_transforms(
            moving,
            ants.get_mask(fixed),
            result["invtransforms"],
            interpolator="nearestNeighbor",
            whichtoinvert=[True],
        )
        ants.image_write(mask, str(folder / "mask.nii.gz"))
    affine = read_affine(Path(result["fwdtransforms"][0]))
    return {"steps": steps, **errors(scan, folder / "mask.nii.gz", affine)}


def worker(scan: Path, kind: str) -> None:
    """Do one scan and print what was measured as JSON."""
    with tempfile.TemporaryDirectory(prefix="contrage-") as temporary:
        folder = Path(temporary)
        plain = kind == PLAIN
        record = by_plain_ants(scan, folder) if plain else by_contrage(scan, kind, folder)
    used = resource.getrusage(resource.RUSAGE_SELF)
    record["cpu"] = used.ru_utime + used.ru_stime
    print(json.dumps(record))


def run(scan: Path, kind: str, threads: int) -> dict[str, Any]:
    """Run a worker in a process of its own; wall seconds include the start of Python."""
    start = time.perf_counter()
    command = [sys.executable, __file__, "--scan", str(scan), "--kind", kind]
    environment = {**os.environ, "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": str(threads)}
    output = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout
    return {**json.loads(output.splitlines()[-1]), "wall": time.perf_counter() - start}


def compare(scans: list[Path], kind: str, threads: int, at_once: int) -> dict[str, Any]:
    """Do all scans, some at once, and average."""
    start = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        records = list(pool.map(lambda scan: run(scan, kind, threads), scans))
    whole = time.perf_counter() - start
    steps = {
        name: tuple(np.mean([record["steps"][name] for record in records], axis=0))
        for name in records[0]["steps"]
    }
    return {
        **{key: mean(record[key] for record in records) for key in ("cpu", "wall")},
        "dice": _spread([record["dice"] for record in records], min),
        "error_mm": _spread([record["error_mm"] for record in records], max),
        "peak": max(peak for record in records for _, peak in record["steps"].values()),
        "per_hour": 3600 * len(scans) / whole,
        "steps": steps,
    }


def _spread(values: list[float], worst: Callable[[list[float]], float]) -> tuple[float, float]:
    return median(values), worst(values)


def report(voxel_mm: float, rows: dict[str, dict[str, Any]]) -> None:
    """Print the two tables of a voxel size."""
    print(f"\n### T1 of {voxel_mm:g} mm, map of {MAP_MM[0]:g} mm\n")
    print("| | CPU [s] | wall [s] | scans per hour | peak [MB] | Dice (worst) | mm off (worst) |")
    print("|---|---|---|---|---|---|---|")
    for name, row in rows.items():
        print(
            f"| {name} | {row['cpu']:.1f} | {row['wall']:.1f} | {row['per_hour']:.0f} | "
            f"{row['peak']:.0f} | {row['dice'][0]:.3f} ({row['dice'][1]:.3f}) | "
            f"{row['error_mm'][0]:.2f} ({row['error_mm'][1]:.2f}) |"
        )
    print("\n| | step | CPU [s] | peak [MB] |\n|---|---|---|---|")
    for name, row in rows.items():
        for step, (seconds, peak) in row["steps"].items():
            print(f"| {name} | {step} | {seconds:.2f} | {peak:.0f} |")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--participants", type=int, default=3)
    parser.add_argument("--voxel-mm", type=float, nargs="+", default=[2.0, 1.0])
    parser.add_argument("--quality", nargs="+", default=["testing", "precise"])
    parser.add_argument("--scan", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--kind", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.scan:
        worker(options.scan, options.kind)
        return
    with tempfile.TemporaryDirectory(prefix="contrage-imaging-") as temporary:
        for voxel_mm in options.voxel_mm:
            scans = make_phantoms(Path(temporary), options.participants, voxel_mm)
            rows = {
                f"{quality}, {at_once} at once": compare(scans, quality, 1, at_once)
                for quality in options.quality
                for at_once in (1, 2)
            }
            rows |= {
                f"{PLAIN}, {threads} thread{'s' * (threads > 1)}": compare(scans, PLAIN, threads, 1)
                for threads in (1, 2)
            }
            report(voxel_mm, rows)


if __name__ == "__main__":
    main()

"""Nine-parameter registration by contrage beside DIPY's, from one start.

    pip install dipy
    python benchmarks/affine9.py [--participants 6] [--voxel-mm 2 1] [--quality testing precise]
                                 [--heads HEAD.nii.gz ...] [--starts 2]
                                 [--methods contrage DIPY "DIPY, sampled" "DIPY, own start"]

Generates phantom participants of all ages (T1 voxels of unequal edges, tilted poses), each also
stored in another order of axes with its world turned by 25 degrees ("turned"). Heads of your own
(`--heads`), in MNI152 space already, are placed in such a world as well. Each is stripped,
bias-corrected and registered with twelve parameters by contrage; from there, in a process each,

- contrage: `contrage.imaging.space.affine9.refine`;
- DIPY: `AffineRegistration` with `RigidScalingTransform3D` at the same sizes of voxels. DIPY scales
  along the axes of the moving image's world: so its axes are made the scan's own. Each size is a
  call of its own: between levels of one call DIPY multiplies two such transforms, which shears;
- DIPY, sampled: the same on a quarter of the voxels, where DIPY knows no mask;
- DIPY, own start: centres of mass, then shift, rotation and scaling, each at three levels.

Prints, per voxel size and quality, over scans: mean error over the brain in mm against the truth
and against the nine parameters nearest to it (median and worst), shear (the scan's axes' largest
deviation from a right angle after the transform, degrees), mean distance in mm of results from
starts disturbed by 2 mm, CPU seconds, the peak of memory in MB, and whether two runs are
equal to the bit. Numbers of heads of your own are deviations from the identity, no errors.
"""

from __future__ import annotations

import argparse
import json
import pickle
import subprocess
import sys
import tempfile
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import nibabel as nib
import numpy as np
from imaging import make_phantoms, measured
from scipy import ndimage
from scipy.spatial.transform import Rotation
from settings_of_run import with_defaults

from contrage.files import read_json, save_nifti
from contrage.imaging.images import Image, grid_points, load, shrink, transform_points
from contrage.imaging.space.affine9 import Nine, nearest_nine, refine
from contrage.imaging.template.grids import brain_template
from contrage.imaging.template.source import NILEARN
from contrage.plan.imaging import (
    ants_settings,
    correct_settings,
    register_settings,
    strip_settings,
)
from contrage.settings.build import as_plain

WORLD = np.eye(4)
WORLD[:3, :3] = Rotation.from_rotvec(np.deg2rad(25) * np.array([2, 3, 6]) / 7).as_matrix()
METHODS = ("contrage", "DIPY", "DIPY, sampled", "DIPY, own start")


def turned(path: Path, truth: np.ndarray, folder: Path) -> tuple[Path, np.ndarray]:
    """Store a head in another order of axes, with its world turned."""
    image = nib.load(path)
    start = nib.orientations.io_orientation(image.affine)
    order = nib.orientations.ornt_transform(start, nib.orientations.axcodes2ornt("PIL"))
    image = image.as_reoriented(order)
    there = folder / f"{path.parent.name}-{path.name.split('.')[0]}-turned.nii.gz"
    save_nifti(there, image.get_fdata(dtype=np.float32), WORLD @ image.affine)
    return there, truth @ np.linalg.inv(WORLD)


def prepare(path: Path, truth: np.ndarray, quality: str) -> dict[str, Any]:
    """Strip a head, correct its bias and register it with twelve parameters."""
    from contrage.imaging.ants.load import import_ants
    from contrage.imaging.bias import bias_field
    from contrage.imaging.skull_strip._find import find_brain
    from contrage.imaging.space.mni import estimate

    import_ants(1)
    registration = {"quality": quality, "transform": "affine"}
    asked = as_plain(with_defaults(preprocessing={"registration": registration}))
    template, head = NILEARN.settings(), load(path)
    of_strip, n4 = strip_settings(asked, template), correct_settings(asked).bias_correction
    found = find_brain(head, path, of_strip.skull_strip, of_strip.registration, NILEARN)
    brain = head.with_array(head.array * found.mask / bias_field(head, found.mask, n4))
    fit = register_settings(asked, template).registration
    affine = estimate(brain, path, fit, found.pose, Path(), NILEARN).affine
    return {"brain": brain, "affine": affine, "truth": truth}


def _start(brain: Image, affine: np.ndarray, level_mm: int) -> tuple[Nine, np.ndarray]:
    """Return where refining starts, and the scan's world → its own axes, about the brain.

    They are turned into those of its world where they are nearest to them.
    """
    coarse = shrink(brain, level_mm)
    start = nearest_nine(affine, brain, grid_points(coarse, coarse.array > 0))
    order = nib.orientations.io_orientation(brain.affine)
    axes = (brain.affine[:3, :3] / brain.voxel_mm * order[:, 1])[:, np.argsort(order[:, 0])]
    own = np.eye(4)
    own[:3] = np.column_stack([axes.T, -axes.T @ start.centre])
    return start, own


def by_dipy(
    brain: Image, affine: np.ndarray, levels_mm: list[int], share: float | None = None
) -> np.ndarray:
    """Refine with DIPY, one level a call; the scalings stay along the scan's axes."""
    start, own = _start(brain, affine, levels_mm[0])
    way = own @ np.linalg.inv(start.matrix())
    for level in levels_mm:
        scales = np.linalg.norm(way[:3, :3], axis=1)
        rigid = np.diag([*1 / scales, 1.0]) @ way
        parameters = np.array([0, 0, 0, 0, 0, 0, *scales])
        way = _optimise(brain, own, level, "RigidScaling", [1000], parameters, rigid, share)
    return np.linalg.inv(way) @ own


def by_dipy_alone(brain: Image, affine: np.ndarray, levels_mm: list[int]) -> np.ndarray:
    """Register as DIPY's tutorial does, from the centres of mass; nothing is known before."""
    _, own = _start(brain, affine, levels_mm[0])
    way: Any = "mass"
    for name in ("Translation", "Rigid", "RigidScaling"):
        way = _optimise(brain, own, levels_mm[-1], name, [1000, 500, 100], None, way)
    return np.linalg.inv(way) @ own


def _optimise(
    brain: Image,
    own: np.ndarray,
    level_mm: int,
    name: str,
    iterations: list[int],
    parameters: np.ndarray | None,
    start: Any,
    share: float | None = None,
) -> np.ndarray:
    """Return DIPY's way from MNI152 to the scan's own axes; levels above one are its pyramid."""
    from dipy.align import imaffine, transforms

    template, moving = brain_template(level_mm), shrink(brain, level_mm)
    (box,) = ndimage.find_objects(
        template.domain.astype(np.uint8)
    )  # DIPY visits every voxel, masked or not
    corner = np.eye(4)
    corner[:3, 3] = [part.start for part in box]
    top = np.percentile(moving.array[moving.array > 0.05 * moving.array.max()], 98)
    pyramid = {1: ([0], [1]), 3: ([3, 1, 0], [4, 2, 1])}
    sigmas, factors = pyramid[len(iterations)]
    registration = imaffine.AffineRegistration(
        metric=imaffine.MutualInformationMetric(nbins=32, sampling_proportion=share),
        level_iters=iterations,
        sigmas=sigmas,
        factors=factors,
        verbosity=0,
    )
    return registration.optimize(
        template.anatomical.array[box],
        np.minimum(moving.array, top),
        getattr(transforms, f"{name}Transform3D")(),
        parameters,
        static_grid2world=template.anatomical.affine @ corner,
        moving_grid2world=own @ moving.affine,
        starting_affine=start,
        static_mask=template.domain[box].astype(np.int32) if share is None else None,
    ).affine


def worker(path: Path, method: str, levels_mm: list[int], starts: int) -> None:
    """Register one prepared brain and print what was measured as JSON."""
    scan = pickle.loads(path.read_bytes())
    brain, affine, truth = scan["brain"], scan["affine"], scan["truth"]
    ways = (refine, by_dipy, partial(by_dipy, share=0.25), by_dipy_alone)
    run = dict(zip(METHODS, ways, strict=True))[method]
    brain_template(levels_mm[0])
    if method != "contrage":
        import dipy.align.imaffine  # noqa: F401  (its import is no part of the seconds)
    steps: dict[str, tuple[float, float]] = {}
    with measured(steps, method):
        found = run(brain, affine, levels_mm)
    seconds, memory = steps[method]
    points = grid_points(brain, brain.array > 0)[::97]
    nine = nearest_nine(truth, brain, points)

    def off(other: np.ndarray) -> float:
        apart = transform_points(found, points) - transform_points(other, points)
        return float(np.linalg.norm(apart, axis=1).mean())

    linear = found[:3, :3] @ nine.axes
    cosines = np.abs((linear / np.linalg.norm(linear, axis=0)).T @ linear)
    cosines = (cosines / np.linalg.norm(linear, axis=0))[np.triu_indices(3, 1)]
    rng = np.random.default_rng(1)
    others = [
        run(brain, nearest_nine(affine, brain, points).matrix(rng.normal(0, 2, 9)), levels_mm)
        for _ in range(starts * (method != METHODS[3]))
    ]
    record = {
        "error_mm": off(truth),
        "nine_mm": off(nine.matrix()),
        "shear": float(np.degrees(np.arcsin(cosines.max()))),
        "spread_mm": max((off(other) for other in others), default=0.0),
        "seconds": seconds,
        "memory": memory,
        "same": bool(np.array_equal(found, run(brain, affine, levels_mm))),
    }
    print(json.dumps(record))


def measure(brains: list[Path], levels_mm: list[int], starts: int, methods: list[str]) -> None:
    """Print a row per method."""
    for method in methods:
        records = []
        for path in brains:
            arguments = [str(path), method, json.dumps(levels_mm), str(starts)]
            command = [sys.executable, __file__, "--worker", *arguments]
            output = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
            records.append(json.loads(output.splitlines()[-1]))
        columns = {key: [record[key] for record in records] for key in records[0]}
        errors = (
            f"{median(columns[key]):.2f} ({max(columns[key]):.2f})"
            for key in ("error_mm", "nine_mm", "shear", "spread_mm", "seconds")
        )
        memory, same = max(columns["memory"]), all(columns["same"])
        print(f"| {method} | {' | '.join(errors)} | {memory:.0f} | {same} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--participants", type=int, default=6)
    parser.add_argument("--voxel-mm", type=float, nargs="+", default=[2.0, 1.0])
    parser.add_argument("--quality", nargs="+", default=["testing", "precise"])
    parser.add_argument("--heads", type=Path, nargs="+", default=[])
    parser.add_argument("--starts", type=int, default=2)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--worker", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        path, method, levels_mm, starts = options.worker
        worker(Path(path), method, json.loads(levels_mm), int(starts))
        return
    if find_spec("dipy") is None:
        parser.exit(1, f"{parser.prog} compares with DIPY, which is missing: pip install dipy\n")
    with tempfile.TemporaryDirectory(prefix="contrage-affine9-") as temporary:
        folder = Path(temporary)
        for name, scans in sets(options, folder).items():
            odd = [turned(path, truth, folder) for path, truth in scans]
            for quality in options.quality:
                for kind, those in ((name, scans), (f"{name}, turned", odd)):
                    compare(f"{kind}, {quality}", those, quality, options, folder)


def sets(options: argparse.Namespace, folder: Path) -> dict[str, list[tuple[Path, np.ndarray]]]:
    """Return heads and their true affines, by kind."""
    phantoms = {
        f"phantoms of {voxel_mm:g} mm": [
            (scan / "anatomical.nii.gz", np.array(read_json(scan / "transform.json")["affine"]))
            for scan in make_phantoms(folder, options.participants, voxel_mm)
        ]
        for voxel_mm in options.voxel_mm
    }
    heads = {"heads": [(path, np.eye(4)) for path in options.heads]} if options.heads else {}
    return phantoms | heads


def compare(
    title: str, scans: list, quality: str, options: argparse.Namespace, folder: Path
) -> None:
    """Prepare scans and print the table of all methods."""
    print(f"\n### {title}\n\nmedian (worst) of {len(scans)}\n")
    print("| | mm off | off the nearest nine | shear | other starts | CPU [s] | MB | repeats |")
    print("|---|---|---|---|---|---|---|---|")
    brains = []
    for number, (path, truth) in enumerate(scans):
        brains.append(folder / f"{number}.pickle")
        brains[-1].write_bytes(pickle.dumps(prepare(path, truth, quality)))
    measure(brains, ants_settings(quality).affine9.levels_mm, options.starts, options.methods)


if __name__ == "__main__":
    main()

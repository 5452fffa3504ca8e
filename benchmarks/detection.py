"""How many spoiled scans are noticed, and how many good ones are flagged.

    python benchmarks/detection.py [--good 100] [--spoiled 24] [--processes 2]

Generates phantom participants, spoils some of them in the ways that real data are spoiled
(mirrored headers, half a head missing, another person's map, noise, ghosts, a turned head, a map
in another space), preprocesses all with the default settings and counts who is flagged or refused.
About 10 seconds of CPU a scan.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from one_scan import configuration, preprocess
from settings_of_run import with_defaults

from contrage.files import read_json, save_nifti
from contrage.imaging.affines import rotation
from contrage.imaging.images import Image, load

ROOT = Path(__file__).resolve().parents[1]
Pair = tuple[Image, Image]
"""The T1 and the map of a session."""


def mirrored(image: Image, axis: int) -> Image:
    """Turn the sign of a world axis in the header, about the image's middle."""
    mirror = np.diag([*np.where(np.arange(3) == axis, -1.0, 1.0), 1.0])
    middle = (np.array(image.array.shape) - 1) / 2
    centre = image.affine @ [*middle, 1]
    mirror[axis, 3] = 2 * centre[axis]
    return Image(image.array, mirror @ image.affine)


def voxel_axis(image: Image, axis: int) -> int:
    """Return the array's axis that runs along a world axis."""
    return int(np.argmax(np.abs(image.affine[axis, :3])))


def halved(image: Image, axis: int) -> Image:
    """Set half of a volume to zero."""
    array, along = image.array.copy(), voxel_axis(image, axis)
    array[(slice(None),) * along + (slice(array.shape[along] // 2),)] = 0
    return image.with_array(array)


def cropped(image: Image, axis: int) -> Image:
    """Leave half of a volume out of the field of view."""
    along = voxel_axis(image, axis)
    start = image.array.shape[along] // 2
    affine = image.affine.copy()
    affine[:3, 3] += start * affine[:3, along]
    return Image(image.array[(slice(None),) * along + (slice(start, None),)], affine)


def noise(image: Image, seed: int) -> Image:
    """Replace a volume by noise."""
    values = np.random.default_rng(seed).normal(0, image.array.max() / 4, image.array.shape)
    return image.with_array(np.abs(values).astype(np.float32))


def ghosted(image: Image, strength: float, ghosts: int) -> Image:
    """Add shifted copies along the phase direction, front to back."""
    along = voxel_axis(image, 1)
    step = image.array.shape[along] // (ghosts + 1)
    copies = sum(np.roll(image.array, k * step, along) for k in range(1, ghosts + 1))
    array = (1 - strength) * image.array + strength / ghosts * copies
    return image.with_array(array.astype(np.float32))


def turned(image: Image, axis: int) -> Image:
    """Turn by 90 degrees about a world axis."""
    world = np.eye(4)
    world[:3, :3] = rotation(*np.deg2rad(np.where(np.arange(3) == axis, 90.0, 0.0)))
    return Image(image.array, world @ image.affine)


def elsewhere(image: Image) -> Image:
    """Put a map where MNI152 is: its middle at the template's, its axes straight."""
    affine = np.diag([*image.voxel_mm, 1.0])
    affine[:3, 3] = np.array([0.0, -18, 8]) - image.voxel_mm * (np.array(image.array.shape) / 2)
    return Image(image.array, affine)


SPOILED: dict[str, Callable[[Pair, Pair], Pair]] = {
    "T1's header mirrored left to right": lambda own, _: (mirrored(own[0], 0), own[1]),
    "map's header mirrored left to right": lambda own, _: (own[0], mirrored(own[1], 0)),
    "T1's header upside down": lambda own, _: (mirrored(own[0], 2), own[1]),
    "both headers upside down": lambda own, _: (mirrored(own[0], 2), mirrored(own[1], 2)),
    "left half of the head missing": lambda own, _: (halved(own[0], 0), own[1]),
    "front or back of the head missing": lambda own, _: (halved(own[0], 1), own[1]),
    "lower half out of view": lambda own, _: (cropped(own[0], 2), own[1]),
    "another person's map": lambda own, other: (own[0], other[1]),
    "T1 is noise": lambda own, _: (noise(own[0], 0), own[1]),
    "map is noise": lambda own, _: (own[0], noise(own[1], 1)),
    "ghosts": lambda own, _: (ghosted(own[0], 0.5, 1), own[1]),
    "several ghosts": lambda own, _: (ghosted(own[0], 0.5, 3), own[1]),
    "T1 turned by 90 degrees": lambda own, _: (turned(own[0], 0), own[1]),
    "both turned by 90 degrees": lambda own, _: (turned(own[0], 2), turned(own[1], 2)),
    "map in another space": lambda own, _: (own[0], elsewhere(own[1])),
    "map of a wrong voxel size": lambda own, _: (
        own[0],
        Image(own[1].array, np.diag([1.3, 1.3, 1.3, 1]) @ own[1].affine),
    ),
}


def phantom(index: int, participants: int, folder: Path) -> Pair:
    """Generate one participant of a cohort."""
    from contrage.cohort.phantom.heads.participant import make_participant
    from contrage.settings.blocks.phantom import PhantomScanSettings

    names = ("anatomical", "stiffness", "brain_mask", "bias_field", "coverage")
    files = {name: folder / f"{index}-{name}.nii.gz" for name in names}
    truth = {name: folder / f"{index}-{name}.json" for name in ("transform", "truth")}
    phantom = with_defaults(cohort={"phantom": {"participants": participants}}).cohort.phantom
    make_participant(PhantomScanSettings(index, phantom), **files, **truth)
    return load(files["anatomical"]), load(files["stiffness"])


def verdict(index: int, kind: str | None, participants: int) -> tuple[str | None, list[str]]:
    """Preprocess one participant; returns the spoiling and why it was flagged or refused."""
    from contrage.imaging.quality.measure import quality
    from contrage.imaging.template.source import NILEARN
    from contrage.plan.imaging import grouped, quality_settings

    config = configuration()
    with tempfile.TemporaryDirectory(prefix="contrage-") as temporary:
        folder = Path(temporary)
        pair = phantom(index, participants, folder)
        if kind:
            other = phantom((index + 1) % participants, participants, folder)
            pair = SPOILED[kind](pair, other)
        raw = {name: folder / f"raw-{name}.nii.gz" for name in ("anatomical", "stiffness")}
        for path, image in zip(raw.values(), pair, strict=True):
            save_nifti(path, image.array, image.affine)
        made = preprocess(config, raw, folder)
        judged, picture = folder / "quality.json", folder / "sub-1_desc-quality.png"
        asked = quality_settings(config, NILEARN.settings())
        quality(asked, **grouped({**raw, **made}), output=judged, picture=picture)
        found = read_json(judged)
    refused = found["status"] != "ok"
    return kind, [f"refused: {found['reason']}"] if refused else found["flag_reason"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--good", type=int, default=100)
    parser.add_argument("--spoiled", type=int, default=24)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    kinds = [*SPOILED]
    wanted = [kinds[k % len(kinds)] for k in range(options.spoiled)] + [None] * options.good
    everyone = max(10, len(wanted))
    noticed = {"spoiled": 0, "good": 0}
    with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
        jobs = [pool.submit(verdict, k, kind, everyone) for k, kind in enumerate(wanted)]
        for job in jobs:
            kind, reasons = job.result()
            noticed["spoiled" if kind else "good"] += bool(reasons)
            if kind or reasons:
                print(f"{kind or 'good'}: {'; '.join(reasons) or 'NOT NOTICED'}", flush=True)
    print(f"flagged or refused: {noticed['spoiled']} of {options.spoiled} spoiled scans, ", end="")
    print(f"{noticed['good']} of {options.good} good ones")


if __name__ == "__main__":
    main()

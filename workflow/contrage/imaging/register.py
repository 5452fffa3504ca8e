"""Third step of preprocessing: bring a scan to MNI152, in one interpolation."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from contrage.errors import BadScanError
from contrage.files import atomic, empty, save_nifti, write_json
from contrage.imaging.affines import write_affine
from contrage.imaging.images import Image, load
from contrage.imaging.provenance.sidecars import write_sidecars
from contrage.imaging.recorded import recorded
from contrage.imaging.scan import (
    ScanInStep,
    account,
    carry_out,
    load_as_left,
    named,
    read_scan,
    units_of,
)
from contrage.imaging.space.carry import carry_mask, warp_mask, warp_within
from contrage.imaging.space.mni import Transform, estimate
from contrage.imaging.template.grids import mni_grid
from contrage.imaging.template.source import Source, as_source
from contrage.settings.steps.imaging import RegisterStep

STAGE = "register"
PARTS = ("linear", "affine9", "warp")
"""Of ANTs' settings: those of a transform."""


def register(
    settings: RegisterStep,
    *,
    before: Path,
    brain_mask: Path,
    anatomical: Path | None = None,
    maps: dict[str, Path],
    magnitude: Path | None = None,
    corrected: Path | None = None,
    corrected_maps: dict[str, Path],
    transform: Path | None = None,
    warp: Path | None = None,
    map_transform: Path | None = None,
    preproc_anatomical: Path | None = None,
    preproc_mask: Path | None = None,
    preproc_maps: dict[str, Path],
    record: Path,
    raw: Path | None = None,
    derivatives: Path | None = None,
) -> None:
    """Register one scan; write its images on the MNI152 grid and the record of the whole scan.

    Parameters
    ----------
    settings : RegisterStep
    before : Path
        The record of `correct`, or of `strip` where nothing is corrected.
    brain_mask : Path
        Input: the brain, on the voxels of the image that is registered.
    anatomical : Path, optional
        Input: the raw image, whose header places what was made of it.
    maps : dict of str to Path
        Inputs: the raw maps, by name.
    magnitude : Path, optional
        Input: MRE magnitude on the maps' voxels, through which they are brought to the T1; else
        all share the scanner's coordinates.
    corrected : Path, optional
        Input: what `correct` made of the anatomical image.
    corrected_maps : dict of str to Path
        Inputs: what it made of maps.
    transform : Path, optional
        Output: ITK affine.
    warp : Path, optional
        Output: the deformation that syn adds to it.
    map_transform : Path, optional
        Output: ITK affine, magnitude to anatomical image.
    preproc_anatomical, preproc_mask : Path, optional
        Outputs: brain and mask on the MNI152 grid.
    preproc_maps : dict of str to Path
        Outputs: maps on that grid (stiffness in kPa). One that is wanted but not given becomes an
        empty file.
    record : Path
        Output: the scan's record, JSON with status, inputs, checksums of outputs, all steps,
        settings, versions, template, seed and threads. What led to an image stands in the JSON
        beside it, too.
    raw, derivatives : Path, optional
        The folders of the two data sets, for addresses in sidecars.
    """
    images = {
        "transform": transform,
        "warp": warp,
        "preproc_anatomical": preproc_anatomical,
        "preproc_mask": preproc_mask,
        **named("preproc", preproc_maps),
        "map_transform": map_transform,
    }
    given = {"anatomical": anatomical, "magnitude": magnitude}
    made = {"brain_mask": brain_mask, "corrected": corrected}
    made |= named("corrected", corrected_maps)

    def work(told: dict[str, Any]) -> None:
        scan = read_scan(settings, given, maps, told["unit_of_input"])
        with tempfile.TemporaryDirectory(prefix="contrage-") as folder:
            ways = _ways(scan, _as_left(scan, made, told["found"]), told["found"], Path(folder))
            _write(scan, ways, images)
        empty(*(path for name, path in preproc_maps.items() if name not in scan.maps))
        done = account(STAGE, scan, told, images)
        del done["found"]
        write_sidecars(
            images, done, units_of(settings), made | images, raw=raw, derivatives=derivatives
        )
        write_json(record, done)

    carry_out(STAGE, before, images, record, work)


@dataclass(frozen=True)
class Ways:
    """A scan's brain, and how its images come to MNI152.

    Attributes
    ----------
    mask : ndarray of shape (X, Y, Z)
        On the voxels of the image that was stripped, bool.
    brain : Image
        What is inside it, corrected.
    found : Transform
        The way of this image.
    of_maps : Transform
        The way of the maps.
    map_world : ndarray of shape (4, 4) or None
        Maps' world → the anatomical image's; None where they share the scanner's.
    """

    mask: np.ndarray
    brain: Image
    found: Transform
    of_maps: Transform
    map_world: np.ndarray | None


def _as_left(
    scan: ScanInStep, made: Mapping[str, Path | None], found: Mapping[str, Any]
) -> tuple[np.ndarray, Image]:
    """Take up mask and corrected images as the steps before left them; return mask and brain."""
    orders = found["layout"]
    for name in scan.maps:
        if (path := made.get(f"corrected_{name}")) is not None:
            image, order = scan.maps[name], orders[f"corrected_{name}"]
            scan.maps[name] = load_as_left(path, image, order)
    mask = load_as_left(made["brain_mask"], scan.reference, orders["brain_mask"]).array > 0
    if scan.head is None:
        return mask, scan.reference.with_array(scan.reference.array * mask)
    return mask, load_as_left(made["corrected"], scan.head, orders["corrected"])


def _ways(
    scan: ScanInStep, left: tuple[np.ndarray, Image], found: Mapping[str, Any], folder: Path
) -> Ways:
    """Estimate the way of a scan to MNI152, and of its maps: its own, or through the magnitude."""
    asked, (mask, brain) = scan.settings.registration, left
    kind, magnitude = asked.transform, scan.paths.get("magnitude")
    if kind != "none" or asked.interpolation != "linear" or magnitude:
        scan.load_ants(asked.seed)
    pose = None if found["pose"] is None else np.array(found["pose"])
    parts = {part: getattr(asked, part) for part in PARTS * (kind != "none")}
    used = {part: recorded(settings) for part, settings in parts.items() if settings is not None}
    with scan.step("registration", {"transform": kind, **used}):
        way = estimate(brain, scan.path, asked, pose, folder, _template(scan))
    if magnitude is None:
        return Ways(mask, brain, way, way, None)
    from contrage.imaging.space.map_pose import magnitude_to_anatomical

    used = {"transform": "rigid", "linear": recorded(asked.linear)}
    with scan.step("magnitude to anatomical", used):
        world = magnitude_to_anatomical(load(magnitude), brain, asked.linear, magnitude)
    return Ways(mask, brain, way, way.after(world, folder), world)


def _template(scan: ScanInStep) -> Source:
    return as_source(scan.settings.template)


def _write(scan: ScanInStep, ways: Ways, images: Mapping[str, Path | None]) -> None:
    """Bring everything to the MNI152 grid and write what is wanted."""
    asked, found = scan.settings.registration, ways.found
    how = {"interpolation": asked.interpolation, "masks": "nearest", "times": 1}
    with scan.step("to MNI152", how | {"voxel_mm": asked.voxel_mm}):
        placed = _in_mni(scan, ways, mni_grid(asked.voxel_mm))
    if images["transform"] is not None:
        write_affine(images["transform"], found.affine)
    if images["map_transform"] is not None and ways.map_world is not None:
        write_affine(images["map_transform"], ways.map_world)
    if images["warp"] is not None and found.warp is not None:
        with atomic(images["warp"]) as temporary:
            temporary.write_bytes(Path(found.warp[0][0]).read_bytes())
    for name, image in placed.items():
        if images.get(name) is not None:
            save_nifti(images[name], image.array, image.affine)


def _in_mni(scan: ScanInStep, ways: Ways, grid: Image) -> dict[str, Image]:
    interpolation = scan.settings.registration.interpolation
    there = warp_mask(ways.mask, scan.reference, grid, ways.found)
    if not there.any():
        raise BadScanError(scan.path, "none of the brain lands on the MNI152 grid")
    placed = {"preproc_mask": there}
    if scan.head is not None:
        placed["preproc_anatomical"] = warp_within(
            ways.brain, ways.mask, grid, ways.found, interpolation
        )
    for name, image in scan.maps.items():
        support = _support(scan, name, ways)
        placed[f"preproc_{name}"] = warp_within(image, support, grid, ways.of_maps, interpolation)
    return {name: grid.with_array(array) for name, array in placed.items()}


def _support(scan: ScanInStep, name: str, ways: Ways) -> np.ndarray:
    """Return where a map has values inside the brain, bool."""
    image = scan.maps[name]
    support = carry_mask(ways.mask, scan.reference, image, ways.map_world) & (image.array != 0)
    if not support.any():
        raise BadScanError(
            scan.paths[name],
            f"has no values inside the brain found in {scan.path}; do they share coordinates?",
        )
    return support

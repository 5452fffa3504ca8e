"""One scan, raw to MNI152: strip, N4, register, warp; one process, since ANTs loads slowly."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from contrage.errors import BadScanError, SettingsError, failure, is_of_one_scan
from contrage.files import atomic, empty, failed, read_json, save_nifti, write_json
from contrage.imaging.images import Image, load
from contrage.imaging.limits import STEP, beyond, mended
from contrage.imaging.provenance.sidecars import clear_sidecars, write_failures, write_sidecars
from contrage.imaging.scan import Outputs, Scan, provenance
from contrage.imaging.skull_strip import options, used
from contrage.imaging.skull_strip._result import Stripped
from contrage.imaging.space.affines import write_affine
from contrage.imaging.space.carry import carry_mask, to_kilopascal, warp_mask, warp_within
from contrage.imaging.space.mni import Transform, estimate
from contrage.imaging.strip import strip
from contrage.imaging.template.grids import mni_grid

log = logging.getLogger(__name__)

MAPS = ("stiffness", "dampingratio")


def preprocess(
    settings: dict,
    *,
    check: Path,
    anatomical: Path | None = None,
    stiffness: Path | None = None,
    dampingratio: Path | None = None,
    mask: Path | None = None,
    magnitude: Path | None = None,
    brain_mask: Path | None = None,
    corrected: Path | None = None,
    transform: Path | None = None,
    warp: Path | None = None,
    map_transform: Path | None = None,
    preproc_anatomical: Path | None = None,
    preproc_mask: Path | None = None,
    preproc_stiffness: Path | None = None,
    preproc_dampingratio: Path | None = None,
    sidecar: Path,
    raw: Path | None = None,
    derivatives: Path | None = None,
) -> None:
    """Preprocess one scan; write its images, a sidecar beside each and a record of the scan.

    It runs on one thread, whatever the environment asks for, so that results repeat to the bit.

    Parameters
    ----------
    settings : dict
        `skull_strip`, `bias_correction`, `registration`, `template` (see `Source.settings`);
        `limits`, what values maps may have (see `contrage.imaging.limits`); `reference`, the map
        to register where there are several and no anatomical image.
    check : Path
        What `contrage.imaging.check` wrote; its unit is used, its failure passed on.
    anatomical, stiffness, dampingratio, mask : Path, optional
        Inputs: T1 (or magnitude), the session's maps, brain mask.
    magnitude : Path, optional
        Input: MRE magnitude on the maps' voxels, through which they are brought to the T1; else
        all share the scanner's coordinates.
    brain_mask, corrected : Path, optional
        Outputs: mask and bias-corrected brain on the anatomical grid.
    preproc_anatomical, preproc_mask, preproc_stiffness, preproc_dampingratio : Path, optional
        Outputs: brain, mask and maps (kPa; without unit) on the MNI152 grid. A map that is
        wanted but not given becomes an empty file.
    transform : Path, optional
        Output: ITK affine.
    warp : Path, optional
        Output: the deformation that syn adds to it.
    map_transform : Path, optional
        Output: ITK affine, magnitude to anatomical image.
    sidecar : Path
        Output: the scan's record, JSON with status, inputs, steps, settings, versions, template,
        seed and threads. What led to an image stands in the JSON beside it, too.
    raw, derivatives : Path, optional
        The folders of the two data sets, for addresses in sidecars.
    """
    preproc = preproc_anatomical, preproc_mask, preproc_stiffness, preproc_dampingratio
    outputs = Outputs(brain_mask, corrected, transform, warp, *preproc, map_transform)
    maps = {"stiffness": stiffness, "dampingratio": dampingratio}
    given = {"anatomical": anatomical, **maps, "mask": mask, "magnitude": magnitude}
    paths = {name: path for name, path in given.items() if path is not None}
    clear_sidecars(outputs.paths())
    reason = failed(check)
    if reason is not None:
        _give_up(outputs, sidecar, stage="check", reason=reason)
        return
    try:
        with threadpool_limits(1):
            steps = _run(settings, paths, read_json(check)["unit"], outputs)
    except Exception as error:
        if not is_of_one_scan(error):
            raise
        _give_up(outputs, sidecar, **failure("preprocess", error))
        return
    record = provenance(settings, paths, steps, check)
    write_sidecars(vars(outputs), record, raw=raw, derivatives=derivatives)
    write_json(sidecar, record)


def _give_up(outputs: Outputs, sidecar: Path, **reasons: object) -> None:
    """Write that a scan failed, for `usable` to judge: the other scans go on."""
    empty(*outputs.paths())
    record = {"status": "failed", **reasons}
    write_failures(outputs.paths(), record)
    write_json(sidecar, record)


def _run(settings: dict, paths: dict[str, Path], unit: str | None, outputs: Outputs) -> list[dict]:
    if not paths.keys() & {"anatomical", *MAPS}:
        raise SettingsError("preprocess needs an anatomical image, a map, or both")
    head = load(paths["anatomical"]) if "anatomical" in paths else None
    # The first of them is stripped and registered where there is no anatomical image.
    order = sorted(MAPS, key=lambda name: name != settings.get("reference", MAPS[0]))
    maps = {name: load(paths[name]) for name in order if name in paths}
    if "stiffness" in maps:
        maps["stiffness"] = to_kilopascal(maps["stiffness"], unit)
    scan = Scan(settings, paths, head, maps)
    _check_settings(scan)
    _keep_to_limits(scan)
    if _needs_ants(scan):
        from contrage.imaging.ants.bridge import import_ants

        with scan.step("load ANTs", {"seed": scan.seed, "threads": 1}):
            import_ants(scan.seed)
    stripped = _strip(scan)
    brain = _correct(scan, stripped.mask)
    with tempfile.TemporaryDirectory(prefix="contrage-") as folder:
        found = _estimate(scan, brain, stripped, Path(folder))
        _place_maps(scan, brain, found, Path(folder))
        _write(scan, stripped.mask, brain, found, outputs)
    return scan.steps


def _check_settings(scan: Scan) -> None:
    """Refuse what cannot be done without an anatomical image."""
    method = scan.settings.get("skull_strip", {}).get("method", "template")
    if scan.head is None and method not in ("mask", "none"):
        raise SettingsError(
            f"{scan.path}: no anatomical image, so skull stripping by {method!r} has nothing to "
            "work on; set preprocessing.skull_strip.method to none (or mask)"
        )


def _keep_to_limits(scan: Scan) -> None:
    """Take out of the maps what is no measurement, before anything is made of them."""
    for name, image in scan.maps.items():
        found = beyond(name, image.array, scan.settings.get("limits"))
        if found is None:
            continue
        if found.refused:
            raise BadScanError(scan.paths[name], found.problem())
        log.warning("%s: %s", scan.paths[name], found.warning())
        with scan.step(STEP, found.facts):
            scan.maps[name] = mended(image, found)


def _bias_target(scan: Scan) -> str:
    return scan.settings.get("bias_correction", {}).get("target", "anatomical")


def _needs_ants(scan: Scan) -> bool:
    target = _bias_target(scan)
    bias = target in ("map", "both") or (target == "anatomical" and scan.head is not None)
    method = scan.settings.get("skull_strip", {}).get("method", "template")
    return bias or method == "template" or scan.kind != "none" or scan.interpolation != "linear"


def _strip(scan: Scan) -> Stripped:
    asked = scan.settings.get("skull_strip", {})
    done = used(asked)
    with scan.step("skull strip", done):
        found = strip(
            scan.reference,
            scan.path,
            done["method"],
            scan.quality(),
            scan.paths.get("mask"),
            options(asked),
            scan.template,
        )
        if found.command is not None:
            done |= {"command": found.command, "version": found.version}
        if found.weights is not None:
            done |= {"weights": found.weights}
    return found


def _correct(scan: Scan, mask: np.ndarray) -> Image:
    """Bias-correct what the settings name; returns the stripped reference."""
    asked, target = scan.settings.get("bias_correction", {}), _bias_target(scan)
    if target in ("map", "both"):
        for name in scan.maps:
            _correct_map(scan, name, asked)
    brain = scan.reference.with_array(scan.reference.array * mask)
    if target in ("anatomical", "both") and scan.head is not None:
        from contrage.imaging.bias import bias_field

        with scan.step("bias correction", asked):
            brain = brain.with_array(brain.array / bias_field(scan.head, mask, asked))
    return brain


def _correct_map(scan: Scan, name: str, asked: dict) -> None:
    from contrage.imaging.bias import bias_field

    log.warning(
        "%s: N4 changes quantitative %s (mean, and contrast between regions); "
        "bias_correction.target 'anatomical' leaves the map as measured",
        scan.paths[name],
        name,
    )
    with scan.step("bias correction of the map", asked):
        image = scan.maps[name]
        support = image.array > 0
        values = image.array / bias_field(image, support, asked)
        scan.maps[name] = image.with_array(values * support)


def _estimate(scan: Scan, brain: Image, stripped: Stripped, folder: Path) -> Transform:
    quality = scan.quality()
    further = {"syn": ("linear", "warp"), "affine9": ("linear", "affine9"), "none": ()}
    parts = further.get(scan.kind, ("linear",))
    used = {"transform": scan.kind, **{part: quality[part] for part in parts}}
    with scan.step("registration", used):
        return estimate(brain, scan.path, scan.kind, quality, stripped.pose, folder, scan.template)


def _place_maps(scan: Scan, brain: Image, found: Transform, folder: Path) -> None:
    """Find the way of the maps to MNI152: the anatomical image's, or through the magnitude."""
    scan.of_maps = found
    if "magnitude" not in scan.paths:
        return
    from contrage.imaging.space.map_pose import magnitude_to_anatomical

    path, settings = scan.paths["magnitude"], scan.quality()["linear"]
    with scan.step("magnitude to anatomical", {"transform": "rigid", "linear": settings}):
        scan.map_world = magnitude_to_anatomical(load(path), brain, settings, path)
    scan.of_maps = found.after(scan.map_world, folder)


def _write(scan: Scan, mask: np.ndarray, brain: Image, found: Transform, outputs: Outputs) -> None:
    """Bring everything to the MNI152 grid and write what is wanted."""
    grid, reference = mni_grid(scan.voxel_mm), scan.reference
    if outputs.transform is not None:
        write_affine(outputs.transform, found.affine)
    if outputs.map_transform is not None and scan.map_world is not None:
        write_affine(outputs.map_transform, scan.map_world)
    if outputs.warp is not None and found.warp is not None:
        with atomic(outputs.warp) as temporary:
            temporary.write_bytes(Path(found.warp[0][0]).read_bytes())
    how = {"interpolation": scan.interpolation, "masks": "nearest", "times": 1}
    with scan.step("to MNI152", how | {"voxel_mm": scan.voxel_mm}):
        images = {"brain_mask": (mask, reference.affine), "corrected": (brain.array, brain.affine)}
        there = warp_mask(mask, reference, grid, found)
        if not there.any():
            raise BadScanError(scan.path, "none of the brain lands on the MNI152 grid")
        images["preproc_mask"] = (there, grid.affine)
        if scan.head is not None:
            values = warp_within(brain, mask, grid, found, scan.interpolation)
            images["preproc_anatomical"] = (values, grid.affine)
        for name in scan.maps:
            values = _map_in_mni(scan, name, mask, grid)
            images[f"preproc_{name}"] = (values, grid.affine)
    for name, (array, affine) in images.items():
        path = getattr(outputs, name)
        if path is not None:
            save_nifti(path, array, affine)
    absent = [getattr(outputs, f"preproc_{name}") for name in MAPS if name not in scan.maps]
    empty(*(path for path in absent if path is not None))


def _map_in_mni(scan: Scan, name: str, mask: np.ndarray, grid: Image) -> np.ndarray:
    image = scan.maps[name]
    support = carry_mask(mask, scan.reference, image, scan.map_world) & (image.array != 0)
    if not support.any():
        raise BadScanError(
            scan.paths[name],
            f"has no values inside the brain found in {scan.path}; do they share coordinates?",
        )
    return warp_within(image, support, grid, scan.of_maps, scan.interpolation)

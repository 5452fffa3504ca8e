"""How well a scan was preprocessed: metrics, comparison with a known truth, a picture."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from contrage.files import failed, read_json, write_json
from contrage.imaging import picture as pictures
from contrage.imaging import placement
from contrage.imaging.affines import read_affine
from contrage.imaging.images import Image, grid_points, load, resample, transform_points
from contrage.imaging.masks import dice
from contrage.imaging.native import read_native
from contrage.imaging.template import grid_voxel_mm, mni_template
from contrage.imaging.template_source import NILEARN, Source, as_source

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Truth:
    """What is known of a phantom; None where it is not."""

    mask: Path | None
    coverage: Path | None
    transform: Path | None
    bias: Path | None


def quality(
    settings: dict,
    *,
    sidecar: Path,
    anatomical: Path | None = None,
    brain_mask: Path | None = None,
    preproc_anatomical: Path | None = None,
    preproc_mask: Path | None = None,
    preproc_stiffness: Path | None = None,
    preproc_dampingratio: Path | None = None,
    transform: Path | None = None,
    map_transform: Path | None = None,
    truth_mask: Path | None = None,
    truth_coverage: Path | None = None,
    truth_transform: Path | None = None,
    truth_bias: Path | None = None,
    corrected: Path | None = None,
    output: Path,
    picture: Path,
) -> None:
    """Judge one preprocessed scan and draw it.

    Parameters
    ----------
    settings : dict
        Limits of metrics, `min_coverage` or `max_stretch` (None or absent: no limit); `template`,
        as preprocess has it; `image`, the one that is learned from: of several maps, the one
        whose coverage counts.
    sidecar : Path
        What preprocess wrote; its failure is passed on.
    anatomical : Path, optional
        The raw image, drawn before and after.
    brain_mask, corrected, transform : Path, optional
        On the anatomical grid, and the affine; drawn, and compared with a truth where there is one.
    preproc_anatomical, preproc_mask, preproc_stiffness, preproc_dampingratio : Path, optional
        On the MNI152 grid; a zero-byte map is one that the scan does not have.
    truth_mask, truth_coverage, truth_transform, truth_bias : Path, optional
        A phantom's truth.
    output : Path
        JSON: status, coverage, overlap, correlation, the metrics against the truth (None
        where there is none), flagged, flag_reason (list).
    picture : Path
        PNG.
    """
    reason = failed(sidecar)
    if reason is not None:
        stage = read_json(sidecar).get("stage")
        write_json(output, {"status": "failed", "stage": stage, "reason": reason})
        pictures.draw_failure(picture, reason)
        return
    head = load(preproc_anatomical) if preproc_anatomical else None
    given = {"stiffness": preproc_stiffness, "dampingratio": preproc_dampingratio}
    maps = {name: load(path) for name, path in given.items() if path and path.stat().st_size}
    learned = maps.get(settings.get("image", ""), next(iter(maps.values()), None))
    inside = _brain(preproc_mask, head, learned)
    record = {"status": "ok", "stage": "quality", "reason": None}
    source = as_source(settings.get("template"))
    record |= metrics(inside, head, learned, source)
    truth = Truth(truth_mask, truth_coverage, truth_transform, truth_bias)
    record |= _placement(sidecar, brain_mask, transform, map_transform, source)
    record |= against_truth(truth, record["coverage"], brain_mask, transform, source)
    record["bias_residual_sd"] = bias_residual(truth, brain_mask, corrected, sidecar)
    reasons = flags(record, settings)
    record |= {"flagged": bool(reasons), "flag_reason": reasons}
    write_json(output, record)
    native = read_native(anatomical, brain_mask, corrected, sidecar)
    pictures.draw(picture, head, maps, caption(record, picture), native, source)


def _brain(mask: Path | None, head: Image | None, learned: Image | None) -> np.ndarray:
    if mask is not None:
        return load(mask).array > 0.5
    return (head or learned).array != 0


def metrics(
    inside: np.ndarray,
    head: Image | None,
    learned: Image | None,
    source: Source = NILEARN,
) -> dict:
    """Compare a scan on the MNI152 grid with the template.

    Parameters
    ----------
    inside : ndarray of shape (91, 109, 91) or (182, 218, 182)
        The scan's brain mask, at 2 or 1 mm.
    head, learned : Image or None
        T1 and map.
    source : Source
        Which template.

    Returns
    -------
    dict
        `coverage`, the share of the template's brain that the map (without one: the brain
        mask) fills; `overlap`, Dice of the brain masks; `correlation`, Pearson's r of T1 and
        template inside both masks, None without a T1.
    """
    template = mni_template(grid_voxel_mm(inside.shape), source)
    brain = template.brain
    filled = learned.array != 0 if learned is not None else inside
    both = inside & brain
    correlation = None
    if head is not None and both.sum() > 2 and head.array[both].std() > 0:
        pair = head.array[both], template.anatomical.array[both]
        correlation = float(np.corrcoef(*pair)[0, 1])
    return {
        "coverage": float((filled & brain).sum() / brain.sum()),
        "overlap": dice(inside, brain),
        "correlation": correlation,
    }


def _placement(
    sidecar: Path,
    brain_mask: Path | None,
    transform: Path | None,
    map_transform: Path | None,
    source: Source,
) -> dict:
    """Measure the scan as it was before preprocessing; its images are those the sidecar names."""
    given = read_json(sidecar).get("inputs", {})
    paths = {name: Path(entry["path"]) for name, entry in given.items()}
    raw = {name: load(path) for name, path in paths.items() if path.is_file()}
    head = raw.get("anatomical")
    mask = load(brain_mask).array > 0.5 if brain_mask and head is not None else None
    affine = read_affine(transform) if transform else np.eye(4)
    one = next((raw[name] for name in ("stiffness", "dampingratio") if name in raw), None)
    world = read_affine(map_transform) if map_transform else None
    return placement.measure(affine, head, one, mask, source, world)


def against_truth(
    truth: Truth,
    coverage: float,
    brain_mask: Path | None,
    transform: Path | None,
    source: Source = NILEARN,
) -> dict:
    """Compare mask, transform and coverage with what a phantom knows.

    Returns
    -------
    dict
        `mask_dice` on the native grid; `transform_error_mm`, mean distance over brain voxels
        between where the estimated and the true affine put them; `coverage_error`, measured
        minus true share of the template covered. None where it cannot be known.
    """
    result = dict.fromkeys(("mask_dice", "transform_error_mm", "coverage_error"))
    true_affine = np.array(read_json(truth.transform)["affine"]) if truth.transform else None
    if truth.mask and brain_mask:
        known = load(truth.mask)
        result["mask_dice"] = dice(load(brain_mask).array > 0.5, known.array > 0.5)
    reference = truth.mask or brain_mask
    if true_affine is not None and transform and reference:
        mask = load(reference)
        points = grid_points(mask, mask.array > 0.5)[::11]
        there = transform_points(true_affine, points)
        found = transform_points(read_affine(transform), points)
        result["transform_error_mm"] = float(np.linalg.norm(found - there, axis=1).mean())
    if true_affine is not None and truth.coverage:
        template = mni_template(2, source)
        known = load(truth.coverage)
        known = known.with_array((known.array > 0.5).astype(np.float32))
        there = resample(known, template.anatomical, np.linalg.inv(true_affine)) > 0.5
        share = float((there & template.brain).sum() / template.brain.sum())
        result["coverage_error"] = coverage - share
    return result


def bias_residual(
    truth: Truth, brain_mask: Path | None, corrected: Path | None, sidecar: Path
) -> float | None:
    """Return the spread of estimated over true bias field inside the brain.

    The estimate is the raw image over the corrected one; the raw image is found through the
    sidecar's inputs.

    Returns
    -------
    float or None
        Standard deviation of the ratio, scaled to mean 1; None where it cannot be known.
    """
    raw = read_json(sidecar).get("inputs", {}).get("anatomical", {}).get("path")
    if not (truth.bias and brain_mask and corrected and raw and Path(raw).is_file()):
        return None
    head, after, field = load(Path(raw)), load(corrected), load(truth.bias)
    if not head.array.shape == after.array.shape == field.array.shape:
        return None
    keep = (load(brain_mask).array > 0.5) & (after.array > 0) & (field.array > 0)
    if truth.mask:
        keep &= load(truth.mask).array > 0.5
    if not keep.any():
        return None
    ratio = head.array[keep] / after.array[keep] / field.array[keep]
    return float(ratio.std() / ratio.mean())


def flags(record: dict, limits: dict) -> list[str]:
    """Return a sentence for every limit, `min_` or `max_` of a metric, that a scan misses."""
    reasons = []
    for key, limit in limits.items():
        kind, _, name = key.partition("_")
        value = record.get(name)
        if limit is None or value is None:
            continue
        if kind == "min" and value < limit:
            reasons.append(f"{name} {value:.3f} is below {limit:g}")
        if kind == "max" and value > limit:
            reasons.append(f"{name} {value:.3f} is above {limit:g}")
    return reasons


def caption(record: dict, picture: Path) -> str:
    """Return the line under a picture: the scan and its metrics."""
    parts = [picture.name.split("_desc-")[0]]
    for name in ("coverage", "overlap", "correlation"):
        if record[name] is not None:
            parts.append(f"{name} {record[name]:.3f}")
    if record["mask_dice"] is not None:
        parts.append(f"Dice {record['mask_dice']:.3f}")
    if record["transform_error_mm"] is not None:
        parts.append(f"off by {record['transform_error_mm']:.1f} mm")
    if record["flagged"]:
        parts.append("FLAGGED")
    return "   ".join(parts)

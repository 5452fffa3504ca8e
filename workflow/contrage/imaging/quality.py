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
from contrage.imaging.native import Native
from contrage.imaging.template import grid_voxel_mm, mni_template
from contrage.imaging.template_source import NILEARN, Source, as_source

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Scanned:
    """A scan where it was scanned, and its way to MNI152; None where there is none.

    Attributes
    ----------
    anatomical, mask, corrected : Image or None
        As scanned; the brain found (bool) and what was made of it, on the same grid.
    map : Image or None
        The first of the session's maps, as scanned.
    affine, map_world : ndarray of shape (4, 4) or None
        Scan world → MNI152 world; map world → scan world.
    """

    anatomical: Image | None
    mask: Image | None
    corrected: Image | None
    map: Image | None
    affine: np.ndarray | None
    map_world: np.ndarray | None


@dataclass(frozen=True)
class Truth:
    """What is known of a phantom; None where it is not.

    Attributes
    ----------
    mask, coverage, bias : Image or None
        The brain and what the map covers (bool), the bias field.
    affine : ndarray of shape (4, 4) or None
        Scan world → MNI152 world.
    """

    mask: Image | None
    coverage: Image | None
    bias: Image | None
    affine: np.ndarray | None


def quality(
    settings: dict,
    *,
    sidecar: Path,
    anatomical: Path | None = None,
    stiffness: Path | None = None,
    dampingratio: Path | None = None,
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
    anatomical, stiffness, dampingratio : Path, optional
        The raw images: of the maps the first is measured, the anatomical one is drawn as well.
    brain_mask, corrected, transform, map_transform : Path, optional
        On the anatomical grid, and the affines; drawn, and compared with a truth where there is
        one.
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
    scanned = Scanned(
        anatomical=_image(anatomical),
        mask=_mask(brain_mask),
        corrected=_image(corrected),
        map=_image(stiffness or dampingratio),
        affine=read_affine(transform) if transform else None,
        map_world=read_affine(map_transform) if map_transform else None,
    )
    true_affine = np.array(read_json(truth_transform)["affine"]) if truth_transform else None
    truth = Truth(_mask(truth_mask), _mask(truth_coverage), _image(truth_bias), true_affine)
    head = _image(preproc_anatomical)
    given = {"stiffness": preproc_stiffness, "dampingratio": preproc_dampingratio}
    maps = {name: load(path) for name, path in given.items() if path and path.stat().st_size}
    learned = maps.get(settings.get("image", ""), next(iter(maps.values()), None))
    mask = _mask(preproc_mask)
    inside = mask.array if mask is not None else (head or learned).array != 0
    record = _judge(settings, inside, head, learned, scanned, truth)
    write_json(output, record)
    steps = read_json(sidecar).get("steps") or []
    native = Native.of(scanned.anatomical, scanned.mask, scanned.corrected, steps)
    source = as_source(settings.get("template"))
    pictures.draw(picture, head, maps, caption(record, picture), native, source)


def _judge(
    settings: dict,
    inside: np.ndarray,
    head: Image | None,
    learned: Image | None,
    scanned: Scanned,
    truth: Truth,
) -> dict:
    """Measure a scan that came through, in MNI152 and as scanned, and compare with the limits."""
    source = as_source(settings.get("template"))
    record = {"status": "ok", "stage": "quality", "reason": None}
    record |= metrics(inside, head, learned, source)
    record |= _placement(scanned, source)
    record |= against_truth(truth, record["coverage"], scanned, source)
    record["bias_residual_sd"] = bias_residual(truth, scanned)
    reasons = flags(record, settings)
    return record | {"flagged": bool(reasons), "flag_reason": reasons}


def _image(path: Path | None) -> Image | None:
    return load(path) if path else None


def _mask(path: Path | None) -> Image | None:
    """Load a mask as bool."""
    image = _image(path)
    return None if image is None else image.with_array(image.array > 0.5)


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


def _placement(scanned: Scanned, source: Source) -> dict:
    """Measure the scan as it was before preprocessing."""
    affine = np.eye(4) if scanned.affine is None else scanned.affine
    mask = None if scanned.mask is None else scanned.mask.array
    return placement.measure(
        affine, scanned.anatomical, scanned.map, mask, source, scanned.map_world
    )


def against_truth(
    truth: Truth, coverage: float, scanned: Scanned, source: Source = NILEARN
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
    if truth.mask is not None and scanned.mask is not None:
        result["mask_dice"] = dice(scanned.mask.array, truth.mask.array)
    brain = truth.mask or scanned.mask
    if truth.affine is not None and scanned.affine is not None and brain is not None:
        points = grid_points(brain, brain.array)[::11]
        there = transform_points(truth.affine, points)
        found = transform_points(scanned.affine, points)
        result["transform_error_mm"] = float(np.linalg.norm(found - there, axis=1).mean())
    if truth.affine is not None and truth.coverage is not None:
        template = mni_template(2, source)
        there = resample(truth.coverage, template.anatomical, np.linalg.inv(truth.affine)) > 0.5
        share = float((there & template.brain).sum() / template.brain.sum())
        result["coverage_error"] = coverage - share
    return result


def bias_residual(truth: Truth, scanned: Scanned) -> float | None:
    """Return the spread of estimated over true bias field inside the brain.

    The estimate is the raw image over the corrected one.

    Returns
    -------
    float or None
        Standard deviation of the ratio, scaled to mean 1; None where it cannot be known.
    """
    raw, after, field = scanned.anatomical, scanned.corrected, truth.bias
    if raw is None or after is None or field is None or scanned.mask is None:
        return None
    if not raw.array.shape == after.array.shape == field.array.shape:
        return None
    keep = scanned.mask.array & (after.array > 0) & (field.array > 0)
    if truth.mask is not None:
        keep &= truth.mask.array
    if not keep.any():
        return None
    ratio = raw.array[keep] / after.array[keep] / field.array[keep]
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

"""How well a scan was preprocessed: its metrics, what they are flagged for, a picture."""

from __future__ import annotations

import logging
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np

from contrage.errors import failure, is_of_one_scan
from contrage.files import read_json, write_json
from contrage.imaging.affines import read_affine
from contrage.imaging.images import Image, load, load_made
from contrage.imaging.limits import as_preprocessed
from contrage.imaging.masks import dice
from contrage.imaging.quality.misplaced import misplaced
from contrage.imaging.quality.native import Native, Scanned
from contrage.imaging.quality.truth import Truth, against_truth, bias_residual
from contrage.imaging.space import alignment as placement
from contrage.imaging.template.grids import grid_voxel_mm, mni_template
from contrage.imaging.template.source import Source, as_source
from contrage.settings.blocks.quality import QualityLimits
from contrage.settings.steps.imaging import QualityStep

log = logging.getLogger(__name__)

PICTURE = "contrage.imaging.quality.picture"
"""Loaded by this name where it is asked for: other colours are no reason to measure scans anew."""


def quality(
    settings: QualityStep,
    *,
    sidecar: Path,
    anatomical: Path | None = None,
    maps: dict[str, Path],
    brain_mask: Path | None = None,
    preproc_anatomical: Path | None = None,
    preproc_mask: Path | None = None,
    preproc_maps: dict[str, Path],
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
    settings : QualityStep
        Its limits are those of metrics, `min_coverage` or `max_stretch` (None: no limit), and
        `misplaced`, such limits further out (see `contrage.imaging.quality.misplaced`).
    sidecar : Path
        The scan's record, which `contrage.imaging.register` wrote; a failure is passed on.
    anatomical : Path, optional
        The raw image, which is drawn as well.
    maps : dict of str to Path
        The raw maps by name, of which the first is measured.
    brain_mask, corrected, transform, map_transform : Path, optional
        On the anatomical grid, and the affines; drawn, and compared with a truth where there is
        one.
    preproc_anatomical, preproc_mask : Path, optional
        On the MNI152 grid.
    preproc_maps : dict of str to Path
        Likewise, by name; a zero-byte map is one that the scan does not have.
    truth_mask, truth_coverage, truth_transform, truth_bias : Path, optional
        A phantom's truth.
    output : Path
        JSON: status, coverage, overlap, correlation, the metrics against the truth (None
        where there is none), flagged, flag_reason (list), misplaced (list of reasons).
    picture : Path
        PNG.
    """
    before = read_json(sidecar)
    if before.get("status") == "failed":
        kept = ("status", "stage", "reason", "unexpected")
        write_json(output, {key: before[key] for key in kept if key in before})
        _pictures().draw_failure(picture, before["reason"])
        return
    try:
        scanned = Scanned(
            anatomical=_image(anatomical),
            mask=_mask(brain_mask),
            corrected=_made(corrected),
            map=_map(maps, before),
            affine=read_affine(transform) if transform else None,
            map_world=read_affine(map_transform) if map_transform else None,
        )
        true_affine = np.array(read_json(truth_transform)["affine"]) if truth_transform else None
        truth = Truth(_mask(truth_mask), _mask(truth_coverage), _made(truth_bias), true_affine)
        head = _made(preproc_anatomical)
        placed = {
            name: load_made(path)
            for name, path in preproc_maps.items()
            if name in maps or not path.is_file() or path.stat().st_size
        }
        learned = placed.get(settings.image, next(iter(placed.values()), None))
        mask = _mask(preproc_mask)
        inside = mask.array if mask is not None else (head or learned).array != 0
        record = _judge(settings, inside, head, learned, scanned, truth)
        write_json(output, record)
        steps = before.get("steps") or []
        native = Native.of(scanned.anatomical, scanned.mask, scanned.corrected, steps)
        source = as_source(settings.template)
        _pictures().draw(picture, head, placed, caption(record), native, source)
    except Exception as error:
        if not is_of_one_scan(error):
            raise
        record = {"status": "failed", **failure("quality", error)}
        write_json(output, record)
        _pictures().draw_failure(picture, record["reason"])


def _pictures() -> ModuleType:
    return import_module(PICTURE)


def _judge(
    settings: QualityStep,
    inside: np.ndarray,
    head: Image | None,
    learned: Image | None,
    scanned: Scanned,
    truth: Truth,
) -> dict:
    """Measure a scan that came through, in MNI152 and as scanned, and compare with the limits."""
    source = as_source(settings.template)
    record = {"status": "ok", "stage": "quality", "reason": None}
    record |= metrics(inside, head, learned, source)
    record |= _placement(scanned, source)
    record |= against_truth(truth, record["coverage"], scanned, source)
    record["bias_residual_sd"] = bias_residual(truth, scanned)
    reasons = flags(record, settings.limits)
    found = {"flagged": bool(reasons), "flag_reason": reasons}
    return record | found | {"misplaced": misplaced(record, settings.limits)}


def _image(path: Path | None) -> Image | None:
    return load(path) if path else None


def _map(maps: dict[str, Path], before: dict) -> Image | None:
    """Load the first of the session's maps, without what was no measurement in it."""
    for name, path in maps.items():
        return as_preprocessed(name, load(path), before)
    return None


def _made(path: Path | None) -> Image | None:
    return load_made(path) if path else None


def _mask(path: Path | None) -> Image | None:
    """Load a mask as bool."""
    image = _made(path)
    return None if image is None else image.with_array(image.array > 0.5)


def metrics(
    inside: np.ndarray,
    head: Image | None,
    learned: Image | None,
    source: Source,
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


def flags(record: dict, limits: QualityLimits) -> list[str]:
    """Return a sentence for every limit, `min_` or `max_` of a metric, that a scan misses."""
    reasons = []
    for key, limit in sorted(vars(limits).items()):
        kind, _, name = key.partition("_")
        value = record.get(name)
        if limit is None or value is None:
            continue
        if kind == "min" and value < limit:
            reasons.append(f"{name} {value:.3f} is below {limit:g}")
        if kind == "max" and value > limit:
            reasons.append(f"{name} {value:.3f} is above {limit:g}")
    return reasons


def caption(record: dict) -> str:
    """Return the line under a picture: metrics, and no name, for pages show it to others."""
    parts = []
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

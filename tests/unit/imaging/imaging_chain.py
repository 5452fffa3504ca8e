"""The three steps of preprocessing after each other, through files, as rules run them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from given import block
from imaging_steps import MAPS, TEMPLATE, step

from contrage.imaging.correct import correct
from contrage.imaging.register import register
from contrage.imaging.strip import strip
from contrage.plan import imaging as plan

STEPS = tuple(partial(step, function) for function in (strip, correct, register))
OF_NO_BLOCK = ("template", "reference")
CORRECTED = ("corrected", "corrected_stiffness", "corrected_dampingratio")


def configuration(settings: dict[str, Any], given: set[str]) -> dict[str, Any]:
    """Return a configuration that has these settings of preprocessing, for such images."""
    blocks = {key: each for key, each in settings.items() if key not in OF_NO_BLOCK}
    steps = block("preprocessing", **blocks)
    maps = [name for name in MAPS if name in given]
    image = "T1w" if "anatomical" in given else settings.get("reference", (maps or ["T1w"])[0])
    if "magnitude" in given:
        steps["registration"]["map_pose"] = "magnitude"
    cohort = {"source": "bids", "image": image, "maps": maps}
    return {"cohort": cohort, "preprocessing": steps}


def preprocess(
    settings: dict[str, Any],
    *,
    check: Path,
    sidecar: Path,
    steps: tuple[Callable[..., None], ...] = STEPS,
    raw: Path | None = None,
    derivatives: Path | None = None,
    **files: Path,
) -> None:
    """Strip, correct and register a scan; settings and files are those of all three."""
    strip, correct, register = steps
    roots = {"raw": raw, "derivatives": derivatives}
    names = ("anatomical", *MAPS, "mask", "magnitude")
    images = {name: files.pop(name) for name in names if name in files}
    config, template = configuration(settings, set(images)), settings.get("template", TEMPLATE)
    head = {name: images[name] for name in ("anatomical",) if name in images}
    maps = {name: images[name] for name in MAPS if name in images}
    away = check.parent / "steps"
    mask = files.pop("brain_mask", away / "mask.nii.gz")
    made = {name: files.pop(name) for name in CORRECTED if name in files}
    if not plan.corrects(config):
        made = {}
    if head:
        made.setdefault("corrected", away / "corrected.nii.gz")
    before = away / "strip.json"
    given = {name: images[name] for name in ("mask",) if name in images}
    strip(
        plan.strip_settings(config, template),
        **{"before": check, **(head or maps), **given, **roots},
        brain_mask=mask,
        record=before,
    )
    if plan.corrects_maps(config):
        for name in maps:
            made.setdefault(f"corrected_{name}", away / f"{name}.nii.gz")
    if made:
        record = away / "correct.json"
        correct(
            plan.correct_settings(config),
            **{"before": before, **head, **(maps if plan.corrects_maps(config) else {}), **roots},
            **made,
            brain_mask=mask,
            record=record,
        )
        before = record
    moved = {name: images[name] for name in ("magnitude",) if name in images}
    register(
        plan.register_settings(config, template),
        **{"before": before, **head, **maps, **moved, **made, **files, **roots},
        brain_mask=mask,
        record=sidecar,
    )

"""The three steps of preprocessing after each other, through files, as rules run them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from contrage.imaging.correct import correct
from contrage.imaging.register import register
from contrage.imaging.strip import strip
from contrage.plan import imaging as plan
from contrage.settings.schema import load_schema

SCHEMA = load_schema(Path(plan.__file__).parents[2] / "schemas" / "config.schema.yaml")
MAPS = ("stiffness", "dampingratio")
CORRECTED = ("corrected", "corrected_stiffness", "corrected_dampingratio")


def defaults(block: dict[str, Any]) -> dict[str, Any]:
    """Return the default of each key of a block of the schema."""
    found = {}
    for key, part in block["properties"].items():
        found[key] = defaults(part) if "properties" in part else part.get("default")
    return found


def configuration(settings: dict[str, Any], given: set[str]) -> dict[str, Any]:
    """Return a configuration that has these settings of preprocessing, for such images."""
    steps = defaults(SCHEMA["properties"]["preprocessing"])
    steps["registration"]["quality"] = "precise"
    steps["skull_strip"] = {"method": "template"}
    for key, block in settings.items():
        steps[key] = {**steps[key], **block} if isinstance(steps.get(key), dict) else block
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
    steps: tuple[Callable[..., None], ...] = (strip, correct, register),
    raw: Path | None = None,
    derivatives: Path | None = None,
    **files: Path,
) -> None:
    """Strip, correct and register a scan; settings and files are those of all three."""
    strip, correct, register = steps
    roots = {"raw": raw, "derivatives": derivatives}
    names = ("anatomical", *MAPS, "mask", "magnitude")
    images = {name: files.pop(name) for name in names if name in files}
    config, template = configuration(settings, set(images)), settings.get("template", {})
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

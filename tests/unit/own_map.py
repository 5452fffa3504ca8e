"""A map of somebody's own, and a scan of it on its way through the commands of imaging."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from contrage import cli
from contrage.files import save_nifti
from contrage.imaging.template.grids import mni_template
from contrage.imaging.template.source import NILEARN
from contrage.layout import Derivatives, of_scan
from contrage.plan import imaging as plan
from contrage.settings.build import as_plain

SCAN = "sub-1"
BRAIN_ONLY = {
    "skull_strip": {"method": "none"},
    "bias_correction": {"target": "map", "iterations": [2]},
    "registration": {"transform": "none"},
}


def write_map(path: Path, rng: np.random.Generator) -> None:
    """Write a map in MNI152 on 4 mm: smooth, a third about its median, 0 outside the brain."""
    template = mni_template()
    brain = template.brain[::2, ::2, ::2]
    smooth = ndimage.gaussian_filter(rng.normal(size=brain.shape), 1.5)
    values = np.where(brain, 0.3 * np.exp(0.35 * smooth / smooth.std()), 0).astype(np.float32)
    save_nifti(path, values, template.anatomical.affine @ np.diag([2, 2, 2, 1]))


def command(step: str, settings: Any, **given: str) -> None:
    """Run a step as its rule does."""
    there = {name: shlex.quote(of_scan(path, SCAN)) for name, path in given.items()}
    options = shlex.split(plan.as_options(there))
    cli.main([step, "--settings", json.dumps(as_plain(settings)), *options])


def preprocess(asked: dict[str, Any], raw: dict[str, str], files: Derivatives) -> None:
    """Check, strip, correct, register, measure and describe a scan of maps alone."""
    template, roots = NILEARN.settings(), {"raw": "data", "derivatives": str(files)}
    mask = {"brain_mask": files.native_mask(asked["cohort"]["anatomical"])}
    corrected = plan.corrected_images(asked, files)
    registered = plan.registered_images(asked, files)
    records = [files.check, files.strip_record, files.correct_record, files.preproc_sidecar]
    steps = [
        ("strip", plan.strip_settings(asked, template), {}),
        ("correct", plan.correct_settings(asked), corrected),
        ("register", plan.register_settings(asked, template), {**corrected, **registered}),
    ]
    command("check", plan.check_settings(asked, template), **raw, output=files.check)
    for (step, settings, images), before, record in zip(steps, records, records[1:], strict=False):
        told = {"before": before, "record": record}
        command(step, settings, **raw, **told, **mask, **images, **roots)
    made = plan.measured_images(asked, files) | {"sidecar": files.preproc_sidecar}
    out = {"output": files.quality, "picture": files.picture}
    command("quality", plan.quality_settings(asked, template), **raw, **made, **out)
    names = ("description", "readme", "ignore", "descriptions", "methods")
    out = {name: getattr(files, name) for name in names}
    settings = plan.describe_settings(asked, template)
    command("describe", settings, scans=files.scans, **out, **roots)

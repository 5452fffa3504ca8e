"""What the steps of imaging are asked for: defaults, with what a test says laid over."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from given import block, given

from contrage.imaging import check as checking
from contrage.imaging.quality import measure
from contrage.imaging.template.source import NILEARN
from contrage.plan import imaging as plan
from contrage.settings.blocks.bias_correction import BiasCorrectionSettings
from contrage.settings.blocks.quality import MisplacedSettings, QualityLimits
from contrage.settings.build import fields_of
from contrage.settings.steps.imaging import (
    CheckStep,
    MapLimits,
    QualityStep,
    RegisterFit,
    StatedSettings,
    StripMethod,
)
from contrage.settings.steps.imaging_tables import DescribeStep, ScreenStep

MAPS = ("stiffness", "dampingratio")
TEMPLATE = NILEARN.settings()


def step(function: Callable[..., None], settings: Any, **files: Path | None) -> None:
    """Run a step; maps are given by their names, as "stiffness" or "preproc_stiffness"."""
    names = inspect.signature(function).parameters
    none = {name: {} for name in names if name.endswith("maps")}
    function(settings, **{**none, **plan.grouped(files)})


check, quality = partial(step, checking.check), partial(step, measure.quality)


def by(name: str, **options: Any) -> StripMethod:
    """Return a method of skull stripping."""
    own = {name: options} if options else {}
    asked = block("preprocessing.skull_strip", method=name, **own)
    return plan.strip_method({"preprocessing": {"skull_strip": asked}})


def map_limits(beyond: str = "refuse", **changed: Any) -> MapLimits:
    """Return what values maps may have."""
    asked = block("preprocessing.limits", beyond=beyond, **changed)
    return plan.limits_of(MAPS, {"preprocessing": {"limits": asked}})


def checks(
    stiffness_unit: str = "auto",
    limits: MapLimits | None = None,
    stated: StatedSettings | None = None,
) -> CheckStep:
    """Return what the step check is asked for."""
    titles = plan.titles_of(MAPS)
    return CheckStep(stiffness_unit, titles, limits or map_limits(), stated, TEMPLATE)


def bias(**changes: Any) -> BiasCorrectionSettings:
    """Return the settings of N4."""
    return given(BiasCorrectionSettings, "preprocessing.bias_correction", **changes)


def fit(transform: str, quality: str = "testing", **changes: Any) -> RegisterFit:
    """Return how a scan comes to MNI152, with ANTs' settings of all parts."""
    asked = block("preprocessing.registration", transform=transform, quality=quality, **changes)
    ants = plan.ants_settings(quality)
    parts = {part: getattr(ants, part) for part in plan.ANTS_PARTS}
    return RegisterFit(**asked, **parts)


def quality_limits(misplaced: dict[str, Any] | None = None, **stated: Any) -> QualityLimits:
    """Return limits of quality, no others than those that are stated."""
    outer = MisplacedSettings(**dict.fromkeys(fields_of(MisplacedSettings)) | (misplaced or {}))
    none = dict.fromkeys(fields_of(QualityLimits))
    return QualityLimits(**none | stated | {"misplaced": outer})


def screening(on_bad_scan: str, **cohort: Any) -> ScreenStep:
    """Return what the step screen is asked for."""
    return plan.screen_settings({"cohort": block("cohort", on_bad_scan=on_bad_scan, **cohort)})


def described(maps: list[str], **blocks: Any) -> DescribeStep:
    """Return what the step describe is asked for of a cohort with these maps."""
    asked = block("preprocessing", **{"registration": {"quality": "testing"}} | blocks)
    cohort = block("cohort", name="our-cohort", image="T1w", maps=maps)
    return plan.describe_settings({"cohort": cohort, "preprocessing": asked}, TEMPLATE)


def judging(image: str = "stiffness", **stated: Any) -> QualityStep:
    """Return what the step quality is asked for, with such limits alone."""
    return QualityStep(TEMPLATE, image, quality_limits(**stated))

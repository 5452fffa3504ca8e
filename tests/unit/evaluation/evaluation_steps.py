"""What the steps of this stage are asked for: the schema's defaults, and what a test changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from given import given
from targets import AGE

from contrage.form import Form
from contrage.settings.blocks.probe import ProbeSettings
from contrage.settings.blocks.statistics import StatisticsSettings
from contrage.settings.steps.evaluation import BaselinesStep, EvaluateStep, ProbeStep, SeenImages
from contrage.target_words import TargetInWords


def statistics(**changes: Any) -> StatisticsSettings:
    """Return how intervals are drawn."""
    return given(StatisticsSettings, "statistics", **changes)


def probe_of(
    row: str = "exp", seeds: tuple[int, ...] = (0,), target: TargetInWords = AGE, **probe: Any
) -> ProbeStep:
    """Return what a probe is asked for; `probe` are changes of the configuration's block."""
    return ProbeStep(row, seeds, target.written, given(ProbeSettings, "probe", **probe))


def seen(form: Mapping[str, Any], voxel_mm: float = 4, **changes: str) -> SeenImages:
    """Return what is seen of images, or of features."""
    told = {"normalisation": "train", "field_of_view": "own", **changes}
    return SeenImages(form=Form(**form), voxel_mm=voxel_mm, **told)


def baselines_of(dataset: SeenImages, target: TargetInWords = AGE, **probe: Any) -> BaselinesStep:
    """Return what the baselines are asked for; `probe` as of `probe_of`."""
    return BaselinesStep(target.written, given(ProbeSettings, "probe", **probe), dataset)


def evaluation_of(
    name: str,
    form: Mapping[str, Any],
    rows: tuple[str, ...] = (),
    told: Mapping[str, Any] | None = None,
) -> EvaluateStep:
    """Return what an evaluation is asked for."""
    return EvaluateStep(name, AGE.learned, Form(**form), rows, dict(told or {}))

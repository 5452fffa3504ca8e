"""What the step cohort is asked for: the schema's defaults, with what a test says laid over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from given import block

from contrage.cohort.feature_table import FeatureTable, open_table
from contrage.plan.cohort_settings import settings_of
from contrage.settings.steps.cohort import CohortStep


def asked(
    *,
    target: dict[str, Any] | None = None,
    asked_by: dict[str, str] | None = None,
    raw: str = "raw",
    needs_anatomical: bool = False,
    needs_mask: bool = False,
    needs_magnitude: bool = False,
    **cohort: Any,
) -> CohortStep:
    """Return the step's settings; `cohort` and `target` are what differs from the defaults."""
    return settings_of(
        block("cohort", **cohort),
        target=block("target", **(target or {})),
        asked_by=asked_by or {},
        raw=raw,
        needs_anatomical=needs_anatomical,
        needs_mask=needs_mask,
        needs_magnitude=needs_magnitude,
    )


def opened(settings: CohortStep) -> FeatureTable:
    """Return the table of features that a cohort is read from."""
    path, target = Path(settings.path), settings.target
    own = target.column if target else None
    return open_table(path, settings.table, settings.columns, settings.asked_by, own)

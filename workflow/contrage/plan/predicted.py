"""What is asked of the jobs that predict new scans with a model that is there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contrage.errors import SettingsError
from contrage.settings.steps.model import JoinPredictionsStep, PredictPartStep

FACTS = "bundle.json"
"""A model's file, which has the checksums of all others."""
ASKED = ("model", "scans", "known", "interval", "explain", "atlas")
"""Settings of the block that each part is told."""


def check(asked: Mapping[str, Any]) -> None:
    """Raise `SettingsError` where the block `predict` names what is not there."""
    if not Path(model(asked)).is_file():
        raise SettingsError(
            f"predict.model: {asked['model']} is no model, it has no {FACTS}; give a folder such "
            "as a run makes below models"
        )
    for key in ("scans", "known", "atlas"):
        if asked[key] is not None and not Path(asked[key] or "-").exists():
            raise SettingsError(
                f"predict.{key}: there is no {asked[key] or 'file or folder given'}"
            )
    if asked["atlas"] is not None and not asked["explain"]:
        raise SettingsError(
            "predict.atlas: names the regions of predict.explain; set that to true as well"
        )


def model(asked: Mapping[str, Any]) -> str:
    """Return the file by which a model is known."""
    return str(Path(asked["model"]) / FACTS)


def files(asked: Mapping[str, Any]) -> list[str]:
    """Return every file that predictions may depend on, sorted."""
    found = [asked[key] for key in ("scans", "known", "atlas") if asked[key] is not None]
    for root, _, names in os.walk(asked["scans"]):
        found += [os.path.join(root, name) for name in names]
    return sorted(found)


def part(asked: Mapping[str, Any], number: int) -> PredictPartStep:
    """Return what a part of the scans is asked for."""
    return PredictPartStep(
        **{key: asked[key] for key in ASKED},
        part=number,
        parts=asked["jobs"],
    )


def join() -> JoinPredictionsStep:
    """Return what putting them together is asked for."""
    return JoinPredictionsStep()

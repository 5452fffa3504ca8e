"""A training done again from its seed: the same bits, or why they may be others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from contrage.errors import ContrageError, SettingsError
from contrage.files import read_npz
from contrage.learning.checkpoint import read_model
from contrage.verify.again import do_again
from contrage.verify.code import changed
from contrage.verify.finding import DIFFERS, MISSING, SAME, LookedAt
from contrage.verify.opened import Provenance

PART = "training"
WEIGHTS = ("encoder", "head")


def retrain(of: Provenance, row: str, folder: Path) -> LookedAt:
    """Train a row again, its first seed and fold, and compare weights and features to the bit.

    Raises
    ------
    SettingsError
        There is no such row.
    """
    if row not in of.recorded.trainings:
        known = ", ".join(of.recorded.trainings)
        raise SettingsError(f"--retrain: {row} is no row of the experiment; choose of {known}")
    job = of.recorded.trainings[row]
    job = replace(job, settings=of.recorded.common | job.settings)
    what = f"{row}, seed {job.settings['seed']}, fold {job.told['fold']}"
    gone = [path for path in job.writes.values() if not Path(path).is_file()]
    if gone:
        return LookedAt(PART, what, MISSING, gone[0])
    try:
        made = do_again(job, folder, {"resume": folder / "resume.pt"})
    except ContrageError as error:
        return LookedAt(PART, what, DIFFERS, f"cannot be trained again: {error}")
    before, now = read_model(Path(job.writes["model"])), read_model(made["model"])
    found = differences(before, now)
    found += _features(read_npz(Path(job.writes["features"])), read_npz(made["features"]))
    if not found:
        return LookedAt(PART, what, SAME, f"weights and features to the bit, on {_told(now)}")
    reasons = why(before, now, f"train {row}" in changed(of.recorded))
    return LookedAt(PART, what, DIFFERS, "; ".join([*found, *reasons]))


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Say how far apart the weights of two trainings are, if they are."""
    pairs = [(before[part], now[part]) for part in WEIGHTS]
    if any(old.keys() != new.keys() for old, new in pairs):
        return ["other weights altogether"]
    each = [(old[name], new[name]) for old, new in pairs for name in old]
    if all(torch.equal(old, new) for old, new in each):
        return []
    if any(old.shape != new.shape for old, new in each):
        return ["weights of another shape"]
    apart = [(old.double() - new.double()).abs().max() for old, new in each if old.numel()]
    return [f"weights differ by up to {float(max(apart)):.2g}"]


def _features(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Say how far apart features are, if they are."""
    old, new = before["features"], now["features"]
    if old.shape == new.shape and np.array_equal(old, new, equal_nan=True):
        return []
    if old.shape != new.shape:
        return ["features of another shape"]
    return [f"features differ by up to {np.nanmax(np.abs(old - new)):.2g}"]


def why(before: Mapping[str, Any], now: Mapping[str, Any], code_changed: bool) -> list[str]:
    """Say what may explain that bits differ."""
    reasons = ["the code is another"] * code_changed
    old, new = before.get("computed_on", {}), now["computed_on"]
    reasons += [
        f"{name}: {old[name]} then, {new[name]} now"
        for name in new
        if name in old and old[name] != new[name]
    ]
    if not old:
        reasons.append("on which processor it was trained is not recorded")
    deterministic = now["settings"]["training"]["deterministic"]
    if new["device"] != "cpu" and not deterministic:
        reasons.append("a GPU repeats its bits with training.deterministic alone")
    return reasons or ["nothing that is recorded explains it"]


def _told(model: Mapping[str, Any]) -> str:
    on = model["computed_on"]
    return f"{on['processor']}, torch {on['torch']}" + (
        "" if on["device"] == "cpu" else f", {on['device']}"
    )

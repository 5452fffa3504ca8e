"""What reads a file of a kind that is brought to one shape, as the step `arrays` has it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from given import block

from contrage import modalities
from contrage.plan.kinds import asked_of_kind, configured
from contrage.prepared import Cut


def reader(image: str, **own: Any) -> Callable[..., tuple[np.ndarray, list[str]]]:
    """Return what reads a file with the settings of a cohort's block, and what it tells."""
    cohort = block("cohort", image=image, source="arrays", **{image: own})
    kind, settings = configured(cohort), asked_of_kind(cohort)
    read = importlib.import_module(kind.reader).reading(kind.prepared, settings)

    def of(path: Path, cut: Cut | None = None) -> tuple[np.ndarray, list[str]]:
        told: list[str] = []
        values = read(path, cut, told.append)
        assert values.dtype == np.float32 and values.shape == kind.prepared.whole
        return values, told

    return of


def check_needs(**cohort: Any) -> None:
    """Ask whether all is there that a kind of data needs."""
    whole = block("cohort", **cohort)
    modalities.check_needs(whole["image"], asked_of_kind(whole))

"""What readers of a study are shown in place of names."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Mapping

from contrage.report.style import BASELINE_NAMES, baseline_name, loss_name

MEASURES = {
    "mae": "MAE",
    "mse": "MSE",
    "rmse": "RMSE",
    "gm": "GM",
    "r2": "R²",
    "r": "r",
    "bacc": "balanced accuracy",
    "auc": "AUC",
    "ece": "ECE",
    "row": "loss",
    "n_train": "people learned from",
}


def label(name: str, labels: Mapping[str, str]) -> str:
    """Return what a reader is shown for a name: of the study, else of losses and measures."""
    if name in labels:
        return labels[name]
    for pattern, words in labels.items():
        if fnmatch.fnmatchcase(name, pattern):
            return words
    if name in MEASURES:
        return MEASURES[name]
    return baseline_name(name) if name in BASELINE_NAMES else loss_name(name)


def heading(parts: tuple[str, ...], labels: Mapping[str, str]) -> str:
    """Return the labels of a column's parts, joined; a part twice the same stands once."""
    return "/".join(dict.fromkeys(label(part, labels) for part in parts))


def shown(value: float) -> str:
    """Return a number with three digits or so: 12.3, 4.56, 0.789."""
    if value is None or not math.isfinite(value):
        return "–"
    size = abs(value)
    if float(value).is_integer() and size >= 10:
        return f"{value:.0f}"
    digits = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 1 else 3
    return f"{value:.{digits}f}".replace("-", "−")

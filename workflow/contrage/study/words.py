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
    "ace": "ACE",
    "ci_low": "from",
    "ci_high": "to",
    "row": "loss",
    "n_train": "people learned from",
}


def label(name: str, labels: Mapping[str, str]) -> str:
    """Return what a reader is shown for an overlay, a cohort, a group or a row."""
    if (words := _stated(name, labels)) is not None:
        return words
    return baseline_name(name) if name in BASELINE_NAMES else loss_name(name)


def measure(name: str, labels: Mapping[str, str]) -> str:
    """Return what a reader is shown for a column of a finished table; of <table>.<column> too."""
    if (words := _stated(name, labels)) is not None:
        return words
    column = name.rpartition(".")[2]
    if column != name and (words := _stated(column, labels)) is not None:
        return words
    return MEASURES[column] if column in MEASURES else column.replace("_", " ")


def _stated(name: str, labels: Mapping[str, str]) -> str | None:
    """Return what the study calls a name, by itself or by a pattern."""
    if name in labels:
        return labels[name]
    fitting = (words for pattern, words in labels.items() if fnmatch.fnmatchcase(name, pattern))
    return next(fitting, None)


def heading(parts: tuple[str, ...], labels: Mapping[str, str]) -> str:
    """Return the labels of a column's parts, joined; a part twice the same stands once."""
    return "/".join(dict.fromkeys(label(part, labels) for part in parts))


def shown(value: float) -> str:
    """Return a number with three digits or so, and two at least: 12.3, 4.56, 0.789, 0.00048."""
    if value is None or not math.isfinite(value):
        return "–"
    size = round(abs(value), 3)
    if float(value).is_integer() and size >= 10:
        return f"{value:.0f}"
    digits = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 1 else 3
    if 1e-8 < abs(value) < 0.01:
        digits = 1 - math.floor(math.log10(abs(value)))
    return f"{value:z.{digits}f}".replace("-", "−")

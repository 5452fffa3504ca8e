"""What second stages started from, beside their controls: as many epochs from random weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from contrage.report.elements.html_tables import Line, PageTable
from contrage.report.findings import Study
from contrage.report.style import loss_name
from contrage.report.text import MISSING, count, plus_minus

ALSO_LEARNED = {
    "lds": "rare targets weighing more",
    "fds": "features smoothed over labels",
    "mixup": "inputs mixed",
    "permute_labels": "permuted labels",
}
"""What of a row's training changes what it learns, in words: a control has the same."""


def epochs_before(metrics: Mapping[str, list[dict[str, Any]]]) -> dict[str, list[int]]:
    """Return row → the epochs of the weights that its trainings started from, in order.

    Parameters
    ----------
    metrics : mapping of str to list of dict
        Row → the metrics of its trainings; of a row that started from none without `start_epochs`.
    """
    found = {
        row: sorted({epoch for each in of_row for epoch in each.get("start_epochs", [])})
        for row, of_row in metrics.items()
    }
    return {row: epochs for row, epochs in found.items() if epochs}


def stages(study: Study) -> PageTable:
    """Return a line per second stage: its start, what it learned, its result and its control's."""
    measure = study.target.measure
    frame = study.main.set_index("loss") if len(study.main) else pd.DataFrame()
    lines = []
    for row, stated in study.config.rows.items():
        if "stage" not in stated or row not in frame.index:
            continue
        start, stage = stated["from"], stated["stage"]
        epochs = _epochs(study, row)
        other = start["experiment"]
        whose = loss_name(start["row"]) + (f" of {other}" if other else "")
        one = [key for key in ("seed", "fold") if start[key] != "same"]
        whose += "".join(f", {key} {start[key]}" for key in one)
        what = "head alone" if stage["train"] == "head" else "encoder and head"
        before = study.starts.get(row, [])
        shown = " to ".join(dict.fromkeys(map(str, (before[0], before[-1])))) if before else MISSING
        also = [words for key, words in ALSO_LEARNED.items() if stage.get(key)]
        learned = ", ".join([loss_name(stage["loss"]), count(epochs, "epoch"), what, *also])
        result = _result(study, frame.loc[row], measure)
        control = _control(study, row, before, epochs, frame)
        lines.append(Line([loss_name(row), whose, shown, learned, result, control]))
    head = ["row", "starts from", "weights of epoch", "then learned", _head(study), "control"]
    return PageTable(head, lines, 4, f"tables/{measure}.tsv")


def _head(study: Study) -> str:
    return "balanced accuracy" if study.target.is_binary else study.target.label("MAE")


def _result(study: Study, line: pd.Series, measure: str) -> str:
    digits = 2 if study.target.is_binary else study.digits
    return plus_minus(line[f"{measure}_mean"], line.get(f"{measure}_sd"), digits)


def _epochs(study: Study, row: str) -> int:
    """Return how many epochs a row is trained for."""
    stated = _stated(study, row)
    own = stated.get("stage", stated)
    return own.get("epochs", study.config.training.epochs)


def _stated(study: Study, row: str) -> dict[str, Any]:
    """Return what `rows` says of a row; of one that is not there, that its loss is of its name."""
    own = study.config.rows
    return own.get(row, {"loss": row})


def _control(study: Study, row: str, before: list[int], epochs: int, frame: pd.DataFrame) -> str:
    """Name the row that learned the same from random weights for as long, with its result."""
    if not before:
        return MISSING
    stage, wanted = study.config.rows[row]["stage"], before[-1] + epochs
    for name in frame.index:
        stated = _stated(study, name)
        if "stage" in stated or stated["loss"] != stage["loss"] or _epochs(study, name) != wanted:
            continue
        if any(stated.get(key) != stage.get(key) for key in ALSO_LEARNED):
            continue
        return f"{loss_name(name)}: {_result(study, frame.loc[name], study.target.measure)}"
    also = "".join(f", {key}: …" for key in ALSO_LEARNED if stage.get(key))
    return (
        f"none: what more epochs alone would bring is not known; add to rows {row}-equal: "
        f"{{loss: {stage['loss']}, epochs: {wanted}{also}}}"
    )

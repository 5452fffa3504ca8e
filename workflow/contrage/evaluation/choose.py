"""The best draw of a random search, and the table of all draws."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np

from contrage.files import read_json, write_json
from contrage.settings.steps.evaluation import ChooseStep, SearchTableStep
from contrage.tables import write_rows

logger = logging.getLogger(__name__)

RULE = "the smallest validation MAE, of equal ones that of the lowest draw number"
COLUMNS = ("row", "split", "fold", "draw", "validation_mae", "chosen")


def choose(settings: ChooseStep, *, metrics: list[Path], output: Path) -> None:
    """Write the settings of the draw with the smallest error on the validation part.

    Parameters
    ----------
    settings : ChooseStep
    metrics : list of Path
        What the probe of each draw found, in the same order.
    output : Path
        Output JSON: row, split, fold; `settings`, `draw` and `validation_mae` of the best;
        `draws`, how many there were; `rule`; `scores`, settings and error of every draw.
    """
    errors = [read_json(path)["mae"] for path in metrics]
    best = int(np.argmin(errors))
    where = {"row": settings.row, "split": settings.split, "fold": settings.fold}
    scores = [
        {"draw": number, "settings": drawn, "validation_mae": error}
        for number, (drawn, error) in enumerate(zip(settings.draws, errors, strict=True))
    ]
    write_json(
        output, where | scores[best] | {"draws": len(errors), "rule": RULE} | {"scores": scores}
    )
    logger.info("draw %d of %d: validation MAE %.3f", best, len(errors), errors[best])


def search_table(settings: SearchTableStep, *, best: list[Path], output: Path) -> None:
    """Write a line for every draw of every search.

    Parameters
    ----------
    settings : SearchTableStep
    best : list of Path
        Files written by `choose`.
    output : Path
        Output TSV: row, split, fold, draw, validation_mae, chosen (true or false), and a
        column per setting, "n/a" where a row does not search it.
    """
    found = [read_json(path) for path in best]
    names = dict.fromkeys(
        name for each in found for score in each["scores"] for name in score["settings"]
    )
    rows = []
    for each in found:
        for score in each["scores"]:
            cells = [each["row"], each["split"], each["fold"], score["draw"]]
            cells += [score["validation_mae"], score["draw"] == each["draw"]]
            cells += [score["settings"].get(name) for name in names]
            rows.append(dict(zip([*COLUMNS, *names], map(cell, cells), strict=True)))
    write_rows(output, [*COLUMNS, *names], rows)


def cell(value: Any) -> str:
    """Return a value as it stands in the table: words as they are, all else as JSON."""
    if value is None:
        return "n/a"
    return value if isinstance(value, str) else json.dumps(value)

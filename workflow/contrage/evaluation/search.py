"""The best draw of a random search, and the table of all draws."""

from __future__ import annotations

import json
import logging
import math
from pathlib import Path
from typing import Any

from contrage.errors import ContrageError
from contrage.files import read_json, write_json
from contrage.tables import write_rows

logger = logging.getLogger(__name__)

RULE = "the smallest validation MAE, of equal ones that of the lowest draw number"
COLUMNS = ("row", "split", "fold", "draw", "validation_mae", "chosen")


def choose(settings: dict[str, Any], *, metrics: list[Path], output: Path) -> None:
    """Write the settings of the draw with the smallest error on the validation part.

    Parameters
    ----------
    settings : dict
        `row`, `split` (the seed whose split it is), `fold` and `draws` (settings of each draw).
    metrics : list of Path
        What the probe of each draw found, in the same order.
    output : Path
        Output JSON: row, split, fold; `settings`, `draw` and `validation_mae` (years) of the best;
        `draws`, how many there were; `rule`; `scores`, settings and error of every draw.

    Raises
    ------
    ContrageError
        If no draw has an error that is a number.
    """
    errors = [read_json(path)["mae"] for path in metrics]
    best = best_draw(errors)
    if best is None:
        raise ContrageError(
            f"search.rows.{settings['row']}: none of the {len(errors)} draws could be scored in "
            f"fold {settings['fold']}; choose other ranges"
        )
    where = {key: settings[key] for key in ("row", "split", "fold")}
    scores = [
        {"draw": number, "settings": drawn, "validation_mae": error}
        for number, (drawn, error) in enumerate(zip(settings["draws"], errors, strict=True))
    ]
    write_json(
        output, where | scores[best] | {"draws": len(errors), "rule": RULE} | {"scores": scores}
    )
    logger.info("draw %d of %d: validation MAE %.3f years", best, len(errors), errors[best])


def best_draw(errors: list[float | None]) -> int | None:
    """Return the place of the smallest error, the first of equal ones; None counts as no score."""
    places = [place for place, error in enumerate(errors) if not _missing(error)]
    return min(places, key=lambda place: errors[place], default=None)


def search_table(settings: dict[str, Any], *, best: list[Path], output: Path) -> None:
    """Write a line for every draw of every search.

    Parameters
    ----------
    settings : dict
        Nothing is asked of it.
    best : list of Path
        Files written by `choose`.
    output : Path
        Output TSV: row, split, fold, draw, validation_mae (years), chosen (true or false), and a
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
    if _missing(value):
        return "n/a"
    return value if isinstance(value, str) else json.dumps(value)


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))

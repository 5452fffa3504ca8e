"""The tables of a study, and the points of its curves, each as a TSV of one line per cell."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from contrage.dataset.roles import LEARNED_FROM
from contrage.evaluation.statistics.scaling import forecast, power_law
from contrage.settings.steps.study import CurveAsked, StudyTablesStep, TableAsked
from contrage.study.cells import ROW, Finished, tidy
from contrage.study.claims import compared
from contrage.study.printed import beside, cells
from contrage.tables import read_tsv, write_tsv

logger = logging.getLogger(__name__)

N_TRAIN = "n_train"
EXPONENTS = "_exponents"
CLAIMS = "claims"
FORECAST = ["forecast_size", "forecast", "forecast_low", "forecast_high"]
TIMES = 2


def tables(
    settings: StudyTablesStep,
    *,
    finished: dict[str, Path],
    predictions: dict[str, Path],
    outputs: list[Path],
) -> None:
    """Write the tables of a study.

    Parameters
    ----------
    settings : StudyTablesStep
    finished : dict of str to Path
        "<overlay>/<table>" → a finished table of an experiment.
    predictions : dict of str to Path
        Overlay → predictions of one of its rows and seeds, to count who was learned from.
    outputs : list of Path
        <name>.tsv of each table and curve, <curve>_exponents.tsv, claims.tsv.
    """
    given, made = Finished(finished), dict[str, pd.DataFrame]()
    for name, asked in settings.tables.items():
        made[name] = study_table(name, asked, settings, given)
    for name, asked in settings.curves.items():
        counts = {overlay: n_train(file) for overlay, file in predictions.items()}
        made[name] = curve_points(name, asked, settings, given, counts)
        made[f"{name}{EXPONENTS}"] = exponents(made[name], asked)
    rows = {name: asked.rows for name, asked in settings.tables.items()}
    rows |= {name: (ROW,) for name in settings.curves}
    gone = {each.name for each in settings.overlays if not each.is_here}
    shown = {**settings.tables, **settings.curves}
    away = {name: [o for o in asked.overlays if o in gone] for name, asked in shown.items()}
    made[CLAIMS] = compared(settings.claims, made, rows, settings.labels, away)
    for path in outputs:
        write_tsv(path, made[path.stem])
    logger.info("wrote %d tables of the study", len(outputs))


def study_table(
    name: str, asked: TableAsked, settings: StudyTablesStep, given: Finished
) -> pd.DataFrame:
    """Return a table with a line for each cell, printed numbers beside those that were found.

    Raises
    ------
    TableError
        If a printed number is of no cell of the table, or of several.
    """
    dims = [*asked.rows, *(each for each in asked.columns if each not in asked.rows)]
    printed = cells(asked, settings.overlays, settings.labels)
    found = tidy(f"tables.{name}", asked, dims, asked.values, settings.overlays, given, printed)
    return beside(name, asked, found, settings.overlays, settings.labels)


def curve_points(
    name: str,
    asked: CurveAsked,
    settings: StudyTablesStep,
    given: Finished,
    counts: Mapping[str, float],
) -> pd.DataFrame:
    """Return the points of a curve: row, overlay, x and its values."""
    dims = [ROW, "overlay", *([] if asked.x == N_TRAIN else [asked.x])]
    found = tidy(f"curves.{name}", asked, dims, asked.y, settings.overlays, given)
    if asked.x == N_TRAIN:
        found.insert(2, N_TRAIN, found["overlay"].map(counts))
    return found


def n_train(predictions: Path) -> float:
    """Return how many people were learned from, on average over folds."""
    frame = read_tsv(predictions)
    learned = frame[frame["split"] == LEARNED_FROM]
    return float(learned.groupby("fold")["participant_id"].nunique().mean())


def exponents(points: pd.DataFrame, asked: CurveAsked) -> pd.DataFrame:
    """Return the exponents of lines through the points of each row, both axes logarithmic.

    Returns
    -------
    DataFrame
        row, value, exponent, error (standard), factor, n; over the size of the training set also
        forecast_size (twice the largest), forecast, forecast_low and forecast_high.
    """
    lines = []
    for value in asked.log:
        for row, part in points.groupby(ROW, sort=False):
            x = pd.to_numeric(part[asked.x], errors="coerce")
            known = part[(x > 0) & (part[value] > 0)]
            sizes = x[known.index]
            if sizes.nunique() < 2:
                continue
            law = power_law(sizes, known[value])
            told = {"row": row, "value": value, "exponent": law.exponent, "error": law.error}
            told |= {"factor": law.factor, "n": law.n}
            if asked.x == N_TRAIN:
                told |= _forecast(sizes, known[value])
            lines.append(told)
    columns = ["row", "value", "exponent", "error", "factor", "n"]
    return pd.DataFrame(lines, columns=columns + FORECAST * (asked.x == N_TRAIN))


def _forecast(sizes: pd.Series, errors: pd.Series) -> dict[str, float]:
    """Return what the line says of twice the people of the largest training."""
    found = forecast(sizes, errors, TIMES * float(sizes.max()))
    return dict(zip(FORECAST, (found.size, found.error, found.low, found.high), strict=True))

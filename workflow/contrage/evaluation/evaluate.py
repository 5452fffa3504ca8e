"""One evaluation of an experiment: its files in, its table out."""

from __future__ import annotations

import logging
from importlib import import_module
from pathlib import Path
from typing import Any

from contrage.evaluation import elements
from contrage.evaluation.given import Given, by_row
from contrage.form import Form
from contrage.layout import Results
from contrage.settings.build import build
from contrage.tables import write_tsv
from contrage.target import Target

logger = logging.getLogger(__name__)


def evaluate(
    settings: dict[str, Any],
    *,
    table: Path,
    predictions: list[Path] | None = None,
    features: list[Path] | None = None,
    splits: list[Path] | None = None,
    scans: Path | None = None,
    array: Path | None = None,
) -> None:
    """Compute one evaluation.

    Parameters
    ----------
    settings : dict
        `evaluation` (a name of `contrage.evaluation.elements.available`), `target`, `form`
        (how the array is read), `rows` (of the table of errors), `told` (dotted key → value, those
        that the evaluation asks for).
    table : Path
        The TSV file to write.
    predictions, features, splits : list of Path, optional
        Those that the evaluation needs; whose each is, its path says.
    scans, array : Path, optional
        Likewise.
    """
    name = settings["evaluation"]
    given = Given(
        target=Target(**settings["target"]),
        form=build(Form, settings["form"]),
        rows=tuple(settings["rows"]),
        settings=settings["told"],
        predictions=by_row(Results.predictions, predictions),
        features=by_row(Results.features, features),
        splits=splits or [],
        scans=scans,
        array=array,
    )
    found = import_module(elements.module(name)).evaluate(given)
    write_tsv(table, found)
    logger.info("%s: %d lines in %s", name, len(found), table)

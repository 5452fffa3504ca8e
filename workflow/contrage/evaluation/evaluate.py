"""One evaluation of an experiment: its files in, its table out."""

from __future__ import annotations

import logging
from importlib import import_module
from pathlib import Path

from contrage.evaluation import elements
from contrage.evaluation.given import Given, by_row
from contrage.layout import Results
from contrage.settings.steps.evaluation import EvaluateStep
from contrage.tables import write_tsv

logger = logging.getLogger(__name__)


def evaluate(
    settings: EvaluateStep,
    *,
    table: Path,
    predictions: list[Path] | None = None,
    features: list[Path] | None = None,
    metrics: list[Path] | None = None,
    models: list[Path] | None = None,
    logits: list[Path] | None = None,
    snapshots: list[Path] | None = None,
    attributions: list[Path] | None = None,
    baselines: list[Path] | None = None,
    splits: list[Path] | None = None,
    truth: list[Path] | None = None,
    scans: Path | None = None,
    array: Path | None = None,
) -> None:
    """Compute one evaluation.

    Parameters
    ----------
    settings : EvaluateStep
    table : Path
        The TSV file to write.
    predictions, features, metrics, models, logits : list of Path, optional
    snapshots, attributions, baselines, splits, truth : list of Path, optional
        Those that the evaluation needs; whose each is, its path says.
    scans, array : Path, optional
        Likewise.
    """
    name = settings.evaluation
    given = Given(
        target=settings.target,
        form=settings.form,
        rows=settings.rows,
        told=settings.told,
        predictions=by_row(Results.predictions, predictions),
        features=by_row(Results.features, features),
        metrics=by_row(Results.metrics, metrics),
        models=by_row(Results.model, models),
        logits=by_row(Results.logits, logits),
        snapshots=by_row(Results.snapshot, snapshots),
        attributions=by_row(Results.attributions, attributions),
        baselines=baselines or [],
        splits=splits or [],
        truth=truth or [],
        scans=scans,
        array=array,
    )
    found = import_module(elements.module(name)).evaluate(given)
    write_tsv(table, found)
    logger.info("%s: %d lines in %s", name, len(found), table)

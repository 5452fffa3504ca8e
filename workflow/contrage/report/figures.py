"""Every figure of the report, as PNG and SVG, with a list of them for the page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from contrage.files import write_json
from contrage.settings.steps.report import FiguresStep

if TYPE_CHECKING:
    from contrage.report.elements.ingredients import Ingredients
    from contrage.report.style import Figure

logger = logging.getLogger(__name__)

OF_ANY_TARGET = ("training_curves", "quality", "calibration", "pairs", "saliency", "maps")
"""Figures that do not show the target as a number; of a binary target there are no others."""


def figures(
    settings: FiguresStep,
    *,
    predictions: list[Path],
    curves: str,
    tables: list[Path],
    scans: Path,
    derivatives: Path,
    output: Path,
    snapshots: list[Path] | None = None,
    attributions: list[Path] | None = None,
    maps: Path | None = None,
) -> None:
    """Draw all figures for which there are ingredients, and list them in ``figures.json``.

    Parameters
    ----------
    settings : FiguresStep
    predictions : list of Path
        Of all rows, seed by seed.
    curves : str
        Pattern of the training curves of ``rows``, ``seeds`` and ``folds``.
    tables : list of Path
        Those of the report that there are, by their names: the figures show their numbers.
    scans : Path
        The table of scans in the data set.
    derivatives : Path
        The folder from which a scan's preprocessed images, and its record of quality, are named.
    output : Path
        The folder to write; each figure is ``<name>.png`` and ``<name>.svg``.
    snapshots : list of Path, optional
        Features after several epochs of the trainings that are watched.
    attributions : list of Path, optional
        What the step saliency found, of the rows that are explained.
    maps : Path, optional
        The folder that the step of this name wrote.
    """
    from contrage.report.elements.ingredients import gather
    from contrage.report.style import use_style

    use_style()
    files = {"predictions": predictions, "curves": curves, "snapshots": snapshots}
    files["attributions"] = attributions
    given = gather(settings, scans, derivatives, output, tables=tables, maps=maps, **files)
    given.output.mkdir(parents=True, exist_ok=True)
    made = []
    of_sides = given.target.is_binary
    for draw in [each for each in drawings() if not of_sides or each.__name__ in OF_ANY_TARGET]:
        figure = draw(given)
        if figure is None:
            logger.info("no figure %s: what it shows is not part of this experiment", draw.__name__)
        else:
            made.append(figure.record())
    write_json(given.output / "figures.json", made)


def drawings() -> list[Callable[[Ingredients], Figure | None]]:
    """Return the functions that draw the figures, in the order of the page."""
    from contrage.report.elements import (
        agreement,
        calibration,
        checkpoints,
        cohort,
        continuity,
        embedding,
        gaps,
        imaging,
        intervals,
        maps,
        outcome,
        pairs,
        ranks,
        saliency,
        search,
    )

    return [
        outcome.mae,
        outcome.norms,
        search.search,
        ranks.ranks,
        outcome.predicted_vs_true,
        agreement.bland_altman,
        agreement.error_by_band,
        intervals.intervals,
        gaps.gap_by_group,
        gaps.roc,
        gaps.slopes,
        checkpoints.against_diagnosis,
        calibration.calibration,
        continuity.continuity,
        pairs.pairs,
        saliency.saliency,
        outcome.training_curves,
        embedding.embedding,
        cohort.histogram,
        maps.maps,
        imaging.preprocessing,
        cohort.coverage,
        imaging.coverage_examples,
        cohort.quality,
        cohort.truth,
    ]

"""The sections of the page on further evaluations, in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from contrage.report.elements.gap_words import gap, roc, slopes
from contrage.report.elements.interval_words import intervals
from contrage.report.elements.measure_words import (
    against_diagnosis,
    calibration,
    cohorts,
    embedded_site,
    sides_by_fold,
)
from contrage.report.elements.order_words import lipschitz, logits, ordinality
from contrage.report.elements.part_words import missing_range, oracle, paired_t, shots
from contrage.report.elements.saliency_words import saliency
from contrage.report.elements.sections import Section
from contrage.report.elements.site_words import harmonised, site_offset
from contrage.report.findings import Study
from contrage.settings.steps.page import EvaluationTold

MAKERS: dict[str, Callable[[Study, str], Section]] = {
    "intervals": intervals,
    "site_offset": site_offset,
    "harmonised": harmonised,
    "gap": gap,
    "roc": roc,
    "slopes": slopes,
    "cohorts": cohorts,
    "oracle": oracle,
    "shots": shots,
    "missing_range": missing_range,
    "paired_t": paired_t,
    "lipschitz": lipschitz,
    "ordinality": ordinality,
    "logits": logits,
    "embedded_site": embedded_site,
    "against_diagnosis": against_diagnosis,
    "calibration": calibration,
    "sides_by_fold": sides_by_fold,
    "saliency": saliency,
}
"""Evaluation → what makes its section."""


def sections(study: Study, evaluations: Mapping[str, EvaluationTold]) -> list[Section]:
    """Return those of the evaluations that have a table with something in it."""
    there = [name for name in MAKERS if name in evaluations and len(study.tables[name])]
    return [MAKERS[name](study, evaluations[name].title) for name in there]

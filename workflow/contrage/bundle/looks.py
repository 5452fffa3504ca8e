"""Whether a model may say where it looks: judged when it is exported, on people of the test.

A model that is opened elsewhere has nobody to be judged on.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from pathlib import Path

from contrage.bundle.average import mean_image
from contrage.bundle.facts import LooksFacts, MethodFacts
from contrage.bundle.mean import FEWEST, MeanImage
from contrage.errors import ContrageError, disk_full
from contrage.evaluation.saliency.judge import CHECKED, busiest, judged
from contrage.evaluation.saliency.members import Members, spread
from contrage.evaluation.saliency.methods import METHODS
from contrage.evaluation.saliency.verdict import Judged
from contrage.learning.folds import read_scans
from contrage.settings.steps.model import ExportModelsStep

log = logging.getLogger(__name__)


def looks(
    settings: ExportModelsStep,
    row: str,
    patterns: Mapping[str, str],
    files: Mapping[str, Path | None],
) -> tuple[LooksFacts | None, MeanImage | None]:
    """Return which methods may be shown of a row's model, and what scans are compared with.

    Parameters
    ----------
    settings, row, patterns, files
        As of `contrage.bundle.gathered.gather`.

    Returns
    -------
    (LooksFacts or None, MeanImage or None)
        The first None where nobody asked, and where it failed (no GPU, too little memory), which
        the log says: the model is worth more than this. The second None of features, whose mean is
        a z-score of 0, and where too few people were learned from.
    """
    if not settings.explain:
        return None, None
    try:
        return _looks(settings, row, patterns, files)
    except Exception as error:
        if disk_full(error):
            raise
        expected = isinstance(error, ContrageError)
        said = " ".join(str(error).split()) or type(error).__name__
        log.warning(
            "%s: its model will not say where it looks, which could not be judged (%s)",
            *(row, said),
            exc_info=not expected,
        )
        return None, None


def _looks(
    settings: ExportModelsStep,
    row: str,
    patterns: Mapping[str, str],
    files: Mapping[str, Path | None],
) -> tuple[LooksFacts | None, MeanImage | None]:
    members = _members(settings, row, patterns, files)
    mean, people = None, 0
    if settings.seen.scores.form.has_channels:
        mean, people = mean_image(members, settings.seen.scores)
        if mean is None:
            return LooksFacts(0, 0, tuple(_too_few(name, people) for name in METHODS)), None
    is_age = settings.target.is_age
    found = judged(members, METHODS, is_age, stages=1)
    checked = len(spread([members.fold(busiest(members))], CHECKED, members.array, is_age).ids)
    for name, own in found.items():
        log.info("%s, %s: %s", row, name, "shown" if own.shown else f"not shown, {own.why}")
    return LooksFacts(people, checked, tuple(_facts(*each) for each in found.items())), mean


def _members(
    settings: ExportModelsStep,
    row: str,
    patterns: Mapping[str, str],
    files: Mapping[str, Path | None],
) -> Members:
    seeds, by_probe = settings.seeds, row not in settings.heads
    each = [{"row": row, "seed": seed, "fold": fold} for seed in seeds for fold in settings.folds]
    probes = [patterns["coefficients"].format(row=row, seed=s) for s in seeds if by_probe]
    return Members.of(
        [Path(patterns["models"].format(**at)) for at in each],
        map(Path, probes),
        [Path(patterns["splits"].format(seed=seed)) for seed in seeds],
        read_scans(files["scans"], settings.target.learned),
        Path(files["array"]),
    )


def _too_few(name: str, people: int) -> MethodFacts:
    why = f"its mean image would be of {people} people, of the {FEWEST} that are needed"
    return MethodFacts(name, False, why, None, None)


def _facts(name: str, own: Judged) -> MethodFacts:
    numbers = (own.stages[-1].correlation, own.between)
    return MethodFacts(name, own.shown, own.why, *(None if math.isnan(n) else n for n in numbers))

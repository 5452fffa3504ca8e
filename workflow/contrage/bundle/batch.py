"""Many new scans at once: dealt to jobs, and their predictions put together again."""

from __future__ import annotations

import logging
from itertools import zip_longest
from pathlib import Path
from typing import Any

from contrage.bundle.subjects import subjects
from contrage.bundle.tables import as_json, write_lines
from contrage.files import read_json, write_json
from contrage.settings.build import as_plain, build
from contrage.settings.steps.model import JoinPredictionsStep, PredictPartStep
from contrage.target_words import TargetInWords

log = logging.getLogger(__name__)


def predict_part(settings: PredictPartStep, *, output: Path) -> None:
    """Predict one part of some scans; one that cannot be used gets a sentence.

    Parameters
    ----------
    settings : PredictPartStep
    output : Path
        JSON, as `contrage predict --json` writes it, and the model's target.

    Raises
    ------
    BundleError, TableError, SettingsError
        As `contrage predict`, where nothing can be predicted.
    """
    # Here, for they bring PyTorch, and joining needs none.
    from contrage.bundle.opened import open_bundle
    from contrage.bundle.predict import predict_subjects

    bundle = open_bundle(Path(settings.model))
    known = Path(settings.known) if settings.known is not None else None
    everyone = subjects(bundle, [Path(settings.scans)], known)
    own = everyone[settings.part :: settings.parts]
    found = []
    for each in predict_subjects(bundle, own, interval=settings.interval):
        log.info("%s: %s", each.name, each.refused or each.predicted)
        found.append(each)
    told = {"written": as_plain(bundle.facts.target)}
    write_json(output, {**as_json(bundle.facts, found), **told})


def join_predictions(
    settings: JoinPredictionsStep, *, parts: list[Path], table: Path, output: Path
) -> None:
    """Put the predictions of all parts into one table and one JSON, in the order of the scans.

    Parameters
    ----------
    settings : JoinPredictionsStep
    parts : list of Path
        What `predict_part` wrote, in the order of the parts.
    table : Path
        Output: as `contrage predict --output` writes it.
    output : Path
        Output: as its --json.
    """
    read = [read_json(path) for path in parts]
    dealt = zip_longest(*(each["predictions"] for each in read))
    lines: list[dict[str, Any]] = [line for turn in dealt for line in turn if line is not None]
    target = build(TargetInWords, read[0].pop("written"))
    write_lines(table, target, lines)
    write_json(output, {**read[0], "predictions": lines})
    refused = sum(line["refused"] is not None for line in lines)
    log.info("%d scans, of which %d could not be predicted", len(lines), refused)

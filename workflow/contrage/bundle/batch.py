"""Many new scans at once: dealt to jobs, and their predictions put together again."""

from __future__ import annotations

import logging
import shutil
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contrage.bundle.looked import keep_maps, write_looks
from contrage.bundle.subjects import subjects
from contrage.bundle.tables import as_json, write_lines
from contrage.errors import SettingsError
from contrage.files import read_json, write_json
from contrage.settings.build import as_plain, build
from contrage.settings.steps.model import JoinPredictionsStep, PredictPartStep
from contrage.target_words import TargetInWords

if TYPE_CHECKING:
    from contrage.bundle.explain import Explaining
    from contrage.bundle.facts import BundleFacts

log = logging.getLogger(__name__)


def predict_part(settings: PredictPartStep, *, output: Path, maps: Path | None = None) -> None:
    """Predict one part of some scans; one that cannot be used gets a sentence.

    Parameters
    ----------
    settings : PredictPartStep
    output : Path
        JSON, as `contrage predict --json` writes it, and the model's target.
    maps : Path, optional
        Output folder: maps of where the model looks, where that is asked for.

    Raises
    ------
    BundleError, TableError, SettingsError
        As `contrage predict`, where nothing can be predicted; or the model does not say where it
        looks.
    """
    # Here, for they bring PyTorch, and joining needs none.
    from contrage.bundle.opened import open_bundle
    from contrage.bundle.predict import predict_subjects

    bundle = open_bundle(Path(settings.model))
    known = Path(settings.known) if settings.known is not None else None
    everyone = subjects(bundle, [Path(settings.scans)], known)
    own = everyone[settings.part :: settings.parts]
    explain = _explaining(settings, bundle.facts) if settings.explain else None
    if maps is not None:
        maps.mkdir(parents=True, exist_ok=True)
    found = []
    for each in predict_subjects(bundle, own, interval=settings.interval, explain=explain):
        log.info("%s: %s", each.name, each.refused or each.predicted)
        found.append(each)
        if maps is not None:
            keep_maps(maps, each)
    told = {"written": as_plain(bundle.facts.target)}
    write_json(output, {**as_json(bundle.facts, found), **told})


def _explaining(settings: PredictPartStep, facts: BundleFacts) -> Explaining:
    from contrage.bundle.explain import explaining, why_none

    if (reason := why_none(facts)) is not None:
        raise SettingsError(
            f"predict.explain: {settings.model} does not say where it looks: {reason}; set it to "
            "false"
        )
    try:
        return explaining(facts, Path(settings.atlas) if settings.atlas is not None else None)
    except SettingsError as error:
        raise SettingsError(str(error).replace("--atlas", "predict.atlas")) from None


def join_predictions(
    settings: JoinPredictionsStep,
    *,
    parts: list[Path],
    table: Path,
    output: Path,
    made: list[Path] | None = None,
    looks: Path | None = None,
    maps: Path | None = None,
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
    made : list of Path, optional
        Folders of maps of where the model looks, in the order of the parts.
    looks, maps : Path, optional
        Output: what each region adds, and all maps, as its --explain writes them.
    """
    read = [read_json(path) for path in parts]
    dealt = zip_longest(*(each["predictions"] for each in read))
    lines: list[dict[str, Any]] = [line for turn in dealt for line in turn if line is not None]
    target = build(TargetInWords, read[0].pop("written"))
    write_lines(table, target, lines)
    write_json(output, {**read[0], "predictions": lines})
    if looks is not None:
        write_looks(looks, lines)
    if maps is not None:
        maps.mkdir(parents=True, exist_ok=True)
        for each in sorted(path for folder in made or () for path in folder.iterdir()):
            shutil.copyfile(each, maps / each.name)
    refused = sum(line["refused"] is not None for line in lines)
    log.info("%d scans, of which %d could not be predicted", len(lines), refused)

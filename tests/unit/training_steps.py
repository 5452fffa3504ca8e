"""What the steps of learning are asked for: the schema's defaults, and what a test says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forms import VOLUME
from given import block
from targets import LEARNED

from contrage.settings.blocks.training import OneTrainingSettings
from contrage.settings.build import as_plain, build, fields_of
from contrage.settings.steps.learning import EmbedStep, FeasibleStep, TrainStep

AS_TRAINED = EmbedStep({})


def training(**changes: Any) -> OneTrainingSettings:
    """Return the settings of one training."""
    whole = block("training", **changes)
    return build(OneTrainingSettings, {key: whole[key] for key in fields_of(OneTrainingSettings)})


def told(row: str = "exp", form: dict[str, Any] = VOLUME, **changes: Any) -> dict[str, Any]:
    """Return what a training of a row is asked for, as the rule states it: JSON, to be changed."""
    return {
        "row": row,
        "cohort": "phantom",
        "loss": {"loss": row},
        "training": as_plain(training(**changes)),
        "target": LEARNED,
        "dataset": {"normalisation": "train", "field_of_view": "own", "form": form},
        "seed": 0,
        "snapshot_epochs": [],
        "probe": None,
    }


def asked(settings: Mapping[str, Any]) -> TrainStep:
    """Return such settings as the step takes them."""
    return build(TrainStep, settings)


def feasible_step(**changes: Any) -> FeasibleStep:
    """Return what the step feasible is asked for, where there is nothing to find."""
    own = as_plain(training())
    given = {key: own[key] for key in ("device", "batch_size", "epochs", "head")}
    nothing = {"rows": {}, "without_head": {}, "draws": {}, "start": None}
    return build(FeasibleStep, {**given, **nothing, "training_scans": 100, **changes})

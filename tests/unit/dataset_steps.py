"""What the steps up to the split are asked for: the schema's defaults, and what a test says."""

from __future__ import annotations

from typing import Any

from forms import VOLUME
from given import block
from targets import LEARNED

from contrage.settings.blocks.roles import RolesSettings
from contrage.settings.build import build, fields_of
from contrage.settings.steps.dataset import InnerSplitStep, SplitStep
from contrage.settings.steps.scores import ScoresSettings


def asked_of(kind: type, changes: dict[str, Any], **more: Any) -> Any:
    """Return a dataclass of keys of the block `dataset`, and of others that `more` gives."""
    own = {key: change for key, change in changes.items() if key in fields_of(kind)}
    known = block("dataset")
    of_block = {key: known[key] for key in fields_of(kind) if key in known}
    for key in ("split", "subset"):
        if key in of_block:
            own[key] = of_block[key] | own.get(key, {})
    return build(kind, {**of_block, **more, **own})


def roles(split: dict[str, Any] | None = None, **changes: Any) -> RolesSettings:
    """Return what decides everyone's role; `split` and `subset` say what differs from theirs."""
    return asked_of(RolesSettings, {"split": split or {}, **changes})


def scores(**changes: Any) -> ScoresSettings:
    """Return how an array is read: that of volumes, unless a test says otherwise."""
    return asked_of(ScoresSettings, changes, form=VOLUME)


def split_step(**changes: Any) -> SplitStep:
    """Return what the step split is asked for."""
    return asked_of(SplitStep, changes, form=VOLUME, seed=0, target=LEARNED, batch_size=4)


def inner_split_step(**changes: Any) -> InnerSplitStep:
    """Return what the step inner-split is asked for."""
    drawn = {"purpose": "search", "fraction": 0.25, "seed": 0}
    return asked_of(InnerSplitStep, changes, form=VOLUME, **drawn, target=LEARNED, batch_size=4)

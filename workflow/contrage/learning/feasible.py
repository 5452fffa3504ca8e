"""Whether trainings can run at all, asked before hours are spent on what comes before them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from contrage.errors import ContrageError, SettingsError
from contrage.files import write_json
from contrage.settings.build import as_plain
from contrage.settings.steps.learning import FeasibleStep, StartFile

log = logging.getLogger(__name__)


def check_feasible(settings: FeasibleStep, *, output: Path) -> None:
    """Write that trainings can run with these settings, or say why not.

    Parameters
    ----------
    settings : FeasibleStep
    output : Path
        Output: the settings, as JSON, and `warnings`: of rows that train and are not what their
        names say.

    Raises
    ------
    SettingsError
        If the training split will surely be smaller than a batch, or a loss predicts the target and
        there is no head to do it, or a loss refuses the settings of a draw.
    DeviceError
        If CUDA is insisted on and there is none.
    ContrageError
        If trainings cannot start from the file that they are to start from.
    """
    scans, size = settings.training_scans, settings.batch_size
    if scans < size:
        place = "training" if not settings.draws else "the search to learn from"
        raise SettingsError(
            f"training.batch_size: {size}, but no more than {scans} scans are for {place}; "
            "make the batch smaller"
        )
    if settings.device == "cuda":
        from contrage.learning.machine.device import choose

        choose("cuda")
    if settings.without_head:
        _check_headless(settings.without_head)
    if settings.start:
        _check_start(settings.start)
    for row, draws in settings.draws.items():
        _check_draws(row, draws, settings.head)
    write_json(output, {**as_plain(settings), "warnings": _warnings(settings)})


def _warnings(settings: FeasibleStep) -> list[str]:
    """Say which rows localise nothing: they would be compared with what they are."""
    from contrage.learning.localised import Repulsion, drawn, warnings

    plan = Repulsion(settings.batch_size, settings.epochs)
    found = warnings(settings.rows, plan)
    for row, draws in settings.draws.items():
        found += drawn(row, draws, plan)
    for text in found:
        log.warning("%s", text)
    return found


def _check_start(start: StartFile) -> None:
    """Open the file that trainings start from: what is wrong with it would stop the first one."""
    from contrage.learning.pretrained import check_start

    try:
        check_start(start)
    except ContrageError as error:
        raise ContrageError(f"training.start_from: {error}") from None


def _check_headless(rows: dict[str, dict[str, Any]]) -> None:
    """Load the losses and ask them: whether one predicts may follow from its settings."""
    from contrage import losses
    from contrage.learning.model import head_sizes

    for row, settings in rows.items():
        chosen = {key: value for key, value in settings.items() if key != "loss"}
        head_sizes([], losses.load(settings["loss"], **chosen), row)


def _check_draws(row: str, draws: Sequence[dict[str, Any]], head: Sequence[int]) -> None:
    """Load a row's loss as each draw sets it; what it refuses would stop the run hours later."""
    from contrage import losses
    from contrage.learning.model import head_sizes

    for number, settings in enumerate(draws):
        chosen = {key: value for key, value in settings.items() if key != "loss"}
        try:
            head_sizes(head, losses.load(settings["loss"], **chosen), row)
        except SettingsError as error:
            raise SettingsError(f"search.rows.{row}, draw {number}: {error}") from None

"""Whether trainings can run at all, asked before hours are spent on what comes before them."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from contrage.errors import ContrageError, SettingsError
from contrage.files import write_json

log = logging.getLogger(__name__)


def check_feasible(settings: dict[str, Any], *, output: Path) -> None:
    """Write that trainings can run with these settings, or say why not.

    Parameters
    ----------
    settings : dict
        `device` (auto, cuda or cpu), `batch_size`, `training_scans`: the most that the training
        split can hold (bad scans may yet be left out; `contrage.dataset.split` asks again), and
        `without_head`: row → loss settings where `training.head` is [], else empty. Where settings
        are searched, `draws`: row → loss settings of each draw, and `head`, that of the training.
        Where trainings start from a file, `start`: see `contrage.learning.pretrained.check_start`.
        `rows`: row → loss settings of others that may not be what their names say, and `epochs`.
    output : Path
        Output: the settings, as JSON; with `epochs`, also `warnings`: of rows that train and are
        not what their names say.

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
    scans, size = settings["training_scans"], settings["batch_size"]
    if scans < size:
        place = "training" if not settings.get("draws") else "the search to learn from"
        raise SettingsError(
            f"training.batch_size: {size}, but no more than {scans} scans are for {place}; "
            "make the batch smaller"
        )
    if settings["device"] == "cuda":
        from contrage.learning.machine.device import choose

        choose("cuda")
    if settings.get("without_head"):
        _check_headless(settings["without_head"])
    if settings.get("start"):
        _check_start(settings["start"])
    for row, draws in settings.get("draws", {}).items():
        _check_draws(row, draws, settings["head"])
    write_json(output, settings | _warnings(settings))


def _warnings(settings: dict[str, Any]) -> dict[str, list[str]]:
    """Say which rows localise nothing: they would be compared with what they are."""
    if "epochs" not in settings:
        return {}
    from contrage.learning.localised import Repulsion, drawn, warnings

    plan = Repulsion(settings["batch_size"], settings["epochs"])
    found = warnings(settings.get("rows", {}), plan)
    for row, draws in settings.get("draws", {}).items():
        found += drawn(row, draws, plan)
    for text in found:
        log.warning("%s", text)
    return {"warnings": found}


def _check_start(start: dict[str, Any]) -> None:
    """Open the file that trainings start from: what is wrong with it would stop the first one."""
    from contrage.learning.pretrained import check_start

    try:
        check_start(**start)
    except ContrageError as error:
        raise ContrageError(f"training.start_from: {error}") from None


def _check_headless(rows: dict[str, dict[str, Any]]) -> None:
    """Load the losses and ask them: whether one predicts may follow from its settings."""
    from contrage import losses
    from contrage.learning.model import head_sizes

    for row, settings in rows.items():
        chosen = {key: value for key, value in settings.items() if key != "loss"}
        head_sizes([], losses.load(settings["loss"], **chosen), row)


def _check_draws(row: str, draws: list[dict[str, Any]], head: list[int]) -> None:
    """Load a row's loss as each draw sets it; what it refuses would stop the run hours later."""
    from contrage import losses
    from contrage.learning.model import head_sizes

    for number, settings in enumerate(draws):
        chosen = {key: value for key, value in settings.items() if key != "loss"}
        try:
            head_sizes(head, losses.load(settings["loss"], **chosen), row)
        except SettingsError as error:
            raise SettingsError(f"search.rows.{row}, draw {number}: {error}") from None

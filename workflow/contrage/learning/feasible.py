"""Whether trainings can run at all, asked before hours are spent on what comes before them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contrage.errors import SettingsError
from contrage.files import write_json


def check_feasible(settings: dict[str, Any], *, output: Path) -> None:
    """Write that trainings can run with these settings, or say why not.

    Parameters
    ----------
    settings : dict
        `device` (auto, cuda or cpu), `batch_size`, and `training_scans`: the most that the
        training split can hold (bad scans may yet be left out; `contrage.dataset.split` asks
        again).
    output : Path
        Output: the settings, as JSON.

    Raises
    ------
    SettingsError
        If the training split will surely be smaller than a batch.
    DeviceError
        If CUDA is insisted on and there is none.
    """
    scans, size = settings["training_scans"], settings["batch_size"]
    if scans < size:
        raise SettingsError(
            f"training.batch_size: {size}, but no more than {scans} scans are for training; "
            "make the batch smaller"
        )
    if settings["device"] == "cuda":
        from contrage.learning.device import choose

        choose("cuda")
    write_json(output, settings)

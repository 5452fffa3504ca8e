"""Checkpoints and models of a training: written atomically, read back only where they fit."""

from __future__ import annotations

import hashlib
import json
import logging
import zipfile
from pathlib import Path
from typing import Any

import torch

from contrage.errors import ContrageError
from contrage.files import atomic, sha256
from contrage.learning import encoders
from contrage.run.code import closure
from contrage.settings.build import as_plain
from contrage.settings.steps.learning import TrainStep

logger = logging.getLogger(__name__)


def fingerprint(settings: TrainStep, fold: int, device: str, array: Path, *tables: Path) -> str:
    """Return a digest of everything that decides a training's result.

    That is its settings and its fold, the tables, the code of the training, of the loss and of the
    encoder, the version of torch, the kind of device, and the array, which is too large to read
    for this and counts by its size and time of change.
    """
    code = closure(
        "contrage.learning.train",
        f"contrage.losses.{settings.loss['loss']}",
        encoders.module(settings.training.encoder),
    )
    state = Path(array).stat()
    parts = [
        json.dumps({**as_plain(settings), "fold": fold}, sort_keys=True),
        device,
        torch.__version__,
        f"{state.st_size} {state.st_mtime_ns}",
        *(sha256(path) for path in (*tables, *code)),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def save(path: Path, content: dict[str, Any]) -> None:
    """Write tensors and plain values so that a kill leaves the previous file or the new one.

    Equal contents give equal bytes: torch writes the name of a path into the file, not that of a
    stream.
    """
    with atomic(path) as temporary, temporary.open("wb") as stream:
        torch.save(content, stream)


def load(path: Path, mark: str) -> dict[str, Any] | None:
    """Return a checkpoint's content, or None where there is none that belongs to this training.

    Parameters
    ----------
    path : Path
        File written by `save`, perhaps by another training, perhaps damaged.
    mark : str
        Fingerprint of this training; a file with another one is ignored.
    """
    if not Path(path).is_file():
        return None
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        belongs = content["fingerprint"] == mark
    except Exception as error:  # whatever a damaged file makes torch raise
        logger.warning("%s: unreadable (%s), training starts anew", path, type(error).__name__)
        return None
    if not belongs:
        logger.info("%s: of other settings, data or code, training starts anew", path)
        return None
    return content


def read_model(path: Path, advice: str = "train it again") -> dict[str, Any]:
    """Return what a training or a conversion saved; nothing in the file is executed.

    Parameters
    ----------
    path : Path
        `model.pt` of a training, or what `contrage convert` wrote.
    advice : str
        End of the error's message.

    Raises
    ------
    ContrageError
        If it is no model file of contrage.
    """
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        name, weights = saved["settings"]["training"]["encoder"], saved["encoder"]
        if isinstance(name, str) and all(torch.is_tensor(each) for each in weights.values()):
            return saved
        kind = "other content"
    except Exception as error:  # whatever a file of other code makes torch raise
        kind = _kind(Path(path), error)
    raise ContrageError(f"{path}: no model file of contrage ({kind}); {advice}")


def _kind(path: Path, error: Exception) -> str:
    """Say of a file that torch cannot read whether it was cut or is something else."""
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
    except OSError as told:
        return told.strerror or type(told).__name__
    cut = not start or (start == b"PK\x03\x04" and not zipfile.is_zipfile(path))
    return "it is cut short" if cut else type(error).__name__

"""An encoder that starts from another training's weights."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from torch import Tensor

from contrage.errors import ContrageError
from contrage.files import sha256
from contrage.learning.checkpoint import read_model
from contrage.learning.model import Model
from contrage.settings.steps.learning import StartFile

logger = logging.getLogger(__name__)

CONVERT = (
    "checkpoints of the code behind the paper go through `contrage convert` first "
    "(docs/pretraining.md)"
)


def check_start(start: StartFile) -> None:
    """Raise `ContrageError` where trainings cannot start from a file.

    Parameters
    ----------
    start : StartFile
        What `load_encoder` will be given, and for which images.
    """
    path, encoder = Path(start.file), start.encoder
    if start.image is None:
        _read(path, encoder)
    else:
        channels, shape = start.image
        load_encoder(path, Model(encoder, tuple(shape), [], channels=channels), encoder)


def _read(path: Path, encoder: str) -> dict[str, Any]:
    """Read a model file of an encoder."""
    if not path.is_file():
        raise ContrageError(f"{path}: there is no such file; training.start_from names it")
    saved = read_model(path, CONVERT)
    other = saved["settings"]["training"]["encoder"]
    if other != encoder:
        raise ContrageError(
            f"{path}: holds the encoder {other}, but training.encoder is {encoder}; set it to "
            f"{other}, or start from a file of {encoder}"
        )
    return saved


def load_encoder(path: Path, network: Model, encoder: str, *, whole: bool = False) -> None:
    """Take over the encoder of a model file: weights and batch norm's statistics, no head.

    Weights of another shape stay as they are, and are named in the log: a first layer for other
    channels, the places of a transformer's patches on another grid.

    Parameters
    ----------
    path : Path
        `model.pt` of a training, or what `contrage convert` wrote.
    network : Model
        Changed in place.
    encoder : str
        Name of its encoder.
    whole : bool
        Whether all weights must have the same shape, as for a stage: it goes on from another row,
        and what it left would be random weights, or frozen ones.

    Raises
    ------
    ContrageError
        If the file is none of these, or its encoder is another one, or less than half of its
        weights have the same shape, or any has another one and `whole` is asked.
    """
    saved = _read(Path(path), encoder)
    own, given = network.encoder.state_dict(), saved["encoder"]
    if strangers := sorted(set(own) ^ set(given)):
        where = "the file lacks it" if strangers[0] in own else "it is none of its weights"
        raise ContrageError(
            f"{path}: {strangers[0]} of {encoder}: {where}; was it written by another version? "
            "Train or convert it again"
        )
    left = [name for name, weights in own.items() if weights.shape != given[name].shape]
    most = sum(own[name].numel() for name in left) * 2 > sum(map(Tensor.numel, own.values()))
    if left and (whole or most):
        raise ContrageError(
            f"{path}: {left[0]} of {encoder} has the shape {tuple(given[left[0]].shape)}, here it "
            f"is {tuple(own[left[0]].shape)} for images of {'×'.join(map(str, network.shape))}, "
            f"{'and so has most of it' if most else 'and a stage takes all of it or nothing'}: "
            "pre-train on images of the same shape (dataset.voxel_mm)"
        )
    network.encoder.load_state_dict({**given, **{name: own[name] for name in left}})
    logger.info("the encoder starts from %s (sha256 %s)", path, sha256(path))
    if left:
        logger.warning("left as they were, for their shape is another one: %s", ", ".join(left))

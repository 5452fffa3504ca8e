"""Checkpoints of the code behind the paper, made into model files to start from.

That code (Barbano et al. 2023, `util.save_model`) writes a pickled dictionary: `model`, a state
dict of `SupConResNet` with `encoder.*` and `head.*`; `opts`, the `argparse.Namespace` of the
command line; the optimiser's state, the epoch and a run's name. A pickle can name any function to
call. Here PyTorch's restricted unpickler reads it, which knows tensors and plain containers, and
the namespace alone is allowed besides, as a class that keeps nothing: no name in the file is
imported, nothing in it is executed.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from contrage.errors import ContrageError, SettingsError
from contrage.files import sha256
from contrage.learning import checkpoint as files
from contrage.learning import encoders
from contrage.settings.steps.learning import ConvertStep

logger = logging.getLogger(__name__)

CONVERTIBLE = ("resnet18",)
IGNORED = ("head.", "fc.")
# MONAI's shortcuts add a bias before batch norm; the authors' have none, which is a bias of 0.
SHORTCUT_BIAS = re.compile(r"layer\d\.0\.downsample\.0\.bias")


class _Nothing:
    """Stands in for `argparse.Namespace`: takes whatever the file gives it and keeps none of it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass


def convert(settings: ConvertStep, *, checkpoint: Path, output: Path) -> None:
    """Write the encoder of a released checkpoint as a model file to start from.

    Parameters
    ----------
    settings : ConvertStep
    checkpoint : Path
        Of the code behind the paper: `{"model": state dict, …}`.
    output : Path
        For `training.start_from`.

    Raises
    ------
    SettingsError
        For an encoder that their checkpoints do not hold.
    ContrageError
        If the file holds anything but weights, or weights of another network.
    """
    encoder = settings.encoder
    if encoder not in CONVERTIBLE:
        raise SettingsError(f"encoder: {encoder} cannot be converted; {', '.join(CONVERTIBLE)} can")
    content = read_checkpoint(checkpoint)
    given = encoder_weights(content["model"], checkpoint)
    own = encoders.build(encoder, (8, 8, 8)).state_dict()
    weights = matched(given, own, encoder, checkpoint)
    origin = {"file": Path(checkpoint).name, "sha256": sha256(checkpoint)}
    told = {"training": {"encoder": encoder}, "origin": origin}
    files.save(output, {"settings": told, "epoch": content.get("epoch"), "encoder": weights})
    logger.info("%s: %d tensors of %s, written to %s", checkpoint, len(weights), encoder, output)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Return a checkpoint's dictionary without executing anything in it.

    Raises
    ------
    ContrageError
        If it is unreadable, names anything but tensors, plain containers and the namespace, or
        has no `model`.
    """
    if not Path(path).is_file():
        raise ContrageError(f"{path}: there is no such file")
    allowed = [(_Nothing, "argparse.Namespace")]
    try:
        with torch.serialization.safe_globals(allowed):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a file of unknown origin makes torch raise
        named = re.search(r"GLOBAL (\S+)", str(error))
        if named:
            raise ContrageError(
                f"{path}: asks for {named[1]}, which no weights need; nothing was executed. Do not "
                "load this file elsewhere unless you trust who made it"
            ) from None
        raise ContrageError(
            f"{path}: no checkpoint that PyTorch can read safely ({type(error).__name__})"
        ) from None
    if not isinstance(content, dict) or not isinstance(content.get("model"), dict):
        raise ContrageError(f"{path}: no dictionary with `model`, as the authors' code writes it")
    return content


def encoder_weights(model: dict[str, Any], path: Path) -> dict[str, Tensor]:
    """Return the encoder's weights by their names within it; heads are left behind.

    Raises
    ------
    ContrageError
        If a name belongs neither to an encoder nor to a head, or is no tensor's.
    """
    found = {}
    for key, value in model.items():
        name = str(key).removeprefix("module.")  # torch.nn.DataParallel's
        if not torch.is_tensor(value):
            raise ContrageError(f"{path}: model.{key} is no tensor but {type(value).__name__}")
        if name.startswith("encoder."):
            found[name.removeprefix("encoder.")] = value
        elif not name.startswith(IGNORED):
            raise ContrageError(f"{path}: model.{key} is of neither `encoder` nor `head`")
    return found


def matched(
    given: dict[str, Tensor], own: dict[str, Tensor], encoder: str, path: Path
) -> dict[str, Tensor]:
    """Return the weights under our names, each accounted for.

    Raises
    ------
    ContrageError
        If a weight is unknown, missing or of another shape.
    """
    added = {name for name in own if SHORTCUT_BIAS.fullmatch(name)} - set(given)
    unknown = sorted(set(given) - set(own))
    missing = sorted(set(own) - set(given) - added)
    for names, what in ((unknown, "has no place in it"), (missing, "is missing")):
        if names:
            raise ContrageError(
                f"{path}: no plain 3D {encoder}: {', '.join(names[:3])}"
                f"{' …' if len(names) > 3 else ''} {what}"
            )
    for name, weights in given.items():
        if weights.shape != own[name].shape:
            raise ContrageError(
                f"{path}: {name} has the shape {tuple(weights.shape)}, in a plain 3D {encoder} of "
                f"one channel it has {tuple(own[name].shape)}"
            )
    zeros = {name: torch.zeros_like(own[name]) for name in added}
    return {name: zeros.get(name, given.get(name)).to(own[name].dtype).clone() for name in own}

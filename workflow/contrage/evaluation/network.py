"""What a file of features says of the network that made them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contrage.files import read_npz

SIZES = ("encoder_parameters", "head_parameters", "layers", "shape")


def network_size(path: Path) -> dict[str, Any]:
    """Return how large the network was whose features these are, as far as the file says it."""
    arrays = read_npz(path)
    return {name: arrays[name].tolist() for name in SIZES if name in arrays}


def epochs(paths: list[Path]) -> dict[str, list[int]]:
    """Return the epoch that each fold's weights are of, as far as the files say it."""
    return _numbers(paths, "epoch", "epochs")


def start_epochs(paths: list[Path]) -> dict[str, list[int]]:
    """Return the epoch of the weights that each fold started from; nothing where from none."""
    return _numbers(paths, "start_epoch", "start_epochs")


def _numbers(paths: list[Path], name: str, many: str) -> dict[str, list[int]]:
    found = [read_npz(path).get(name) for path in paths]
    return {} if any(number is None for number in found) else {many: [int(n) for n in found]}

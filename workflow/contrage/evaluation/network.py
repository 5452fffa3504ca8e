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
    found = [read_npz(path).get("epoch") for path in paths]
    return {} if any(epoch is None for epoch in found) else {"epochs": [int(e) for e in found]}

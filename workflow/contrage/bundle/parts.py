"""The other files of a model: weights and arrays, read from bytes whose checksum is as stated.

Nothing is pickled, and nothing is read but files of the names that a model of so many members has.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from contrage.bundle.errors import BundleError
from contrage.files import atomic

CALIBRATION, CARD, MEAN, REGION = "calibration.npz", "MODEL.md", "mean.npz", "region.npz"
LARGEST = 4 * 2**30
"""Bytes of a part: weights of a network of a thousand million parameters."""
COEFFICIENTS = ("coef", "intercept", "coef_mean", "coef_scale")
"""Of a member's probe."""


def weights_name(number: int) -> str:
    """Return the file of a member's weights."""
    return f"weights-{number}.safetensors"


def arrays_name(number: int) -> str:
    """Return the file of a member's arrays."""
    return f"arrays-{number}.npz"


def names(members: int, has_region: bool, has_mean: bool) -> list[str]:
    """Return the files of a model but for bundle.json."""
    own = [name(k) for k in range(members) for name in (weights_name, arrays_name)]
    return [*own, CALIBRATION, CARD, *[REGION] * has_region, *[MEAN] * has_mean]


def read_part(folder: Path, name: str, checksum: str) -> bytes:
    """Return a part's bytes.

    Raises
    ------
    BundleError
        It cannot be read, or has another checksum.
    """
    path = folder / name
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            raise BundleError(path, "is no file, or too large for a part of a model")
        content = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise BundleError(path, f"cannot be read ({reason}); copy the model again") from None
    if hashlib.sha256(content).hexdigest() != checksum:
        raise BundleError(
            path, "its checksum is another than bundle.json says: it was changed, or cut short; "
            "copy the model again"
        )  # fmt: skip
    return content


def write_weights(path: Path, encoder: Mapping[str, Any], head: Mapping[str, Any]) -> None:
    """Write an encoder's and a head's tensors, each by its name after "encoder." or "head."."""
    from safetensors.torch import save

    tensors = {f"encoder.{name}": each for name, each in encoder.items()}
    tensors |= {f"head.{name}": each for name, each in head.items()}
    with atomic(path) as temporary:
        temporary.write_bytes(save({k: v.detach().contiguous() for k, v in tensors.items()}))


def read_weights(path: Path, content: bytes) -> dict[str, dict[str, Any]]:
    """Return the tensors of "encoder" and "head" by their names.

    Raises
    ------
    BundleError
        The bytes hold no such tensors.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        tensors = load(content)
    except (SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        said = " ".join(str(error).split())[:80]
        raise BundleError(path, f"holds no tensors ({said}); copy the model again") from None
    found: dict[str, dict[str, Any]] = {"encoder": {}, "head": {}}
    for name, tensor in tensors.items():
        part, _, own = name.partition(".")
        if part not in found or not own:
            raise BundleError(path, f"holds {name[:60]!r}, which is no tensor of a model")
        if not tensor.isfinite().all():
            raise BundleError(path, f"{name[:60]} holds what is no number; copy the model again")
        found[part][own] = tensor
    return found


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays of numbers as npz."""
    with atomic(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **arrays)


def read_arrays(path: Path, content: bytes) -> dict[str, np.ndarray]:
    """Return the arrays of an npz; nothing in it is executed.

    Raises
    ------
    BundleError
        The bytes are no npz, or hold what is no number.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as stored:
            if any(each.compress_type != zipfile.ZIP_STORED for each in stored.infolist()):
                raise ValueError("it is compressed")  # a few bytes could come to any number
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            found = {name: stored[name] for name in stored.files}
    except (
        *(OSError, EOFError, ValueError, KeyError, TypeError, AttributeError),
        *(zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, MemoryError),
    ) as error:
        said = " ".join(str(error).split())[:80]
        raise BundleError(path, f"holds no arrays ({said}); copy the model again") from None
    for name, array in found.items():
        if not isinstance(array, np.ndarray):  # NumPy gives the bytes of what is no .npy
            raise BundleError(path, f"{name[:60]!r} in it is no array; copy the model again")
        if array.dtype.kind not in "fiub" or not np.isfinite(array).all():
            raise BundleError(path, f"{name[:60]} holds what is no number; copy the model again")
    return found

"""How much the page takes: sizes, numbers, and what a compressed file may come to."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from contrage.errors import BadScanError, ContrageError

MEGA = 1024**2
PIECE = 4 * MEGA
"""Bytes that are unpacked at a time, to be counted and forgotten."""
PACKED: dict[bytes, Callable[[Path], IO[bytes]]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
"""First bytes of a packed file, whatever its name says → what unpacks it."""


class UploadError(ContrageError):
    """What was sent is not taken.

    Parameters
    ----------
    reason : str
        Why, and what to do.
    status : int
        Of the answer: 413 too large, 429 too many, 422 otherwise.
    """

    def __init__(self, reason: str, status: int = 422) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Bounds:
    """How much the page takes.

    Attributes
    ----------
    file_mb : int
        Of a file as it is sent.
    unpacked_mb : int
        Of a compressed file once it is unpacked.
    total_mb : int
        Of all files that lie here at a time.
    files : int
        In one drop.
    waiting : int
        Scans that are not yet predicted.
    scans : int
        Shown at a time.
    """

    file_mb: int = 512
    unpacked_mb: int = 2048
    total_mb: int = 4096
    files: int = 32
    waiting: int = 32
    scans: int = 64


def check_unpacked(path: Path, most_mb: int) -> None:
    """Refuse a file that is small only because it is compressed; nothing unpacked is kept.

    Parameters
    ----------
    path : Path
        Anything: what is not compressed passes.
    most_mb : int
        What it may come to.

    Raises
    ------
    BadScanError
        It comes to more.
    """
    with path.open("rb") as file:
        begin = file.read(6)
    if begin.startswith(b"PK"):
        size = _size_of_zip(path)
    else:
        unpack = next((each for first, each in PACKED.items() if begin.startswith(first)), None)
        size = 0 if unpack is None else _size(path, unpack, most_mb * MEGA)
    if size > most_mb * MEGA:
        raise BadScanError(
            path, f"comes to more than {most_mb} MB once unpacked, which no scan does; it is "
            "damaged, or made to fill a memory"
        )  # fmt: skip


def _size(path: Path, unpack: Callable[[Path], IO[bytes]], most: int) -> int:
    """Return how many bytes a file unpacks to, counted to a little beyond `most`."""
    count = 0
    try:
        with unpack(path) as file:
            while count <= most and (piece := file.read(PIECE)):
                count += len(piece)
    except (OSError, EOFError, zlib.error, lzma.LZMAError):
        pass  # damaged: whoever reads it says so, in a better sentence
    return count


def _size_of_zip(path: Path) -> int:
    """Return what a zip's files (.npz and .xlsx are such) say that they unpack to.

    Python's own reader gives no more of a file than that.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            return sum(each.file_size for each in packed.infolist())
    except (OSError, ValueError, zipfile.BadZipFile):
        return 0  # damaged, as above

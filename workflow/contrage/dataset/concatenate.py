"""Arrays of cohorts one after the other in one file, a block of scans at a time in memory."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contrage.errors import TableError, few
from contrage.files import atomic, open_array, reading

BLOCK = 2**26
"""Bytes that are read at once; of one scan that is larger, the whole."""


@dataclass(frozen=True)
class Part:
    """An array of one cohort, and how its features are brought into the order of the first.

    Attributes
    ----------
    cohort : str
    path : Path
        An .npy file.
    order : ndarray of int or None
        Places of the features on the last axis; None where they stay as they are, to the byte.
    """

    cohort: str
    path: Path
    order: NDArray[np.int_] | None = None


def concatenate(array: Path, parts: Sequence[Part]) -> list[str]:
    """Write the rows of all parts, in order, with the numbers' kind as it is.

    Parameters
    ----------
    array : Path
        Output, an .npy file.
    parts : sequence of Part

    Returns
    -------
    list of str
        SHA-256 of each row, as it is written.

    Raises
    ------
    TableError
        If scans of the parts differ in shape, or their numbers in kind.
    CutFileError
        If an array was cut.
    """
    maps = [open_array(part.path) for part in parts]
    _check_alike(parts, maps)
    first, rows = maps[0], sum(len(each) for each in maps)
    head = {
        "descr": np.lib.format.dtype_to_descr(first.dtype),
        "fortran_order": False,
        "shape": (rows, *first.shape[1:]),
    }
    digests: list[str] = []
    with atomic(array) as temporary, temporary.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, head)
        for part, each in zip(parts, maps, strict=True):
            for block in _blocks(part, each):
                stream.write(block.data)
                digests += [hashlib.sha256(row.data).hexdigest() for row in block]
    return digests


def _check_alike(parts: Sequence[Part], maps: Sequence[np.ndarray]) -> None:
    first = maps[0]
    for part, each in zip(parts, maps, strict=True):
        if each.shape[1:] != first.shape[1:]:
            raise TableError(
                f"{part.path}: scans of {part.cohort} have the shape {_times(each)}, those of "
                f"{parts[0].cohort} {_times(first)}; only cohorts of one shape can be merged"
            )
        if each.dtype != first.dtype:
            raise TableError(
                f"{part.path}: numbers of {part.cohort} are {each.dtype}, those of "
                f"{parts[0].cohort} {first.dtype}; only cohorts of one kind can be merged"
            )


def _times(each: np.ndarray) -> str:
    return "×".join(map(str, each.shape[1:]))


def _blocks(part: Part, stored: np.ndarray) -> Iterator[np.ndarray]:
    """Yield rows of an array, some at a time, read and not mapped: a map's pages stay in memory."""
    size = math.prod(stored.shape[1:]) * stored.dtype.itemsize
    step = max(1, BLOCK // max(1, size))
    with reading(part.path), part.path.open("rb") as stream:
        stream.seek(stored.offset)
        for start in range(0, len(stored), step):
            count = min(step, len(stored) - start)
            read = stream.read(count * size)
            if len(read) < count * size:
                raise EOFError
            block = np.frombuffer(read, stored.dtype).reshape(count, *stored.shape[1:])
            yield block if part.order is None else np.ascontiguousarray(block[..., part.order])


def order_of(
    names: Sequence[str], first: Sequence[str], where: Path, cohort: str, of_first: str
) -> NDArray[np.int_] | None:
    """Return in which order the features of a cohort are those of the first one, by their names.

    Parameters
    ----------
    names, first : sequence of str
        Features of the cohort and of the first one.
    where : Path
        Named in the error.
    cohort, of_first : str
        Names of the cohorts, likewise.

    Returns
    -------
    ndarray of int or None
        None where both have the same names in the same order.

    Raises
    ------
    TableError
        If they have not the same features: those that differ are named.
    """
    lacking = [name for name in first if name not in set(names)]
    more = [name for name in names if name not in set(first)]
    if lacking or more:
        said = [f"lacks {few(lacking)}"] * bool(lacking) + [f"has {few(more)} besides"] * bool(more)
        raise TableError(
            f"{where}: features of {cohort} are not those of {of_first}: it {' and '.join(said)}; "
            "name them alike, or leave out what only one of them has (table.leave_out)"
        )
    if list(names) == list(first):
        return None
    place = {name: number for number, name in enumerate(names)}
    return np.array([place[name] for name in first])

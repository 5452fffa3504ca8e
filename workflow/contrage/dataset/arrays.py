"""Prepared arrays checked, one by one, and written into the one array that learning reads."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from contrage.cohort import sources
from contrage.cohort.duplicates import REFUSE, digest_of, same_arrays
from contrage.cohort.stored import Stored
from contrage.dataset.sidecar import write_array_sidecar
from contrage.dataset.stack import block_mean
from contrage.errors import BadScanError, few
from contrage.files import write_array
from contrage.prepared import Cut, Prepared
from contrage.scan_ids import participant
from contrage.settings.build import as_plain
from contrage.settings.steps.cohort import WhereArrays
from contrage.settings.steps.dataset import ArraysStep
from contrage.tables import read_tsv, write_tsv

log = logging.getLogger(__name__)


Read = Callable[[Path, Cut | None, Callable[[str], None]], np.ndarray]
"""Reads a file, or the part of a picture that is meant, and tells what had to be done to it."""


def arrays(
    settings: ArraysStep,
    *,
    scans: Path,
    excluded: Path,
    array: Path,
    rows: Path,
    left_out: Path,
) -> None:
    """Write the prepared arrays of all scans into one, as `contrage.dataset.stack` does images.

    Parameters
    ----------
    settings : ArraysStep
    scans, excluded : Path
        The cohort's tables.
    array : Path
        Output, float32 of shape (scans, channels, …), or (scans, features) where values are scored
        one by one, written an array at a time; zeros in the row of a scan that cannot be used. The
        JSON beside it lists the arrays with their SHA-256, and which files had to be changed to
        fit.
    rows : Path
        Output: scan_id and row of each usable array.
    left_out : Path
        Output: `excluded`, and the scans whose array cannot be used, with the reason.

    Raises
    ------
    BadScanError
        With `on_bad_scan` fail if an array cannot be used, in any case if none can.
    """
    import pandas as pd

    names = read_tsv(scans)["scan_id"].tolist()
    kind = settings.kind
    found = sources.load(settings.source).find(_where(settings))
    bad: dict[str, BadScanError] = {}
    digests: dict[str, str] = {}
    factor = round(settings.voxel_mm / kind.voxel_mm) if kind.voxel_mm else 1
    shape = kind.whole[: -len(kind.shape)] + tuple(-(-size // factor) for size in kind.shape)
    wanted = {name: found.of_scan[name] for name in names}
    told: dict[str, list[str]] = {}
    blocks = _blocks(wanted, kind, _reader(settings, told), factor, bad, digests)
    judged = _refuse(bad, digests, wanted, settings)
    write_array(array, (len(names), *shape), chain(blocks, judged))
    good = [(name, row) for row, name in enumerate(names) if name not in bad]
    made = {"function": "contrage.dataset.arrays.arrays", "parameters": as_plain(settings)}
    files, changed = _read_from(wanted, good), _of_good(told, bad)
    place = _place(settings, wanted[good[0][0]].path)
    write_array_sidecar(array, files, made, features=found.features, told=changed, place=place)
    write_tsv(rows, pd.DataFrame(good, columns=["scan_id", "row"]))
    columns = ["scan_id", "participant_id", "stage", "reason"]
    lines = [(name, participant(name), "check", str(error)) for name, error in bad.items()]
    parts = [read_tsv(excluded), pd.DataFrame(lines, columns=columns)]
    write_tsv(left_out, pd.concat([part for part in parts if len(part)] or parts[1:]))


def _of_good(told: dict[str, list[str]], bad: dict[str, BadScanError]) -> dict[str, list[str]]:
    """Return what had to be done to files that can be used → the scans."""
    found = {what: [name for name in scans if name not in bad] for what, scans in told.items()}
    for what, scans in found.items():
        log.info("%s: %d (%s)", what, len(scans), few(scans))
    return {what: scans for what, scans in found.items() if scans}


def _place(settings: ArraysStep, path: Path) -> dict[str, Any] | None:
    """Return the place of volumes that all lie where this one does; None of other kinds."""
    own = importlib.import_module(settings.reader) if settings.reader else None
    return own.place(path, settings.own).told() if hasattr(own, "place") else None


def _where(settings: ArraysStep) -> WhereArrays:
    """Return what the source must know to find the arrays."""
    return WhereArrays(
        path=settings.path,
        image=settings.kind.name,
        ending=settings.kind.ending,
        regions=settings.regions,
        features_scale=settings.features_scale,
        images=settings.images,
        echonet=settings.echonet,
    )


def _read_from(wanted: dict[str, Stored], good: list[tuple[str, int]]) -> dict[str, Path]:
    """Return the files by scan, or by name where a file holds more than one scan."""
    paths = {name: wanted[name].path for name, _ in good}
    if len(set(paths.values())) == len(paths):
        return paths
    return {path.name: path for path in paths.values()}


def _reader(
    settings: ArraysStep, told: dict[str, list[str]]
) -> Callable[[str, Stored], np.ndarray]:
    """Return what reads the array of a scan; what had to be done to a file is noted in `told`."""
    kind, read = settings.kind, _read(settings)

    def of_scan(name: str, stored: Stored) -> np.ndarray:
        if stored.part is not None:
            return fitted(stored.path, stored.part(), kind)
        return read(stored.path, stored.cut, lambda what: told.setdefault(what, []).append(name))

    return of_scan


def _read(settings: ArraysStep) -> Read:
    """Return what reads a file: a kind's own function, or that of .npy files."""
    kind = settings.kind
    if settings.reader is None:
        return lambda path, cut, tell: load_array(path, kind)
    own = importlib.import_module(settings.reader)
    read = None if settings.own is None else own.reading(kind, settings.own)

    def of_kind(path: Path, cut: Cut | None, tell: Callable[[str], None]) -> np.ndarray:
        try:
            return fitted(path, read(path, cut, tell) if read else own.read(path, kind), kind)
        except (OSError, ValueError) as error:
            raise _unreadable(path, error) from error

    return of_kind


def _blocks(
    files: dict[str, Stored],
    kind: Prepared,
    read: Callable[[str, Stored], np.ndarray],
    factor: int,
    bad: dict[str, BadScanError],
    digests: dict[str, str],
) -> Iterator[np.ndarray]:
    """Yield the array of each file in blocks of voxels; note in `bad` what cannot be used."""
    for number, (name, stored) in enumerate(files.items(), 1):
        try:
            values = judged(stored.path, read(name, stored))
            digests[name] = digest_of(values)
            yield _coarser(values, kind, factor)
        except BadScanError as error:
            whose = f"{name} " if stored.part else ""  # where the file's name does not say it
            bad[name] = BadScanError(error.path, f"{whose}{error.reason}")
            log.warning("%s", bad[name])
            yield _coarser(np.zeros(kind.whole, np.float32), kind, factor)
        if number % 100 == 0:
            log.info("%d of %d arrays", number, len(files))


def _coarser(values: np.ndarray, kind: Prepared, factor: int) -> np.ndarray:
    """Return blocks of voxels, channel by channel; what has no voxels stays as it is."""
    if factor == 1:
        return values
    return np.stack([block_mean(channel, factor) for channel in values])


def _refuse(
    bad: dict[str, BadScanError],
    digests: dict[str, str],
    files: dict[str, Stored],
    settings: ArraysStep,
) -> Iterator[np.ndarray]:
    """Yield nothing; raise where arrays cannot be used, before the file is in its place."""
    for name, reason in same_arrays(digests).items():
        log.warning("%s %s", name, reason)
        if settings.duplicates == REFUSE:
            bad[name] = BadScanError(files[name].path, reason)
    names = list(files)
    if bad and (settings.on_bad_scan == "fail" or len(bad) == len(names)):
        first, *others = bad
        more = f" Others cannot be used either: {few(others)}." if others else ""
        advice = "Mend them, or set cohort.on_bad_scan to exclude"
        raise BadScanError(bad[first].path, f"{bad[first].reason}.{more} {advice}")
    yield from ()


def load_array(path: Path, kind: Prepared) -> np.ndarray:
    """Read one prepared array, an .npy file.

    Returns
    -------
    ndarray of shape (channels, *shape), or (features,) where values are scored one by one
        float32.

    Raises
    ------
    BadScanError
        It cannot be read, has another shape, or is no array of numbers.
    """
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, EOFError, ValueError) as error:
        raise _unreadable(path, error) from error
    return fitted(path, values, kind)


def _unreadable(path: Path, error: Exception) -> BadScanError:
    message = " ".join(str(error).split())[:100]
    return BadScanError(path, f"cannot be read ({message}); copy it again")


def fitted(path: Path, values: np.ndarray, kind: Prepared) -> np.ndarray:
    """Return an array as its kind has it, whatever axes of length one stand before.

    Raises
    ------
    BadScanError
        It has another shape, or is no array of numbers.
    """
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiu":
        raise BadScanError(path, "is no array of numbers")
    found = values.shape
    while len(found) > len(kind.whole) and found[0] == 1:
        found = found[1:]
    if found not in (kind.whole, kind.whole[-len(kind.shape) :] if kind.is_single else None):
        raise BadScanError(path, f"has shape {values.shape}, not {kind.expected}")
    return values.reshape(kind.whole).astype(np.float32)


def judged(path: Path, values: np.ndarray) -> np.ndarray:
    """Return an array's values.

    Raises
    ------
    BadScanError
        If they are not finite or all the same.
    """
    if not np.isfinite(values).all():
        raise BadScanError(path, "has values that are NaN or infinite")
    if values.min() == values.max():
        raise BadScanError(path, f"is constant (every value is {values.flat[0]:g})")
    return values

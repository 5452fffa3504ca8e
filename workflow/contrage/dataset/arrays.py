"""Prepared arrays checked, one by one, and written into the one array that learning reads."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from contrage.cohort.duplicates import REFUSE, digest_of, same_arrays
from contrage.cohort.sources.arrays import KINDS, Kind, find
from contrage.dataset.sidecar import write_array_sidecar
from contrage.dataset.stack import block_mean
from contrage.errors import BadScanError, few
from contrage.files import write_array
from contrage.tables import read_tsv, write_tsv

log = logging.getLogger(__name__)


def arrays(
    settings: dict[str, Any],
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
    settings : dict
        `path` (the folder), `image` (a name of `contrage.cohort.sources.arrays.KINDS`), `voxel_mm`
        (a multiple of theirs), `on_bad_scan` (fail or exclude), `duplicates` (refuse or keep).
    scans, excluded : Path
        The cohort's tables.
    array : Path
        Output, float32 of shape (scans, X, Y, Z), written an array at a time; zeros in the row of
        a scan that cannot be used. The JSON beside it lists the arrays with their SHA-256.
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
    kind, files = KINDS[settings["image"]], find(Path(settings["path"]), settings["image"])
    bad: dict[str, BadScanError] = {}
    digests: dict[str, str] = {}
    factor = round(settings["voxel_mm"] / kind.voxel_mm)
    shape = tuple(-(-size // factor) for size in kind.shape)
    wanted = {name: files[name] for name in names}
    blocks = _blocks(wanted, kind, factor, bad, digests)
    judged = _refuse(bad, digests, wanted, settings)
    write_array(array, (len(names), *shape), chain(blocks, judged))
    good = [(name, row) for row, name in enumerate(names) if name not in bad]
    made = {"function": "contrage.dataset.arrays.arrays", "parameters": settings}
    write_array_sidecar(array, {name: files[name] for name, _ in good}, made)
    write_tsv(rows, pd.DataFrame(good, columns=["scan_id", "row"]))
    columns = ["scan_id", "participant_id", "stage", "reason"]
    lines = [(name, name, "check", str(error)) for name, error in bad.items()]
    parts = [read_tsv(excluded), pd.DataFrame(lines, columns=columns)]
    write_tsv(left_out, pd.concat([part for part in parts if len(part)] or parts[1:]))


def _blocks(
    files: dict[str, Path],
    kind: Kind,
    factor: int,
    bad: dict[str, BadScanError],
    digests: dict[str, str],
) -> Iterator[np.ndarray]:
    """Yield the array of each file in blocks of voxels; note in `bad` what cannot be used."""
    for number, (name, path) in enumerate(files.items(), 1):
        try:
            values = load_array(path, kind)
            digests[name] = digest_of(values)
            yield block_mean(values, factor)
        except BadScanError as error:
            log.warning("%s", error)
            bad[name] = error
            yield block_mean(np.zeros(kind.shape, np.float32), factor)
        if number % 100 == 0:
            log.info("%d of %d arrays", number, len(files))


def _refuse(
    bad: dict[str, BadScanError],
    digests: dict[str, str],
    files: dict[str, Path],
    settings: dict[str, Any],
) -> Iterator[np.ndarray]:
    """Yield nothing; raise where arrays cannot be used, before the file is in its place."""
    for name, reason in same_arrays(digests).items():
        log.warning("%s %s", name, reason)
        if settings.get("duplicates", REFUSE) == REFUSE:
            bad[name] = BadScanError(files[name], reason)
    names = list(files)
    if bad and (settings["on_bad_scan"] == "fail" or len(bad) == len(names)):
        first, *others = bad
        more = f" Others cannot be used either: {few(others)}." if others else ""
        advice = "Mend them, or set cohort.on_bad_scan to exclude"
        raise BadScanError(bad[first].path, f"{bad[first].reason}.{more} {advice}")
    yield from ()


def load_array(path: Path, kind: Kind) -> np.ndarray:
    """Read one prepared array and judge it.

    Returns
    -------
    ndarray of the kind's shape
        float32.

    Raises
    ------
    BadScanError
        It cannot be read, has another shape, or is not finite, constant or no array of numbers.
    """
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, EOFError, ValueError) as error:
        message = " ".join(str(error).split())[:100]
        raise BadScanError(path, f"cannot be read ({message}); copy it again") from error
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiu":
        raise BadScanError(path, "is no array of numbers")
    if values.shape[-3:] != kind.shape or values.size != np.prod(kind.shape):
        raise BadScanError(path, f"has shape {values.shape}, not {kind.shape}")
    values = values.reshape(kind.shape).astype(np.float32)
    if not np.isfinite(values).all():
        raise BadScanError(path, "has values that are NaN or infinite")
    if values.min() == values.max():
        raise BadScanError(path, f"is constant (every voxel is {values.flat[0]:g})")
    return values

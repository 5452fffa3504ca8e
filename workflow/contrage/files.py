"""Reading and writing files: atomically, so that a killed job leaves no half-written output."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, moved into place when the block ends well.

    The temporary name keeps all suffixes, so that libraries which choose a format by the
    file's ending work on it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    suffix = "".join(path.suffixes[-2:])
    handle, name = tempfile.mkstemp(prefix=".partial-", suffix=suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(Path(path).read_text())


def write_json(path: Path, content: Any) -> None:
    """Write `content` as indented JSON."""
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text file."""
    with atomic(path) as temporary:
        temporary.write_text(text)


def read_tsv(path: Path) -> pd.DataFrame:
    """Read a tab-separated table; columns of identifiers and labels stay strings.

    "n/a" (BIDS) and empty cells become missing values.
    """
    import pandas as pd

    labels = ["participant_id", "session", "session_id", "scan_id", "sex", "site", "split", "loss"]
    return pd.read_csv(
        path,
        sep="\t",
        dtype=dict.fromkeys(labels, str),
        na_values=["n/a", ""],
        keep_default_na=False,
        encoding="utf-8-sig",
    )


def write_tsv(path: Path, frame: pd.DataFrame) -> None:
    """Write a tab-separated table; missing values become "n/a" as in BIDS."""
    with atomic(path) as temporary:
        frame.to_csv(temporary, sep="\t", index=False, na_rep="n/a", lineterminator="\n")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def save_nifti(path: Path, array: np.ndarray, affine: np.ndarray) -> None:
    """Write an image as NIfTI with sform and qform set, uint8 for masks, else float32.

    Parameters
    ----------
    path : Path
        Ends in .nii or .nii.gz.
    array : ndarray of shape (X, Y, Z)
        Booleans and uint8 are stored as uint8, all else as float32.
    affine : ndarray of shape (4, 4)
        Voxel indices to world coordinates, RAS, mm.
    """
    import nibabel as nib
    import numpy as np

    kind = np.uint8 if array.dtype in (np.bool_, np.uint8) else np.float32
    image = nib.Nifti1Image(np.asarray(array, dtype=kind), affine)
    image.set_sform(affine, code=2)
    image.set_qform(affine, code=2)
    image.header.set_xyzt_units("mm")
    with atomic(path) as temporary:
        nib.save(image, temporary)


def versions(*packages: str) -> dict[str, str]:
    """Return the installed version of each package."""
    return {package: metadata.version(package) for package in packages}


def failed(path: Path) -> str | None:
    """Return the reason if the sidecar at `path` says that its scan failed, else None."""
    record = read_json(path)
    return record["reason"] if record.get("status") == "failed" else None


def empty(*paths: Path) -> None:
    """Write zero-byte files: the outputs of a scan that failed."""
    for path in paths:
        with atomic(path):
            pass

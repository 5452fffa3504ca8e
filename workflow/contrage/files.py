"""Reading and writing files: atomically, so that a killed job leaves no half-written output.

Text is UTF-8 whatever the locale. What the workflow itself made is read by the functions here,
which name a file that was cut meanwhile and have the next run make it again.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contrage.errors import FORBIDDEN, FULL, ContrageError, CutFileError, UnwritableError, disk_full

if TYPE_CHECKING:
    import nibabel as nib
    import numpy as np


TIMES_CUT = Path(".snakemake/contrage-cut")
"""Notes of files that were found cut: their jobs run again (run/at_work, rules/again.smk)."""


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, moved into place when the block ends well.

    The temporary name keeps all suffixes, so that libraries which choose a format by the
    file's ending work on it.

    Raises
    ------
    UnwritableError
        The disk is full, whatever a library makes of that, or may not be written to.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        suffix = "".join(path.suffixes[-2:])
        handle, name = tempfile.mkstemp(prefix=".partial-", suffix=suffix, dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise _unwritable(path, error) from error
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except ContrageError:
        raise
    except Exception as error:
        if full := disk_full(error) or _no_room_for_more(temporary):
            raise UnwritableError(path, full) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> OSError | UnwritableError:
    expected = error.errno in (*FULL, *FORBIDDEN)
    return UnwritableError(path, error) if expected else error


def _no_room_for_more(file: Path) -> OSError | None:
    """Return the error of writing a little more: libraries tell a full disk in words of their own.

    torch says "unexpected pos", NumPy "1024 requested and 12 written"; a quota shows only so.
    """
    try:
        with file.open("ab", buffering=0) as stream:
            for _ in range(16):
                if stream.write(bytes(4096)) < 4096:
                    stream.write(bytes(4096))
            os.fsync(stream.fileno())
    except OSError as error:
        return error if error.errno in FULL else None
    return None


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


@contextmanager
def reading(path: Path, whole: Path | None = None) -> Iterator[None]:
    """Name a file of the workflow's own that turns out to be cut, or gone, and have it made again.

    Gone is one for which another stood as an input: a scan's record for its images, a table of
    all scans for their records.

    Parameters
    ----------
    path : Path
        What the block reads, and it alone.
    whole : Path, optional
        The folder that is made as a whole, and the file with it.

    Raises
    ------
    CutFileError
        The file cannot be read to its end.
    """
    try:
        yield
    except (MemoryError, CutFileError):
        raise
    except FileNotFoundError as error:
        if Path(path).exists() or not _is_of_a_run(Path(os.path.abspath(path))):
            raise
        raise damaged(path, error, whole) from error
    except Exception as error:
        if any(isinstance(each, OSError) and each.errno for each in (error, error.__cause__)):
            raise  # of the system, not of the file
        raise damaged(path, error, whole) from error


def damaged(path: Path, error: Exception, whole: Path | None = None) -> CutFileError:
    """Note that a damaged file is to be made again; return the error that names it."""
    is_gone = isinstance(error, FileNotFoundError)
    told = (
        f"{path} is gone" if is_gone else f"{path} is cut short or damaged ({type(error).__name__})"
    )
    if _is_asked_for(Path(os.path.abspath(whole or path))):
        return CutFileError(f"{told}: give the same command again, which makes it anew")
    advice = "get it again from where it came; where a run made it, delete it and run again"
    return CutFileError(f"{told}: {advice}")


def require_end(path: Path) -> None:
    """Raise `CutFileError` for a table of results/ whose last line has no end: it was cut."""
    with Path(path).open("rb") as stream:
        stream.seek(-1 if stream.seek(0, os.SEEK_END) else 0, os.SEEK_END)
        ends = stream.read(1) == b"\n"
    if not ends and _is_of_a_run(Path(path).absolute()):
        raise damaged(path, EOFError())


def _is_of_a_run(path: Path) -> bool:
    return path.is_relative_to(Path("results").absolute())


def _is_asked_for(made: Path) -> bool:
    """Note how often a file of results/ was found cut, where a run reads it.

    The file stays until it is made again: another try of the job would miss its input.
    """
    if not _is_of_a_run(made) or not TIMES_CUT.parent.is_dir():
        return False
    name = os.path.relpath(made)
    note = TIMES_CUT / f"{hashlib.sha256(os.fsencode(name)).hexdigest()[:16]}.json"
    try:
        before = json.loads(note.read_bytes())["times"] if note.is_file() else 0
        write_json(note, {"file": name, "times": before + 1})
    except (OSError, ValueError, KeyError, TypeError, ContrageError):
        return False
    return True


def read_json(path: Path, whole: Path | None = None) -> Any:
    """Read a JSON file; `whole` as for `reading`."""
    with reading(path, whole):
        return json.loads(Path(path).read_bytes().decode("utf-8"))


def write_json(path: Path, content: Any) -> None:
    """Write `content` as indented JSON."""
    write_text(path, json.dumps(content, indent=2) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text file; a name that is no text (bytes of another encoding) is shown in digits."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """Read all arrays of an npz that the workflow made."""
    import numpy as np

    with reading(path), np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def open_array(path: Path) -> np.ndarray:
    """Map an array that the workflow made into memory: only what is asked for is read."""
    import numpy as np

    with reading(path):
        return np.load(path, mmap_mode="r")


def write_array(path: Path, shape: tuple[int, ...], rows: Iterable[np.ndarray]) -> None:
    """Write an array, float32, of which a row at a time is in memory.

    A row after the other, not into a mapped file: where that finds the disk full, it is killed.

    Parameters
    ----------
    path : Path
        An .npy file.
    shape : tuple of int
        Of the whole array.
    rows : iterable of ndarray of shape `shape[1:]`
    """
    import numpy as np

    with atomic(path) as temporary, temporary.open("wb") as stream:
        head = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(stream, head)
        for row in rows:
            stream.write(np.ascontiguousarray(row, dtype="<f4").data)


def read_image(path: Path) -> nib.Nifti1Image:
    """Read an image that the workflow made, to its end; its values as they are stored."""
    import nibabel as nib
    import numpy as np

    with reading(path):
        image = nib.load(path)
        return type(image)(np.asanyarray(image.dataobj), image.affine, image.header)


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

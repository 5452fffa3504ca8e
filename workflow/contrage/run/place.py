"""The place where a run works: whether it can be written to, and whether names mean the same."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from contrage.errors import ContrageError, UnwritableError

SNAKEMAKE = Path(".snakemake")
LEAST_ROOM = 2**20  # bytes; Snakemake's own records of a small run take a third of it


def require_writable(folder: Path, folders: Sequence[str]) -> None:
    """Raise `UnwritableError` where a run could not write its results or Snakemake its records."""
    own = [folder, folder / SNAKEMAKE, *(folder / SNAKEMAKE).glob("*/")]
    for place in [*own, *(folder / each for each in folders)]:
        there = next(each for each in (place, *place.absolute().parents) if each.exists())
        if not os.access(there, os.W_OK | os.X_OK):
            sealed = os.statvfs(there).f_flag & os.ST_RDONLY
            number = errno.EROFS if sealed else errno.EACCES
            raise UnwritableError(there, OSError(number, os.strerror(number)))
    disk = os.statvfs(folder)
    if disk.f_bavail * disk.f_frsize < LEAST_ROOM:
        raise UnwritableError(folder, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))


def require_names(asked: Any) -> None:
    """Refuse paths of a configuration whose names the locale writes otherwise than the disk.

    Parameters
    ----------
    asked
        The configuration, or a part of it.

    Raises
    ------
    ContrageError
        A text of it is no path here and would be one in a UTF-8 locale.
    """
    if sys.getfilesystemencoding() == "utf-8":
        return
    if isinstance(asked, str):
        if not asked.isascii() and not _exists(asked) and _exists(asked.encode()):
            raise ContrageError(
                f"{asked}: the disk has its name in UTF-8, the locale of this session is "
                f"{sys.getfilesystemencoding()}; put PYTHONUTF8=1 before the command"
            )
    elif isinstance(asked, dict | list):
        for each in asked.values() if isinstance(asked, dict) else asked:
            require_names(each)


def _exists(path: str | bytes) -> bool:
    try:
        return os.path.exists(path)
    except ValueError:  # a letter that the locale does not have
        return False

"""Errors that a user can cause: the command line prints them in a line, without a traceback."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)


class ContrageError(Exception):
    """Base of all errors whose message tells the user what to do."""


class SettingsError(ContrageError):
    """A key of the configuration has a value that cannot work."""


class TableError(ContrageError):
    """A table (participants, demographics) is missing something or contradicts itself."""


class BadScanError(ContrageError):
    """An image that cannot be used.

    Parameters
    ----------
    path : Path
        The image.
    reason : str
        What is wrong with it, and what to do.
    """

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = Path(path)
        self.reason = reason


class LeakageError(ContrageError):
    """A participant stands on both sides of a split."""


class DeviceError(ContrageError):
    """The device asked for is not there."""


class CutFileError(ContrageError):
    """A file that the workflow itself made is cut short or damaged."""


class UnwritableError(ContrageError):
    """A file cannot be written: the disk is full, or may not be written to."""

    def __init__(self, path: Path | str, error: OSError) -> None:
        super().__init__(f"{path}: {why_not_written(error)}")


FULL = (errno.ENOSPC, errno.EDQUOT)
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


def why_not_written(error: OSError) -> str:
    """Return what the system says of a file that cannot be written, and what to do."""
    if error.errno in FULL:
        quota = " (your quota is used up)" if error.errno == errno.EDQUOT else ""
        return (
            f"no space left on device{quota}; make room, or move the working folder to a larger "
            "disk, and give the same command again: what is finished is kept"
        )
    said = (error.strerror or str(error)).lower()
    return f"cannot be written ({said}); give yourself the right to write there, or work elsewhere"


def disk_full(error: BaseException | None) -> OSError | None:
    """Return what the system said of a full disk, or a quota, if that is behind an error.

    Libraries often say something else when a write fails: what they were told stands before it.
    """
    while error is not None:
        if isinstance(error, OSError) and error.errno in FULL:
            return error
        error = error.__cause__ or error.__context__
    return None


def in_a_line(error: BaseException) -> str | None:
    """Return one line on an error that the machine causes and no step expects, None for others."""
    if full := disk_full(error):
        return f"{_place(full) or os.getcwd()}: {why_not_written(full)}"
    if not isinstance(error, OSError) or error.errno not in (*FORBIDDEN, errno.EIO, errno.ESTALE):
        return None
    if error.errno == errno.EROFS:
        return f"{_place(error)}: {why_not_written(error)}"
    return f"{_place(error)}: {error.strerror}; mend that and give the same command again"


def _place(error: OSError) -> str:
    return os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""


def is_of_one_scan(error: Exception) -> bool:
    """Tell an error that may be one scan's from one that a setting or too little memory causes."""
    if isinstance(error, MemoryError) or disk_full(error):
        return False
    return isinstance(error, BadScanError) or not isinstance(error, ContrageError)


def failure(stage: str, error: Exception) -> dict[str, Any]:
    """Log an error of one scan; return what its record says of it.

    An error that is no `ContrageError` is nobody's intention: it is logged with its traceback and
    the record says so.
    """
    expected = isinstance(error, ContrageError)
    if expected:
        logger.error("%s", error)
        return {"stage": stage, "reason": str(error), "unexpected": False}
    logger.exception("an error that contrage did not expect")
    reason = f"{type(error).__name__}: {error}"
    return {"stage": stage, "reason": reason, "unexpected": True}


def few(
    names: Sequence[str], separator: str = ", ", most: int = 5, count: int | None = None
) -> str:
    """Return the first of many names, for a message, and how many more there are.

    `count` is how many there are in all, where only the first of them are given.
    """
    left = (len(names) if count is None else count) - most
    return separator.join(names[:most]) + (f" and {left} more" if left > 0 else "")

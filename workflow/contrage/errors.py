"""Errors that a user can cause: the command line prints them in a line, without a traceback."""

from __future__ import annotations

import logging
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


def is_of_one_scan(error: Exception) -> bool:
    """Tell an error that may be one scan's from one that a setting or too little memory causes."""
    if isinstance(error, MemoryError):
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


def few(names: Sequence[str], separator: str = ", ", most: int = 5) -> str:
    """Return the first of many names, for a message, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return separator.join(names[:most]) + more

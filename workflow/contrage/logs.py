"""Log files: what a step writes into one, in whichever process."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path


class LogFile(logging.FileHandler):
    """A log in UTF-8; where the disk is full, the step goes on and the console tells the rest."""

    def __init__(self, file: Path | str) -> None:
        super().__init__(file, encoding="utf-8", errors="backslashreplace")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Say nothing: what wrote the record is not to blame."""

    def close(self) -> None:
        """Close the file, also where its last lines find no room."""
        with suppress(OSError):
            super().close()


def log_to(file: Path | str) -> None:
    """Append what contrage tells, from the level of information on, to a file."""
    handler = LogFile(file)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("contrage")
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)

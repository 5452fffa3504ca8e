"""Log files: what a step writes into one, in whichever process."""

from __future__ import annotations

import logging
from pathlib import Path


def log_to(file: Path | str) -> None:
    """Append what contrage tells, from the level of information on, to a file."""
    handler = logging.FileHandler(file)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("contrage")
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)

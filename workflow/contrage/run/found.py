"""What a run found on disk: parameters of the rules that read it, so that any change is noticed.

Snakemake looks for inputs that are newer than outputs. A file that another one has replaced is not
newer where its times were kept (cp -p, rsync -a, tar), and one that is gone is no input any more.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def stamps(paths: Iterable[str]) -> dict[str, list[int] | None]:
    """Return size in bytes and time of change in ns of files, None for one that cannot be seen.

    Parameters
    ----------
    paths : iterable of str
        What links point to counts: the file that is read.
    """
    return {path: _stamp(path) for path in paths}


def _stamp(path: str) -> list[int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


def contents(paths: Iterable[str]) -> dict[str, str | None]:
    """Return the SHA-256 of small files, tables and lists; None for one that cannot be read."""
    found: dict[str, str | None] = {}
    for path in paths:
        try:
            found[path] = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        except OSError:
            found[path] = None
    return found


def digest(found: Any) -> str:
    """Return 16 hexadecimal digits that change when what was found does."""
    text = json.dumps(found, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]

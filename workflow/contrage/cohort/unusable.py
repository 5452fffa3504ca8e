"""Why a file cannot be read, asked before a run rests on it."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def why_unusable(path: Path | str) -> str | None:
    """Return the reason why a file cannot be read, None where it can.

    Parameters
    ----------
    path : Path or str
        What links point to counts.

    Returns
    -------
    str or None
        Words that follow the file's name.
    """
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        if os.path.islink(path):
            return "is a link to nowhere; fetch it (datalad get, git annex get)"
        return "is not there"
    except PermissionError:
        return "may not be read: a folder above it is closed to you"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if not stat.S_ISREG(mode):
        return "is a folder, no file" if stat.S_ISDIR(mode) else "is no regular file"
    if not os.access(path, os.R_OK):
        return "may not be read: you lack the permission"
    if any(brace in str(path) for brace in "{}"):
        return "has braces in its path, which Snakemake cannot take; rename it"
    return None

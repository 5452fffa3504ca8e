"""Paths as people write them: with ``~``, with ``$HOME``, and with what Snakemake cannot hold."""

from __future__ import annotations

import os
import re
from pathlib import Path

from contrage.errors import SettingsError

VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})", re.ASCII)


def expanded(path: str) -> tuple[str, str | None]:
    """Return a path with its home folder and variables in full, and what is wrong with it.

    A path that is there as it is written stays as it is.
    """
    if not path or os.path.exists(path):
        return path, brace_fault(path)
    unset = [a or b for a, b in VARIABLE.findall(path) if (a or b) not in os.environ]
    if unset:
        return path, f"{path}: the environment variable {unset[0]} is not set"
    full = os.path.expanduser(os.path.expandvars(path))
    if full.startswith("~"):
        return path, f"{path}: there is no user {full[1:].split('/')[0]}"
    return full, brace_fault(full)


def brace_fault(path: str) -> str | None:
    """Say that a path has braces, which Snakemake takes for its own; None where it has none."""
    if "{" in path or "}" in path:
        return f"{path}: braces in a path are not possible with Snakemake; rename the folder"
    return None


def require_plain_folders(checkout: Path) -> None:
    """Raise `SettingsError` if the workflow's folder, or the one it runs in, has braces."""
    for words, folder in (("workflow lies in", checkout), ("working directory is", Path.cwd())):
        if fault := brace_fault(str(folder)):
            raise SettingsError(f"the {words} {fault}")

"""What the page was made of: a block on it, and a file beside it that `contrage verify` reads."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contrage.files import sha256
from contrage.layout import Results, filled, is_at
from contrage.settings.build import as_plain
from contrage.settings.steps.page import PageStep
from contrage.settings.steps.record import Recorded

VERSION = 1
NOT_READ = ("settings", "output", "record")
"""Parameters of the step that are no files that it reads."""
SHOWN = 16
"""Digits of a checksum on the page."""
KINDS = {
    "predictions": Results.predictions,
    "metrics of the probe": Results.metrics,
    "predictions of baselines": Results.baselines,
    "splits": Results.split,
}
"""Files of many jobs, which the page tells together."""


def checksums_of(asked: Recorded | None) -> dict[str, str]:
    """Return path → SHA-256 of all files that are written down."""
    if asked is None:
        return {}
    paths = [path for each in asked.files for path in filled(each.pattern, each.values)]
    return {path: sha256(Path(path)) for path in paths}


def told(settings: PageStep, checksums: Mapping[str, str]) -> dict[str, Any]:
    """Return what the page shows; nothing where nothing is written down.

    Returns
    -------
    dict
        `folder`, and `lines` of what, name and the first digits of a checksum or digest. Of kinds
        with many files it is the checksum of their checksums. No path and no person is told.
    """
    if settings.recorded is None:
        return {}
    lines = []
    left = dict(checksums)
    for kind, pattern in KINDS.items():
        own = {path: left.pop(path) for path in list(left) if is_at(pattern, path)}
        lines.append(("files", f"{kind} ({len(own)})", together(own)))
    lines += [("file", "/".join(Path(path).parts[-2:]), digest) for path, digest in left.items()]
    lines += [("code", name, each.digest) for name, each in settings.recorded.code.items()]
    return {
        "folder": str(Results.of(settings.config.experiment)),
        "lines": [
            {"what": what, "name": name, "digest": digest[:SHOWN]} for what, name, digest in lines
        ],
    }


def together(checksums: Mapping[str, str]) -> str:
    """Return one checksum of many, in the order of their paths."""
    lines = "".join(f"{path} {checksums[path]}\n" for path in sorted(checksums))
    return hashlib.sha256(lines.encode()).hexdigest()


def recorded(
    settings: PageStep,
    options: Mapping[str, Any],
    page: Path,
    checksums: Mapping[str, str],
    packages: Mapping[str, str],
) -> dict[str, Any]:
    """Return what is written down.

    Parameters
    ----------
    settings : PageStep
    options : mapping
        The step's parameters: files, and patterns, that it read.
    page : Path
        What it has written.
    checksums : mapping of str to str
        As `checksums_of` found them before the page was written.
    packages : mapping of str to str
        Versions.
    """
    return {
        "version": VERSION,
        "experiment": settings.config.experiment,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "settings": as_plain(settings),
        "options": {name: _plain(value) for name, value in options.items() if value is not None},
        "page": {"path": str(page), "sha256": sha256(page)},
        "files": dict(checksums),
        "versions": dict(packages),
        "platform": platform.platform(),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [str(each) for each in value]
    return str(value)

"""Prepared arrays in files of their own, by the participant that their names begin with."""

from __future__ import annotations

from pathlib import Path

from contrage.cohort.unusable import why_unusable
from contrage.errors import few

OR = " or "
"""Between the endings of a kind's files, where it has several: "xray.png or xray.jpg"."""


def files_ending(folder: Path, ending: str) -> list[Path]:
    """Return the files "sub-X_…" with one of a kind's endings, anywhere below a folder, by name."""
    found = (folder.rglob(f"sub-*_{each}") for each in ending.split(OR))
    return sorted(path for paths in found for path in paths)


def find_all(folder: Path, ending: str) -> dict[str, list[Path]]:
    """Return participant → arrays, anywhere below a folder, by name."""
    files: dict[str, list[Path]] = {}
    for path in files_ending(folder, ending):
        files.setdefault(path.name.partition("_")[0], []).append(path)
    return files


def why_none(person: str, files: dict[str, list[Path]], ending: str) -> str | None:
    """Return why a participant's array cannot be used, None where it can."""
    paths = files.get(person, [])
    if not paths:
        return f"no array {person}_{ending}"
    if len(paths) > 1:
        return f"{len(paths)} arrays ({few(list(map(str, paths)))}); leave one in the folder"
    reason = why_unusable(paths[0])
    return reason and f"{paths[0].name} {reason}"

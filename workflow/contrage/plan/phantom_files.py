"""The block cohort.phantom_files: phantoms of pictures, volumes, videos or series."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contrage.cohort.phantom.files import kinds
from contrage.errors import SettingsError
from contrage.settings.blocks.phantom_files import PhantomFilesSettings
from contrage.settings.build import build

BLOCK = "phantom_files"
KEY = f"cohort.{BLOCK}"


def owner(cohort: dict[str, Any], block: dict[str, Any]) -> str:
    """Return where below the phantom's folder the data lie that stand in for this cohort's."""
    source, wanted = cohort["source"], kinds.source(block["of"])
    if source != wanted:
        raise SettingsError(
            f"{KEY}.of: {block['of']} is read by cohort.source: {wanted}, which is {source} here; "
            "change one of the two"
        )
    return kinds.place(str(block["of"]))


def name(block: dict[str, Any]) -> str:
    """Return the phantom's name: the owner's, where none is given."""
    return str(block["of"] if block["name"] is None else block["name"])


def made_by(block: dict[str, Any]) -> tuple[str, ...]:
    """Return the modules whose code decides its files: of no other owner's."""
    return "contrage.cohort.phantom.files.study", kinds.module(block["of"])


def write(block: dict[str, Any], folder: Path) -> None:
    """Write all its files."""
    from contrage.cohort.phantom.files.study import write_files

    write_files(build(PhantomFilesSettings, block), folder)

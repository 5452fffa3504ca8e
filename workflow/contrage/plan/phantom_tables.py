"""The block cohort.phantom_tables: phantoms of region tables, a folder for each cohort."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contrage.errors import SettingsError
from contrage.settings.blocks.phantom_tables import PhantomTablesSettings
from contrage.settings.build import build

OWNERS = {"openbhb": "openbhb", "adni": "adni", "loni": "icbm", "oasis3": "oasis3"}
"""Source of a cohort → the cohort of the phantom that is written in its layout."""
BLOCK = "phantom_tables"
KEY = f"cohort.{BLOCK}"


def owner(cohort: dict[str, Any], block: dict[str, Any]) -> str:
    """Return the phantom's cohort that stands in for this one."""
    source = cohort["source"]
    if source not in OWNERS:
        raise SettingsError(
            f"{KEY}: it is in the layouts of {', '.join(OWNERS)}, and cohort.source is {source}; "
            "set it to null"
        )
    found = OWNERS[source]
    if found not in block["parts"]:
        raise SettingsError(f"{KEY}.parts: no {found}, which cohort.source: {source} reads; add it")
    return found


def name(block: dict[str, Any]) -> str:
    """Return the phantom's name."""
    return str(block["name"])


def made_by(block: dict[str, Any]) -> tuple[str, ...]:
    """Return the modules whose code decides its files."""
    return ("contrage.cohort.phantom.tables.study",)


def write(block: dict[str, Any], folder: Path) -> None:
    """Write all its files."""
    from contrage.cohort.phantom.tables.study import write_study

    write_study(build(PhantomTablesSettings, block), folder)

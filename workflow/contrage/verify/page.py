"""Whether the page is that of the tables and figures beside it."""

from __future__ import annotations

from pathlib import Path

from contrage.errors import ContrageError
from contrage.report.page import installed
from contrage.verify.again import run_step
from contrage.verify.finding import DIFFERS, MISSING, SAME, LookedAt
from contrage.verify.opened import Provenance

PART = "page"


def page(of: Provenance, folder: Path) -> LookedAt:
    """Write the page again out of tables and figures, and compare it to the byte."""
    written = Path(of.content["page"]["path"])
    if not written.is_file():
        return LookedAt(PART, written.name, MISSING)
    made = folder / written.name
    options = {
        name: value if isinstance(value, list) else [value]
        for name, value in of.content["options"].items()
    }
    try:
        run_step("page", of.content["settings"], {**options, "output": [str(made)]})
    except (ContrageError, OSError) as error:
        return LookedAt(PART, written.name, DIFFERS, f"cannot be written again: {error}")
    if written.read_bytes() == made.read_bytes():
        return LookedAt(PART, written.name, SAME, "to the byte, out of tables and figures")
    others = other_versions(of)
    why = f"; other versions here: {', '.join(others)}" if others else ""
    return LookedAt(PART, written.name, DIFFERS, f"written again, it is another{why}")


def other_versions(of: Provenance) -> list[str]:
    """Name the packages of which another version is installed than wrote the page."""
    told = of.content["versions"]
    here = {name: "none" for name in told} | installed()
    return [f"{name} {told[name]} → {here[name]}" for name in told if told[name] != here[name]]

"""What was found of one thing that was looked at, and all of it as a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SAME, DIFFERS, MISSING, SKIPPED = "same", "DIFFERS", "MISSING", "not asked"
BAD = (DIFFERS, MISSING)
HEAD = ("part", "what", "result", "note")


@dataclass(frozen=True)
class LookedAt:
    """One line of the table.

    Attributes
    ----------
    part : str
        raw, files, code, tables, page or training.
    what : str
        What was looked at.
    result : str
        `SAME`, `DIFFERS`, `MISSING` or `SKIPPED`.
    note : str
        How, and why.
    """

    part: str
    what: str
    result: str
    note: str = ""


def as_table(findings: Iterable[LookedAt]) -> str:
    """Return findings as lines of columns."""
    lines = [HEAD, *((each.part, each.what, each.result, each.note) for each in findings)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEAD) - 1)]
    made = []
    for *first, note in lines:
        columns = [text.ljust(width) for text, width in zip(first, widths, strict=True)]
        made.append("  ".join([*columns, note]).rstrip())
    return "\n".join(made)

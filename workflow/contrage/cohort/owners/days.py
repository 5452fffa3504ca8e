"""Dates as owners write them."""

from __future__ import annotations

import re
from datetime import date

YEAR = 365.25
"""Days."""
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTHS = {name: str(number) for number, name in enumerate(_NAMES, 1)}
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T].*)?")
_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: .*)?")


def day_of(cell: str) -> date | None:
    """Return the day of a cell, yyyy-mm-dd or m/d/yyyy; None where it is none."""
    if found := _ISO.fullmatch(cell.strip()):
        year, month, day = found.groups()
    elif found := _AMERICAN.fullmatch(cell.strip()):
        month, day, year = found.groups()
    else:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
